//! What is wrong with the fields of a form, and where it is said.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::control_id;
use crate::api;
use crate::portal::i18n::{Msg, msg, t, tf};
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
    /// Groups of rows that say themselves what is wrong with them.
    with_rows: StoredValue<BTreeSet<&'static str>>,
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
            with_rows: StoredValue::default(),
        };
        provide_context(errors);
        errors
    }

    /// The user tries to send the form: true if nothing is wrong, else everything is said and the first field focused.
    pub fn check(self) -> bool {
        self.tried.set(true);
        let first = self.local.with_untracked(|errors| errors.first().map(|e| e.field.clone()));
        if let Some(field) = &first {
            browser::focus_id(&control_id(&self.place_of(field)));
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
        self.local.with_untracked(|errors| errors.first().map(|e| self.place_of(&e.field)))
    }

    /// The rows of this group say themselves what is wrong with them.
    pub fn rows_of(self, group: &'static str) {
        self.with_rows.update_value(|groups| {
            groups.insert(group);
        });
    }

    /// A field, or the group whose row it is in.
    fn place_of(self, field: &str) -> String {
        let group = |groups: &BTreeSet<&'static str>| {
            groups.iter().find(|group| field.strip_prefix(**group).is_some_and(|rest| rest.starts_with('['))).copied()
        };
        self.with_rows.with_value(group).unwrap_or(field).to_owned()
    }

    /// The server's error, unless it stands at a field.
    pub fn above_form(self) -> Option<api::Error> {
        self.server.get().filter(|error| self.field_of(error).is_none())
    }

    /// The field on the screen that a server's error names.
    pub fn field_of(self, error: &api::Error) -> Option<String> {
        let name = self.place_of(error.value("PropertyName")?);
        self.known.with_value(|known| known.contains(&name)).then_some(name)
    }

    /// A field on the screen.
    pub(super) fn knows(self, name: &str) {
        self.known.update_value(|known| {
            known.insert(name.to_owned());
        });
    }

    pub(super) fn touch(self, name: String) {
        self.touched.try_update(|touched| touched.insert(name));
    }

    /// What is wrong with a row, with the last part of the property that it is about. `but` is a list of the row's own that has
    /// rows itself.
    fn of_row(self, row: &str, but: &str) -> Option<(String, String)> {
        let group = row.split('[').next().unwrap_or_default();
        let is_open = self.tried.get() || self.touched.with(|touched| touched.contains(group));
        let last =
            |field: &str| field.rsplit('.').next().unwrap_or_default().split('[').next().unwrap_or_default().to_owned();
        let find = |errors: &FieldErrors| {
            let error = errors.0.iter().find(|error| is_of_row(&error.field, row, but))?;
            Some((last(&error.field), error.text()))
        };
        let local = is_open.then(|| self.local.with(find)).flatten();
        local.or_else(|| {
            let error = self.server.get()?;
            let name = error.value("PropertyName").filter(|name| is_of_row(name, row, but))?;
            Some((last(name), error.value("Reason").unwrap_or(&error.message).to_owned()))
        })
    }

    pub(super) fn text(self, field: &str) -> Option<String> {
        let is_open = self.tried.get() || self.touched.with(|touched| touched.contains(field));
        let local = is_open.then(|| self.local.with(|errors| errors.of(field).map(FieldError::text))).flatten();
        local.or_else(|| {
            let error = self.server.get().filter(|error| error.value("PropertyName") == Some(field))?;
            Some(error.value("Reason").map_or(error.message.clone(), str::to_owned))
        })
    }
}

/// Whether an error at `field` is of the row `row`, and not of a row in its list `but`.
fn is_of_row(field: &str, row: &str, but: &str) -> bool {
    let Some(rest) = field.strip_prefix(row) else { return false };
    let in_list =
        rest.strip_prefix('.').and_then(|rest| rest.strip_prefix(but)).is_some_and(|rest| rest.starts_with('['));
    (rest.is_empty() || rest.starts_with('.')) && (but.is_empty() || !in_list)
}

/// What is wrong with a row of a group.
#[component]
pub fn RowError(
    /// The property that the row is, e.g. `inboundNATPools[0]`; it moves when rows before it go.
    row: Signal<String>,
    /// A list of the row's own whose rows say themselves what is wrong with them.
    #[prop(optional)]
    but: &'static str,
    /// What a property of the row is called here.
    named: fn(&str) -> Option<Msg>,
) -> impl IntoView {
    let form = use_context::<FormErrors>();
    let error = Memo::new(move |_| form.and_then(|form| form.of_row(&row.get(), but)));
    let text = move || {
        let (property, text) = error.get()?;
        let text = named(&property).map_or(text.clone(), |name| format!("{}: {text}", t(name)));
        Some(view! { <p class="field__error">{text}</p> })
    };
    view! { <div class="field__said pairs__below" aria-live="polite">{text}</div> }
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
    fn a_row_says_what_is_wrong_below_it_and_no_more() {
        let part = "pools[1]";
        for (field, expected) in [
            ("pools[1].name", true),
            ("pools[1]", true),
            ("pools[10].name", false),
            ("pools[1].rules[0].priority", false),
            ("pools", false),
        ] {
            assert_eq!(is_of_row(field, part, "rules"), expected, "{field}");
        }
        assert!(is_of_row("pools[1].rules[0].priority", "pools[1].rules[0]", ""));
    }
}
