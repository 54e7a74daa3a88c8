//! One web hook: where it leads, how it does, and what was sent to it.

use leptos::prelude::*;

use super::commands::Commands;
use super::deliveries::Deliveries;
use super::{HookState, Made};
use crate::api::{Code, WebHook, WebHookSecret};
use crate::domain::ids::AccountName;
use crate::portal::components::{Essential, Essentials, Icon, Loaded, PageHeader, Time};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::reading::use_reading;
use crate::portal::shell::{use_account, use_id};
use crate::portal::state::use_changes;
use crate::server_fns::web_hook_list;

#[component]
pub fn WebHookPage() -> impl IntoView {
    let (account, id) = (use_account(), use_id::<String>("hook"));
    let tick = use_changes(move |change| change.account == account.get_untracked().as_str());
    let reading = use_reading(move || (account.get(), id.get().unwrap_or_default()), tick, find);
    let made = RwSignal::new(None::<WebHookSecret>);
    let name = Signal::derive(move || id.get().unwrap_or_default());
    view! {
        <PageHeader title=name kind=Signal::derive(|| Some(t(msg::HOOK).to_owned())) icon=Icon::Network/>
        <Loaded reading let:hook>
            <Commands hook reading made/>
            {move || made.get().map(|made| view! { <Made made/> })}
            <Facts hook/>
            <Deliveries hook=name tick/>
        </Loaded>
    }
}

/// An account has few.
async fn find((account, id): (AccountName, String)) -> Result<WebHook, crate::api::Error> {
    let all = web_hook_list(account).await?;
    all.into_iter().find(|hook| hook.id.eq_ignore_ascii_case(&id)).ok_or_else(|| Code::ResourceNotFound.into())
}

#[component]
fn Facts(hook: Signal<WebHook>) -> impl IntoView {
    let types = move || hook.with(|h| h.event_types.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(", "));
    let prefix = move || {
        hook.with(|h| if h.job_id_prefix.is_empty() { t(msg::NONE).to_owned() } else { h.job_id_prefix.clone() })
    };
    view! {
        <Show when=move || hook.with(|h| h.switched_off.is_some())>
            <p class="lead">{tx(msg::HOOK_SWITCHED_OFF_TEXT)}</p>
        </Show>
        <Essentials>
            <Essential label=msg::STATE>{move || view! { <HookState hook=hook.get()/> }}</Essential>
            <Essential label=msg::HOOK_URL><code>{move || hook.with(|h| h.url.clone())}</code></Essential>
            <Essential label=msg::HOOK_EVENTS>{types}</Essential>
            <Essential label=msg::HOOK_PREFIX>{prefix}</Essential>
            <Essential label=msg::HOOK_WAITING>{move || hook.with(|h| h.waiting)}</Essential>
            <Essential label=msg::HOOK_DROPPED>{move || hook.with(|h| h.dropped)}</Essential>
            <Essential label=msg::CREATED><Time at=Signal::derive(move || hook.with(|h| h.creation_time))/></Essential>
            <Essential label=msg::LAST_MODIFIED><Time at=Signal::derive(move || hook.with(|h| h.last_modified))/></Essential>
        </Essentials>
    }
}
