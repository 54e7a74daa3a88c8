//! A labelled control with hint and error. The control inside (`TextInput`, `Select` …) takes its wiring from here.

use std::collections::BTreeSet;
use std::time::Duration;

use leptos::context::Provider;
use leptos::prelude::*;

use crate::api;
use crate::portal::i18n::{Msg, msg, tf, tx};
use crate::portal::state::browser;

/// Something wrong with what was typed into a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The property as the server names it: a JSON path such as `startTask.commandLine`.
    pub field: String,
    pub message: Msg,
    /// What the message's placeholders stand for.
    pub values: Vec<(&'static str, String)>,
}

/// What a form's pure check found; empty when it can be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    pub fn add(&mut self, field: &str, message: Msg) {
        self.add_with(field, message, Vec::new());
    }

    pub fn add_with(&mut self, field: &str, message: Msg, values: Vec<(&'static str, String)>) {
        self.0.push(FieldError { field: field.to_owned(), message, values });
    }

    /// What a check of `domain` found, at the property that it names.
    pub fn add_refusal(&mut self, error: &api::Error) {
        let reason = error.value("Reason").unwrap_or(&error.message).to_owned();
        let field = error.value("PropertyName").unwrap_or_default();
        self.add_with(field, msg::FIELD_REFUSED, vec![("reason", reason)]);
    }

    /// Those of a part of the form.
    pub fn extend(&mut self, others: FieldErrors) {
        self.0.extend(others.0);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn first(&self) -> Option<&FieldError> {
        self.0.first()
    }

    pub fn of(&self, field: &str) -> Option<&FieldError> {
        self.0.iter().find(|error| error.field == field)
    }

    /// For the end of a check: `errors.or(value)`.
    pub fn or<T>(self, value: T) -> Result<T, FieldErrors> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl FieldError {
    fn text(&self) -> String {
        let values: Vec<_> = self.values.iter().map(|(key, value)| (*key, value.as_str())).collect();
        tf(self.message, &values)
    }
}

/// What the fields of a form know of the form: its own check, and what the server said.
#[derive(Clone, Copy)]
pub struct FormErrors {
    /// What the form's check finds now.
    local: Signal<FieldErrors>,
    server: Signal<Option<api::Error>>,
    /// Everything is said, not only what was touched: the user tried to send the form.
    tried: RwSignal<bool>,
    touched: RwSignal<BTreeSet<String>>,
    /// Names of the fields on the screen: a server's error about one of them stands there, others above the form.
    known: StoredValue<BTreeSet<String>>,
}

impl FormErrors {
    /// To be called by a form before its fields are made.
    pub fn provide(local: Signal<FieldErrors>, server: Signal<Option<api::Error>>) -> FormErrors {
        let errors = FormErrors {
            local,
            server,
            tried: RwSignal::new(false),
            touched: RwSignal::default(),
            known: StoredValue::default(),
        };
        provide_context(errors);
        errors
    }

    /// The user tries to send the form: true if nothing is wrong, else everything is said and the first field focused.
    pub fn check(self) -> bool {
        self.tried.set(true);
        let first = self.local.with_untracked(|errors| errors.first().map(|e| e.field.clone()));
        if let Some(field) = &first {
            browser::focus_id(&control_id(field));
        }
        first.is_none()
    }

    /// Nothing is said until something is typed or tried again.
    pub fn reset(self) {
        self.tried.set(false);
        self.touched.update(BTreeSet::clear);
    }

    /// The field that the form's check complains about first.
    pub fn first_field(self) -> Option<String> {
        self.local.with_untracked(|errors| errors.first().map(|e| e.field.clone()))
    }

    /// The server's error, unless it stands at a field.
    pub fn above_form(self) -> Option<api::Error> {
        self.server.get().filter(|error| self.field_of(error).is_none())
    }

    /// The field on the screen that a server's error names.
    pub fn field_of(self, error: &api::Error) -> Option<String> {
        let name = error.value("PropertyName")?;
        self.known.with_value(|known| known.contains(name)).then(|| name.to_owned())
    }

    fn text(self, field: &str) -> Option<String> {
        let is_open = self.tried.get() || self.touched.with(|touched| touched.contains(field));
        let local = is_open.then(|| self.local.with(|errors| errors.of(field).map(FieldError::text))).flatten();
        local.or_else(|| {
            let error = self.server.get().filter(|error| error.value("PropertyName") == Some(field))?;
            Some(error.value("Reason").map_or(error.message.clone(), str::to_owned))
        })
    }
}

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
        form.known.update_value(|known| {
            known.insert(name.clone());
        });
    }
    let field = StoredValue::new(name);
    let error = Memo::new(move |_| error.get().or_else(|| form?.text(&field.get_value())));
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        Signal::derive(move || match (hint.with(Option::is_some), error.with(Option::is_some)) {
            (true, true) => Some(format!("{hint_id} {error_id}")),
            (true, false) => Some(hint_id.clone()),
            (false, true) => Some(error_id.clone()),
            (false, false) => None,
        })
    };
    let none = Signal::stored(None);
    let context = FieldContext {
        id: (!group).then(|| id.clone()),
        described_by: if group { none } else { described_by },
        is_invalid: Signal::derive(move || !group && error.with(Option::is_some)),
        is_required: required && !group,
    };
    let touch = move |_| {
        let Some(form) = form else { return };
        let note = move || {
            if let Some(name) = field.try_get_value() {
                form.touched.try_update(|touched| touched.insert(name));
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

/// Says once, above a form, what the star means.
#[component]
pub fn RequiredNote() -> impl IntoView {
    view! { <p class="form__note"><span class="field__required" aria-hidden="true">"*"</span>" "{tx(msg::FIELD_REQUIRED_NOTE)}</p> }
}

/// For a required text that was left empty.
pub fn required_text(errors: &mut FieldErrors, field: &str, text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        errors.add(field, msg::FIELD_REQUIRED);
    }
    text.to_owned()
}

/// For a whole number in a range; empty is none.
pub fn whole_number(
    errors: &mut FieldErrors,
    field: &str,
    text: &str,
    range: std::ops::RangeInclusive<i32>,
) -> Option<i32> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let number = text.replace('\u{2212}', "-").parse().ok().filter(|n| range.contains(n));
    if number.is_none() {
        let values = vec![("min", range.start().to_string()), ("max", range.end().to_string())];
        errors.add_with(field, msg::FIELD_NOT_A_NUMBER, values);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked_against_their_range() {
        let check = |text: &str, expected: Option<i32>, n_errors: usize| {
            let mut errors = FieldErrors::default();
            assert_eq!(whole_number(&mut errors, "n", text, 0..=10), expected, "{text}");
            assert_eq!(errors.0.len(), n_errors, "{text}");
        };
        check("", None, 0);
        check(" 7 ", Some(7), 0);
        check("11", None, 1);
        check("−1", None, 1);
        check("1.5", None, 1);
        check("x", None, 1);
    }

    #[test]
    fn an_empty_required_text_is_an_error_at_its_field() {
        let mut errors = FieldErrors::default();
        assert_eq!(required_text(&mut errors, "name", " a "), "a");
        assert!(errors.is_empty());
        required_text(&mut errors, "name", "  ");
        assert_eq!(errors.of("name").map(|e| e.message), Some(msg::FIELD_REQUIRED));
        assert!(errors.or(()).is_err());
    }

    #[test]
    fn ids_of_controls_are_plain() {
        assert_eq!(control_id("startTask.commandLine"), "field-startTask-commandLine");
    }
}
