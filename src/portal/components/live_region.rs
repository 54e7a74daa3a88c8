//! Tells assistive technology what happened without moving the keyboard.

use std::sync::LazyLock;

use leptos::prelude::*;

static SAID: LazyLock<ArcRwSignal<(u32, String)>> = LazyLock::new(Default::default);

/// Has a text read out, once whatever is being read has ended.
pub fn announce(text: impl Into<String>) {
    let text = text.into();
    SAID.update(|(count, said)| {
        *count = count.wrapping_add(1);
        *said = text;
    });
}

/// The element that screen readers watch. The page has one.
#[component]
pub fn LiveRegion() -> impl IntoView {
    // The same text twice is read twice only if it differs: an invisible character alternates.
    let text = move || {
        let (count, said) = SAID.get();
        if count % 2 == 0 { said } else { said + "\u{200b}" }
    };
    view! { <div class="visually-hidden" role="status" aria-live="polite">{text}</div> }
}
