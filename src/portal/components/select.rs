//! One of a few choices.

use leptos::prelude::*;

use super::text_input::wiring;

/// A native list of choices: value and what people read.
#[component]
pub fn Select(
    value: RwSignal<String>,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    #[prop(optional, into)] label: Signal<Option<String>>,
) -> impl IntoView {
    let (id, described_by, is_invalid, is_required) = wiring(use_context());
    view! {
        <select
            class="input input--select"
            id=id
            aria-label=move || label.get()
            aria-describedby=move || described_by.get()
            aria-invalid=move || is_invalid.get().then_some("true")
            aria-required=is_required.then_some("true")
            on:change:target=move |event| value.set(event.target().value())
        >
            {move || options.get().into_iter().map(|(key, text)| {
                let is_selected = { let key = key.clone(); move || value.with(|v| *v == key) };
                view! { <option value=key prop:selected=is_selected>{text}</option> }
            }).collect_view()}
        </select>
    }
}
