//! All web hooks of the account.

use leptos::prelude::*;

use super::panel::AddPanel;
use super::{HookState, Made};
use crate::api::{WebHook, WebHookSecret};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{Command, CommandBar, Empty, Icon, Loaded, PageHeader, use_query_param};
use crate::portal::i18n::{msg, tn, tx};
use crate::portal::pages::refusal;
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::shell::use_account;
use crate::portal::state::{use_changes, use_session};
use crate::server_fns::web_hook_list;

#[component]
pub fn WebHookListPage() -> impl IntoView {
    let (account, session) = (use_account(), use_session());
    let tick = use_changes(move |change| change.account == account.get_untracked().as_str());
    let hooks = use_reading(move || account.get(), tick, web_hook_list);
    let made = RwSignal::new(None::<WebHookSecret>);
    let panel = use_query_param("panel");
    let open = panel_open(panel, "add", Memo::new(|_| true));
    let done = Callback::new(move |secret| {
        made.set(Some(secret));
        hooks.reload();
    });
    let add = Command::new(msg::HOOK_ADD, Icon::Add, move || panel.push("add"))
        .primary()
        .refused(move || refusal::of(session, Permission::AccountWrite, None));
    view! {
        <PageHeader title=msg::HOOKS kind=Signal::derive(move || Some(account.get().to_string())) icon=Icon::Network/>
        <p class="lead">{tx(msg::HOOKS_LEAD)}</p>
        <CommandBar commands=vec![add]/>
        <AddPanel open account made=done/>
        {move || made.get().map(|made| view! { <Made made/> })}
        <Loaded reading=hooks let:all><HookTable all account/></Loaded>
    }
}

#[component]
fn HookTable(all: Signal<Vec<WebHook>>, account: Memo<AccountName>) -> impl IntoView {
    let rows = move || all.get().into_iter().map(|hook| view! { <Row hook account/> }).collect_view();
    let none = || view! { <Empty icon=Icon::Network title=msg::HOOKS_NONE text=msg::HOOKS_NONE_TEXT/> };
    view! {
        <Show when=move || !all.with(Vec::is_empty) fallback=none>
            <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::HOOKS)>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{tx(msg::NAME)}</th>
                            <th scope="col">{tx(msg::STATE)}</th>
                            <th scope="col">{tx(msg::HOOK_URL)}</th>
                            <th scope="col">{tx(msg::HOOK_EVENTS)}</th>
                            <th scope="col">{tx(msg::HOOK_WAITING)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Show>
    }
}

#[component]
fn Row(hook: WebHook, account: Memo<AccountName>) -> impl IntoView {
    let n_types = i64::try_from(hook.event_types.len()).unwrap_or(i64::MAX);
    let href = paths::web_hook(account.get_untracked(), &hook.id);
    let (id, url, waiting) = (hook.id.clone(), hook.url.clone(), hook.waiting);
    view! {
        <tr>
            <th scope="row"><a href=href>{id}</a></th>
            <td><HookState hook/></td>
            <td><code>{url}</code></td>
            <td>{move || tn(msg::HOOK_TYPES_ONE, msg::HOOK_TYPES_OTHER, n_types)}</td>
            <td>{waiting}</td>
        </tr>
    }
}
