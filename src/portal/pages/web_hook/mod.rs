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
use crate::portal::components::{Copy, StateBadge, Tone};
use crate::portal::i18n::{msg, t, tx};

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
    let secret = made.secret.0;
    view! {
        <section class="card" role="status">
            <h2 class="card__title">{tx(msg::HOOK_SECRET)}</h2>
            <p class="card__text">{tx(msg::HOOK_SECRET_TEXT)}</p>
            <div class="secret">
                <code class="secret__text">{secret.clone()}</code>
                <Copy text=Signal::stored(secret) what=msg::HOOK_SECRET/>
            </div>
        </section>
    }
}
