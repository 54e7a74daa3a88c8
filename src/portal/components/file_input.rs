//! A file of the user's machine.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::text_input::wiring;

#[component]
pub fn FileInput(
    /// What the browser proposes, e.g. `.zip`.
    accept: &'static str,
    /// Nothing when the choice was taken back.
    #[prop(into)]
    on_choose: Callback<Option<web_sys::File>>,
) -> impl IntoView {
    let (id, described_by, is_invalid, is_required) = wiring(use_context());
    let choose = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        on_choose.run(input.and_then(|input| input.files()).and_then(|files| files.get(0)));
    };
    view! {
        <input
            class="input"
            type="file"
            id=id
            accept=accept
            aria-describedby=move || described_by.get()
            aria-invalid=move || is_invalid.get().then_some("true")
            aria-required=is_required.then_some("true")
            on:change=choose
        />
    }
}
