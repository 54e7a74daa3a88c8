//! Subscriptions, and the resource groups of one.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::group_form::NewGroupForm;
use crate::api::ResourceGroup;
use crate::domain::permission::Permission;
use crate::portal::components::{Icon, Loaded, PageHeader};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::use_session;
use crate::server_fns::{resource_group_list, subscription_list};

#[component]
pub fn SubscriptionListPage() -> impl IntoView {
    let subscriptions = use_reading(|| (), Signal::stored(0), |()| subscription_list());
    view! {
        <PageHeader title=msg::SUBSCRIPTIONS icon=Icon::Folder/>
        <p class="lead">{tx(msg::SUBSCRIPTIONS_LEAD)}</p>
        <Loaded reading=subscriptions let:all>
            <ul>
                {move || all.get().into_iter().map(|id| view! {
                    <li><a href=paths::subscription(&id)><code>{id.clone()}</code></a></li>
                }).collect_view()}
            </ul>
        </Loaded>
    }
}

#[component]
pub fn SubscriptionPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("subscription").unwrap_or_default()));
    let session = use_session();
    let groups = use_reading(move || id.get(), Signal::stored(0), resource_group_list);
    let made = Callback::new(move |()| groups.reload());
    view! {
        <PageHeader title=id kind=Signal::derive(|| Some(t(msg::SUBSCRIPTION).to_owned())) icon=Icon::Folder/>
        <Loaded reading=groups let:all>
            <GroupTable all/>
            <Show when=move || session.allows(Permission::AccountWrite)><NewGroupForm subscription=id made/></Show>
        </Loaded>
    }
}

#[component]
fn GroupTable(all: Signal<Vec<ResourceGroup>>) -> impl IntoView {
    let row = |group: ResourceGroup| {
        let tags = group.tags.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ");
        let href = paths::resource_group(&group.subscription_id, &group.name);
        view! {
            <tr>
                <th scope="row"><a href=href>{group.name}</a></th>
                <td>{group.location}</td>
                <td>{tags}</td>
            </tr>
        }
    };
    view! {
        <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::RESOURCE_GROUPS)>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{tx(msg::RESOURCE_GROUP)}</th>
                        <th scope="col">{tx(msg::LOCATION)}</th>
                        <th scope="col">{tx(msg::TAGS)}</th>
                    </tr>
                </thead>
                <tbody>{move || all.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
        <Show when=move || all.with(Vec::is_empty)><p>{tx(msg::RESOURCE_GROUPS_NONE)}</p></Show>
    }
}
