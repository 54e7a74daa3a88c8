//! Copies a text to the clipboard.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use super::icon::{Glyph, Icon};
use super::live_region::announce;
use crate::portal::i18n::{msg, t, tf};

/// A small button behind an id, address or command. `what` names it for those who do not see what stands before it.
#[component]
pub fn Copy(#[prop(into)] text: Signal<String>, #[prop(into)] what: Signal<String>) -> impl IntoView {
    let is_copied = RwSignal::new(false);
    let label = move || tf(msg::COPY_WHAT, &[("what", &what.get())]);
    let copy = move |_| {
        let write = window().navigator().clipboard().write_text(&text.get_untracked());
        spawn_local(async move {
            match JsFuture::from(write).await {
                Ok(_) => {
                    announce(t(msg::COPIED));
                    is_copied.try_set(true);
                    set_timeout(
                        move || {
                            is_copied.try_set(false);
                        },
                        Duration::from_secs(2),
                    );
                }
                Err(_) => announce(t(msg::COPY_FAILED)),
            }
        });
    };
    view! {
        <button type="button" class="copy" aria-label=label title=label on:click=copy>
            {move || view! { <Glyph icon=if is_copied.get() { Icon::Check } else { Icon::Copy }/> }}
        </button>
    }
}
