//! Web hooks of an account: where its events are sent.

mod commands;
mod deliveries;
mod form;
mod list;
mod page;
mod panel;

pub use list::WebHookListPage;
pub use page::WebHookPage;

use leptos::prelude::*;

use crate::api::{WebHook, WebHookSecret};
use crate::portal::components::{ShownOnce, StateBadge, Tone};
use crate::portal::i18n::{msg, t};

/// Whether anything is sent, and whether it arrives.
#[component]
fn HookState(hook: WebHook) -> impl IntoView {
    let (tone, word) = match (hook.enabled, hook.switched_off, hook.failing_since) {
        (false, Some(_), _) => (Tone::Bad, msg::HOOK_SWITCHED_OFF),
        (false, None, _) => (Tone::Neutral, msg::DISABLED),
        (true, _, Some(_)) => (Tone::Warning, msg::HOOK_FAILING),
        (true, _, None) => (Tone::Good, msg::ENABLED),
    };
    view! { <StateBadge tone label=Signal::derive(move || t(word).to_owned())/> }
}

/// The only place and time where the secret is seen.
#[component]
fn Made(made: WebHookSecret) -> impl IntoView {
    view! { <ShownOnce title=msg::HOOK_SECRET text=msg::HOOK_SECRET_TEXT what=msg::HOOK_SECRET secret=made.secret/> }
}
