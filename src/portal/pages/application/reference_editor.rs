//! Rows of references to application packages: an application, and one of its active versions.

use leptos::prelude::*;

use super::reference_rows::ReferenceRow;
use crate::api::ApplicationChoice;
use crate::portal::components::{EditedRow, ErrorBar, RowNumber, RowsEditor, Select};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::shell::use_account;
use crate::server_fns::application_choice_list;

#[derive(Clone, Copy)]
struct Row {
    application: RwSignal<String>,
    version: RwSignal<String>,
}

impl EditedRow for Row {
    type Typed = ReferenceRow;

    fn new(row: ReferenceRow) -> Row {
        Row { application: RwSignal::new(row.application), version: RwSignal::new(row.version) }
    }

    fn get(self) -> ReferenceRow {
        ReferenceRow { application: self.application.get(), version: self.version.get() }
    }
}

/// Edits `references`; the field around it is a group and names them.
#[component]
pub fn ReferenceEditor(references: RwSignal<Vec<ReferenceRow>>) -> impl IntoView {
    let account = use_account();
    let choices = use_reading(move || account.get(), Signal::stored(0), application_choice_list);
    let all = Signal::derive(move || choices.get().unwrap_or_default());
    let controls = move |(row, number): (Row, RowNumber)| {
        let applications = Signal::derive(move || all.with(|all| application_options(all, &row.application.get())));
        let versions =
            Signal::derive(move || all.with(|all| version_options(all, &row.application.get(), &row.version.get())));
        view! {
            <Select value=row.application options=applications label=number.label(msg::REFERENCE_APPLICATION)/>
            <Select value=row.version options=versions label=number.label(msg::REFERENCE_VERSION)/>
        }
        .into_any()
    };
    // What is referred to stays in its row, so that the note is for forms that have none.
    let is_none = Memo::new(move |_| choices.with(|all| all.is_some_and(Vec::is_empty)));
    view! {
        {move || choices.error().map(|error| view! { <ErrorBar error/> })}
        <Show when=move || is_none.get()>
            <p class="form__note">{tx(msg::REFERENCES_NONE)}" "<a href=move || paths::applications(account.get())>{tx(msg::APPLICATIONS)}</a></p>
        </Show>
        <Show when=move || !is_none.get() || !references.with(Vec::is_empty)>
            <RowsEditor typed=references add=msg::REFERENCE_ADD controls=Callback::new(controls)/>
        </Show>
    }
}

/// Those that can be chosen, and what is chosen already, though it may be gone.
fn application_options(all: &[ApplicationChoice], chosen: &str) -> Vec<(String, String)> {
    let mut options = vec![(String::new(), t(msg::REFERENCE_CHOOSE).to_owned())];
    options.extend(all.iter().map(|choice| (choice.id.clone(), choice.id.clone())));
    with_chosen(options, chosen)
}

fn version_options(all: &[ApplicationChoice], application: &str, chosen: &str) -> Vec<(String, String)> {
    let choice = all.iter().find(|choice| choice.id == application);
    let default = choice.and_then(|choice| choice.default_version.clone());
    let usual = match &default {
        Some(version) => tf(msg::REFERENCE_DEFAULT, &[("version", version)]),
        None => t(msg::REFERENCE_NO_DEFAULT).to_owned(),
    };
    let versions = choice.into_iter().flat_map(|choice| choice.versions.iter().cloned());
    let options = std::iter::once((String::new(), usual)).chain(versions.map(|version| (version.clone(), version)));
    with_chosen(options.collect(), chosen)
}

fn with_chosen(mut options: Vec<(String, String)>, chosen: &str) -> Vec<(String, String)> {
    if options.iter().all(|(value, _)| value != chosen) {
        options.push((chosen.to_owned(), chosen.to_owned()));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(options: &[(String, String)]) -> Vec<&str> {
        options.iter().map(|(value, _)| value.as_str()).collect()
    }

    #[test]
    fn what_is_chosen_stays_among_the_choices() {
        let tool = ApplicationChoice {
            id: "tool".into(),
            default_version: Some("2".into()),
            versions: vec!["1".into(), "2".into()],
        };
        let all = [tool];
        assert_eq!(values(&application_options(&all, "tool")), ["", "tool"]);
        assert_eq!(values(&application_options(&all, "gone")), ["", "tool", "gone"]);
        assert_eq!(values(&version_options(&all, "tool", "1")), ["", "1", "2"]);
        assert_eq!(values(&version_options(&all, "tool", "0")), ["", "1", "2", "0"]);
        assert_eq!(version_options(&all, "tool", "")[0].1, "default (2)");
    }
}
