//! A labelled control with hint and error. The control inside (`TextInput`, `Select` …) takes its wiring from here.

mod errors;

use std::time::Duration;

use leptos::context::Provider;
use leptos::prelude::*;

pub use self::errors::{FieldError, FieldErrors, FormErrors, RowError, required_text, whole_number};
use crate::portal::i18n::{msg, tx};

/// The field is left by pressing a button, say: a message that came at once would push the button away under the pointer.
const AFTER_A_PRESS: Duration = Duration::from_millis(300);

/// What a control takes from the field around it.
#[derive(Clone)]
pub struct FieldContext {
    /// Absent in a group, whose controls have labels of their own.
    pub id: Option<String>,
    pub described_by: Signal<Option<String>>,
    pub is_invalid: Signal<bool>,
    pub is_required: bool,
}

/// The id of the control of a field.
pub fn control_id(name: &str) -> String {
    format!("field-{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
}

#[component]
pub fn Field(
    /// The property as the server names it; an error that names it is shown here.
    #[prop(into)]
    name: String,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] hint: Signal<Option<String>>,
    /// An error that the form does not know of (of a check while typing, say).
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    #[prop(optional)] required: bool,
    /// Holds several controls, which have labels of their own.
    #[prop(optional)]
    group: bool,
    children: Children,
) -> impl IntoView {
    let form = use_context::<FormErrors>();
    let id = control_id(&name);
    if let Some(form) = form {
        form.knows(&name);
    }
    let field = StoredValue::new(name);
    let error = Memo::new(move |_| error.get().or_else(|| form?.text(&field.get_value())));
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let has = Signal::derive(move || (hint.with(Option::is_some), error.with(Option::is_some)));
    let described_by = described_by(hint_id.clone(), error_id.clone(), has);
    let context = FieldContext {
        id: (!group).then(|| id.clone()),
        described_by: if group { Signal::stored(None) } else { described_by },
        is_invalid: Signal::derive(move || !group && error.with(Option::is_some)),
        is_required: required && !group,
    };
    let touch = move |_| {
        let Some(form) = form else { return };
        let note = move || {
            if let Some(name) = field.try_get_value() {
                form.touch(name);
            }
        };
        set_timeout(note, AFTER_A_PRESS);
    };
    let star = required.then(|| view! { <span class="field__required" aria-hidden="true">"*"</span> });
    let text = move || label.get();
    let label_id = format!("{id}-label");
    let head = if group {
        view! { <span class="field__label" id=label_id.clone()>{text}{star}</span> }.into_any()
    } else {
        view! { <label class="field__label" for=id.clone()>{text}{star}</label> }.into_any()
    };
    view! {
        <div
            class="field"
            id=group.then_some(id)
            role=group.then_some("group")
            tabindex=group.then_some("-1")
            aria-labelledby=group.then_some(label_id)
            aria-describedby=move || group.then(|| described_by.get()).flatten()
            on:focusout=touch
        >
            {head}
            // A scope of its own: a control that comes later would else take the wiring of the field that was made last.
            <Provider value=context>{children()}</Provider>
            {move || hint.get().map(|hint| view! { <p class="field__hint" id=hint_id.clone()>{hint}</p> })}
            <div class="field__said" aria-live="polite">
                {move || error.get().map(|error| view! { <p class="field__error" id=error_id.clone()>{error}</p> })}
            </div>
        </div>
    }
}

/// The ids of what says more about the control: of those that `has` says are there.
fn described_by(hint: String, error: String, has: Signal<(bool, bool)>) -> Signal<Option<String>> {
    Signal::derive(move || match has.get() {
        (true, true) => Some(format!("{hint} {error}")),
        (true, false) => Some(hint.clone()),
        (false, true) => Some(error.clone()),
        (false, false) => None,
    })
}

/// Says once, above a form, what the star means.
#[component]
pub fn RequiredNote() -> impl IntoView {
    view! { <p class="form__note"><span class="field__required" aria-hidden="true">"*"</span>" "{tx(msg::FIELD_REQUIRED_NOTE)}</p> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_controls_are_plain() {
        assert_eq!(control_id("startTask.commandLine"), "field-startTask-commandLine");
    }
}
