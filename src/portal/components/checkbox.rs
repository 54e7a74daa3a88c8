//! Yes or no.

use leptos::prelude::*;

#[component]
pub fn Checkbox(
    value: RwSignal<bool>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <label class="checkbox">
            <input type="checkbox" class="checkbox__box" prop:checked=move || value.get() on:change:target=move |event| value.set(event.target().checked())/>
            <span>
                {move || label.get()}
                {move || hint.get().map(|hint| view! { <span class="checkbox__hint">{hint}</span> })}
            </span>
        </label>
    }
}
