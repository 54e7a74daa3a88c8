//! Controls for text and numbers. Inside a `Field` they take label, hint and error from it.

use leptos::prelude::*;

use super::field::FieldContext;

/// One line of text, as typed.
#[component]
pub fn TextInput(
    value: RwSignal<String>,
    /// `text`, `password`, `search` …
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional, into)] placeholder: Signal<Option<String>>,
    /// For names, ids and code: fixed width, no spelling.
    #[prop(optional)]
    code: bool,
    /// Read out where no `Field` surrounds it.
    #[prop(optional, into)]
    label: Signal<Option<String>>,
) -> impl IntoView {
    let field = use_context::<FieldContext>();
    let (id, described_by, is_invalid, is_required) = wiring(field);
    view! {
        <input
            class="input"
            class=("input--code", code)
            type=kind
            id=id
            autocomplete=autocomplete
            autocapitalize=code.then_some("off")
            spellcheck=code.then_some("false")
            placeholder=move || placeholder.get()
            aria-label=move || label.get()
            aria-describedby=move || described_by.get()
            aria-invalid=move || is_invalid.get().then_some("true")
            aria-required=is_required.then_some("true")
            prop:value=move || value.get()
            on:input:target=move |event| value.set(event.target().value())
        />
    }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    value: RwSignal<String>,
    #[prop(default = 4)] rows: u32,
    #[prop(optional, into)] placeholder: Signal<Option<String>>,
    #[prop(optional)] code: bool,
    #[prop(optional, into)] label: Signal<Option<String>>,
) -> impl IntoView {
    let (id, described_by, is_invalid, is_required) = wiring(use_context());
    view! {
        <textarea
            class="input input--area"
            class=("input--code", code)
            id=id
            rows=rows
            spellcheck=code.then_some("false")
            placeholder=move || placeholder.get()
            aria-label=move || label.get()
            aria-describedby=move || described_by.get()
            aria-invalid=move || is_invalid.get().then_some("true")
            aria-required=is_required.then_some("true")
            prop:value=move || value.get()
            on:input:target=move |event| value.set(event.target().value())
        ></textarea>
    }
}

/// A number as typed. It is a text so that what is no number can be said, not swallowed; arrow keys count.
#[component]
pub fn NumberInput(
    value: RwSignal<String>,
    #[prop(default = 0)] min: i32,
    #[prop(default = i32::MAX)] max: i32,
    /// What the number counts, e.g. «nodes».
    #[prop(optional, into)]
    unit: Signal<Option<String>>,
    #[prop(optional, into)] label: Signal<Option<String>>,
) -> impl IntoView {
    let (id, described_by, is_invalid, is_required) = wiring(use_context());
    let step = move |event: web_sys::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowUp" => 1,
            "ArrowDown" => -1,
            _ => return,
        };
        event.prevent_default();
        let now: i32 = value.with_untracked(|v| v.trim().parse().unwrap_or(min));
        value.set(now.saturating_add(by).clamp(min, max).to_string());
    };
    view! {
        <span class="number">
            <input
                class="input input--number"
                type="text"
                inputmode="numeric"
                id=id
                autocomplete="off"
                aria-label=move || label.get()
                aria-describedby=move || described_by.get()
                aria-invalid=move || is_invalid.get().then_some("true")
                aria-required=is_required.then_some("true")
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
                on:keydown=step
            />
            {move || unit.get().map(|unit| view! { <span class="number__unit">{unit}</span> })}
        </span>
    }
}

/// The attributes that a control takes from its field.
pub(super) fn wiring(field: Option<FieldContext>) -> (Option<String>, Signal<Option<String>>, Signal<bool>, bool) {
    match field {
        Some(field) => (field.id, field.described_by, field.is_invalid, field.is_required),
        None => (None, Signal::stored(None), Signal::stored(false), false),
    }
}
