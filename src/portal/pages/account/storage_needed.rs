//! Says that something needs linked storage, while there is none, and leads to where that is changed.

use leptos::prelude::*;

use super::use_account_summary;
use crate::portal::components::{Glyph, Icon};
use crate::portal::i18n::{Msg, msg, tx};
use crate::portal::paths;
use crate::portal::shell::use_account;

#[component]
pub fn StorageNeeded(
    /// The sentence that says what needs it.
    why: Msg,
) -> impl IntoView {
    let account = use_account();
    let summary = use_account_summary();
    let is_missing = Memo::new(move |_| summary.with(|s| s.is_some_and(|s| s.account.auto_storage.is_none())));
    view! {
        <Show when=move || is_missing.get()>
            <div class="error-bar" role="status">
                <Glyph icon=Icon::Alert/>
                <div class="error-bar__body">
                    <p class="error-bar__text">{tx(why)}</p>
                    <p class="error-bar__reason"><a href=move || paths::account_storage(account.get())>{tx(msg::STORAGE_LINK)}</a></p>
                </div>
            </div>
        </Show>
    }
}
