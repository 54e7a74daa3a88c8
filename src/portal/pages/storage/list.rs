//! Storage accounts of the installation.

use leptos::prelude::*;

use super::link_panel::{LinkPanel, kind_text};
use super::place::use_refusal;
use crate::api::StorageAccount;
use crate::domain::permission::Permission;
use crate::portal::components::{Command, CommandBar, Copy, Glyph, Icon, Loaded, PageHeader, Time};
use crate::portal::i18n::{msg, tx};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::server_fns::storage_list;

#[component]
pub fn StorageListPage() -> impl IntoView {
    let accounts = use_reading(|| (), Signal::stored(0), |()| storage_list());
    let open = RwSignal::new(false);
    let refusal = use_refusal(Permission::StorageLink);
    let link = Command::new(msg::BUCKET_LINK, Icon::Add, move || open.set(true)).primary();
    let commands = vec![link.refused(move || refusal.get())];
    view! {
        <PageHeader title=msg::STORES icon=Icon::Storage/>
        <CommandBar commands/>
        <p class="lead">{tx(msg::STORES_LEAD)}</p>
        <LinkPanel open accounts/>
        <Loaded reading=accounts let:accounts><StorageTable accounts/></Loaded>
    }
}

#[component]
fn StorageTable(accounts: Signal<Vec<StorageAccount>>) -> impl IntoView {
    let row = |account: StorageAccount| {
        let endpoint = Signal::stored(account.blob_endpoint.clone());
        let kept = match account.bucket {
            None => view! { {tx(msg::STORES_BUILT_IN)} }.into_any(),
            Some(bucket) => view! { {tx(kind_text(bucket.kind))}" "<code>{bucket.name}</code> }.into_any(),
        };
        view! {
            <tr>
                <th scope="row"><Glyph icon=Icon::Storage/>" "<a href=paths::storage(&account.name)>{account.name.clone()}</a></th>
                <td><code>{account.blob_endpoint}</code>" "<Copy text=endpoint what=msg::STORE_ENDPOINT/></td>
                <td>{kept}</td>
                <td><Time at=account.creation_time/></td>
            </tr>
        }
    };
    view! {
        <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::STORES)>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{tx(msg::FILE_NAME)}</th>
                        <th scope="col">{tx(msg::STORE_ENDPOINT)}</th>
                        <th scope="col">{tx(msg::STORES_KEPT)}</th>
                        <th scope="col">{tx(msg::CREATED)}</th>
                    </tr>
                </thead>
                <tbody>{move || accounts.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
