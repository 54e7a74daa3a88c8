//! Storage accounts of the installation.

use leptos::prelude::*;

use crate::api::StorageAccount;
use crate::portal::components::{Copy, Glyph, Icon, Loaded, PageHeader, Time};
use crate::portal::i18n::{msg, tx};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::server_fns::storage_list;

#[component]
pub fn StorageListPage() -> impl IntoView {
    let accounts = use_reading(|| (), Signal::stored(0), |()| storage_list());
    view! {
        <PageHeader title=msg::STORES icon=Icon::Storage/>
        <p class="lead">{tx(msg::STORES_LEAD)}</p>
        <Loaded reading=accounts let:accounts><StorageTable accounts/></Loaded>
    }
}

#[component]
fn StorageTable(accounts: Signal<Vec<StorageAccount>>) -> impl IntoView {
    let row = |account: StorageAccount| {
        let endpoint = Signal::stored(account.blob_endpoint.clone());
        view! {
            <tr>
                <th scope="row"><Glyph icon=Icon::Storage/>" "<a href=paths::storage(&account.name)>{account.name.clone()}</a></th>
                <td><code>{account.blob_endpoint}</code>" "<Copy text=endpoint what=msg::STORE_ENDPOINT/></td>
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
                        <th scope="col">{tx(msg::CREATED)}</th>
                    </tr>
                </thead>
                <tbody>{move || accounts.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
