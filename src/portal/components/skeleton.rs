//! What stands where data will be.

use leptos::prelude::*;

use crate::portal::i18n::{msg, tx};

#[component]
pub fn Skeleton(
    /// Grey lines to show.
    #[prop(default = 3)]
    lines: usize,
) -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">{tx(msg::LOADING)}</span>
            {(0..lines).map(|_| view! { <div class="skeleton__line" aria-hidden="true"></div> }).collect_view()}
        </div>
    }
}
