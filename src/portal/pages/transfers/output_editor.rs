//! Rows of output files: which files, where to, and after which end.

use leptos::prelude::*;

use super::output_rows::OutputRow;
use super::picker::{Picked, PickerButton, Wanted};
use super::source_editor::example;
use crate::api::OutputFileUploadCondition as Condition;
use crate::portal::components::{Button, ButtonKind, Icon, Select, TextInput};
use crate::portal::i18n::{Msg, msg, t, tf};

#[derive(Clone, Copy)]
struct Row {
    id: usize,
    pattern: RwSignal<String>,
    container_url: RwSignal<String>,
    path: RwSignal<String>,
    condition: RwSignal<String>,
    rest: StoredValue<OutputRow>,
}

impl Row {
    fn new(id: usize, row: OutputRow) -> Row {
        let condition =
            if row.condition.is_empty() { Condition::TaskCompletion.to_string() } else { row.condition.clone() };
        Row {
            id,
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
    let next_id = StoredValue::new(0);
    let new_row = move |row: OutputRow| {
        let id = next_id.get_value();
        next_id.set_value(id + 1);
        Row::new(id, row)
    };
    let rows = RwSignal::new(files.get_untracked().into_iter().map(new_row).collect::<Vec<_>>());
    Effect::new(move || files.set(rows.get().into_iter().map(Row::get).collect()));
    let label = move |row: Row, message| {
        let position =
            move || rows.with(|rows| rows.iter().position(|other| other.id == row.id)).map_or(0, |index| index + 1);
        Signal::derive(move || Some(tf(message, &[("n", &position().to_string())])))
    };
    let remove = move |row: Row| rows.update(|rows| rows.retain(|other| other.id != row.id));
    view! {
        <div class="pairs">
            <For each=move || rows.get() key=|row| row.id let:row>
                <div class="pairs__row pairs__row--wide">
                    <TextInput value=row.pattern code=true label=label(row, msg::OUTPUT_PATTERN) placeholder=example(msg::OUTPUT_PATTERN_HINT)/>
                    <TextInput value=row.container_url code=true label=label(row, msg::OUTPUT_CONTAINER) placeholder=example(msg::OUTPUT_CONTAINER_HINT)/>
                    <PickerButton wanted=Signal::stored(Wanted::Target) on_picked=move |picked: Picked| row.container_url.set(picked.url)/>
                    <TextInput value=row.path code=true label=label(row, msg::OUTPUT_PATH) placeholder=example(msg::OUTPUT_PATH_HINT)/>
                    <Select value=row.condition options=Signal::derive(conditions) label=label(row, msg::OUTPUT_CONDITION)/>
                    <Button
                        label=Signal::derive(move || label(row, msg::PAIRS_REMOVE).get().unwrap_or_default())
                        icon=Icon::Delete
                        icon_only=true
                        kind=ButtonKind::Subtle
                        on_press=move || remove(row)
                    />
                </div>
            </For>
            <Button label=msg::OUTPUT_ADD icon=Icon::Add kind=ButtonKind::Subtle on_press=move || { let row = new_row(OutputRow::default()); rows.update(|rows| rows.push(row)) }/>
        </div>
    }
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
