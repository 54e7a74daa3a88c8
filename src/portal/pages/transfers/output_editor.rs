//! Rows of output files: which files, where to, and after which end.

use leptos::prelude::*;

use super::output_rows::OutputRow;
use super::picker::{Picked, PickerButton, Wanted};
use super::source_editor::example;
use crate::api::OutputFileUploadCondition as Condition;
use crate::portal::components::{EditedRow, RowNumber, RowsEditor, Select, TextInput};
use crate::portal::i18n::{Msg, msg, t};

#[derive(Clone, Copy)]
struct Row {
    pattern: RwSignal<String>,
    container_url: RwSignal<String>,
    path: RwSignal<String>,
    condition: RwSignal<String>,
    rest: StoredValue<OutputRow>,
}

impl EditedRow for Row {
    type Typed = OutputRow;

    fn new(row: OutputRow) -> Row {
        let condition =
            if row.condition.is_empty() { Condition::TaskCompletion.to_string() } else { row.condition.clone() };
        Row {
            pattern: RwSignal::new(row.pattern.clone()),
            container_url: RwSignal::new(row.container_url.clone()),
            path: RwSignal::new(row.path.clone()),
            condition: RwSignal::new(condition),
            rest: StoredValue::new(row),
        }
    }

    fn get(self) -> OutputRow {
        OutputRow {
            pattern: self.pattern.get(),
            container_url: self.container_url.get(),
            path: self.path.get(),
            condition: self.condition.get(),
            rest: self.rest.with_value(|row| row.rest.clone()),
        }
    }
}

/// Edits `files`; the field around it is a group and names them.
#[component]
pub fn OutputEditor(files: RwSignal<Vec<OutputRow>>) -> impl IntoView {
    let controls = |(row, number): (Row, RowNumber)| {
        view! {
            <TextInput value=row.pattern code=true label=number.label(msg::OUTPUT_PATTERN) placeholder=example(msg::OUTPUT_PATTERN_HINT)/>
            <TextInput value=row.container_url code=true label=number.label(msg::OUTPUT_CONTAINER) placeholder=example(msg::OUTPUT_CONTAINER_HINT)/>
            <PickerButton wanted=Signal::stored(Wanted::Target) on_picked=move |picked: Picked| row.container_url.set(picked.url)/>
            <TextInput value=row.path code=true label=number.label(msg::OUTPUT_PATH) placeholder=example(msg::OUTPUT_PATH_HINT)/>
            <Select value=row.condition options=Signal::derive(conditions) label=number.label(msg::OUTPUT_CONDITION)/>
        }
        .into_any()
    };
    view! { <RowsEditor typed=files add=msg::OUTPUT_ADD wide=true controls=Callback::new(controls)/> }
}

pub fn condition_text(condition: Condition) -> Msg {
    match condition {
        Condition::TaskSuccess => msg::OUTPUT_ON_SUCCESS,
        Condition::TaskFailure => msg::OUTPUT_ON_FAILURE,
        Condition::TaskCompletion => msg::OUTPUT_ON_COMPLETION,
    }
}

fn conditions() -> Vec<(String, String)> {
    let usual_first = [Condition::TaskCompletion, Condition::TaskSuccess, Condition::TaskFailure];
    usual_first.map(|condition| (condition.to_string(), t(condition_text(condition)).to_owned())).into()
}
