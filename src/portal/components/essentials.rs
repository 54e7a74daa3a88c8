//! The few facts that matter most, as name and value.

use leptos::prelude::*;

/// A grid of [`Essential`]s.
#[component]
pub fn Essentials(children: Children) -> impl IntoView {
    view! { <dl class="essentials">{children()}</dl> }
}

#[component]
pub fn Essential(#[prop(into)] label: Signal<String>, children: Children) -> impl IntoView {
    view! {
        <div class="essentials__item">
            <dt>{move || label.get()}</dt>
            <dd>{children()}</dd>
        </div>
    }
}
