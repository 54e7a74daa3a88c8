//! Rows of exit conditions: when, and what happens to dependents and to the job.

use leptos::prelude::*;

use super::ends::{ExitRow, When};
use crate::api::{DependencyAction, JobAction};
use crate::domain::check::JobFacts;
use crate::portal::components::{Button, ButtonKind, Icon, Select, TextInput};
use crate::portal::i18n::{Msg, msg, t, tf};

/// A row with the signals of its controls; the id stays while other rows come and go.
#[derive(Clone, Copy)]
struct Row {
    id: usize,
    when: RwSignal<String>,
    codes: RwSignal<String>,
    dependents: RwSignal<String>,
    job: RwSignal<String>,
}

impl Row {
    fn new(id: usize, row: ExitRow) -> Row {
        Row {
            id,
            when: RwSignal::new(row.when.name().to_owned()),
            codes: RwSignal::new(row.codes),
            dependents: RwSignal::new(row.dependents),
            job: RwSignal::new(row.job),
        }
    }

    fn get(self) -> ExitRow {
        ExitRow {
            when: When::of(&self.when.get()),
            codes: self.codes.get(),
            dependents: self.dependents.get(),
            job: self.job.get(),
        }
    }
}

/// Edits `conditions`; the field around it is a group and names them. `job` says which actions there are.
#[component]
pub fn ExitEditor(conditions: RwSignal<Vec<ExitRow>>, job: JobFacts) -> impl IntoView {
    let next_id = StoredValue::new(0);
    let new_row = move |row: ExitRow| {
        let id = next_id.get_value();
        next_id.set_value(id + 1);
        Row::new(id, row)
    };
    let rows = RwSignal::new(conditions.get_untracked().into_iter().map(new_row).collect::<Vec<_>>());
    // The rows are what is typed; the form reads them.
    Effect::new(move || conditions.set(rows.get().into_iter().map(Row::get).collect()));
    let label = move |row: Row, message| {
        let position =
            move || rows.with(|rows| rows.iter().position(|other| other.id == row.id)).map_or(0, |index| index + 1);
        Signal::derive(move || Some(tf(message, &[("n", &position().to_string())])))
    };
    view! {
        <div class="pairs">
            <For each=move || rows.get() key=|row| row.id let:row>
                <div class="pairs__row pairs__row--wide">
                    <Select value=row.when options=Signal::derive(whens) label=label(row, msg::TASK_EXIT_WHEN)/>
                    <Show when=move || When::of(&row.when.get()) == When::Codes>
                        <TextInput value=row.codes code=true label=label(row, msg::TASK_EXIT_CODES) placeholder=Signal::derive(|| Some(t(msg::TASK_EXIT_CODES_EXAMPLE).to_owned()))/>
                    </Show>
                    {job.uses_task_dependencies.then(|| view! { <Select value=row.dependents options=Signal::derive(dependents) label=label(row, msg::TASK_EXIT_DEPENDENTS)/> })}
                    {job.performs_job_actions.then(|| view! { <Select value=row.job options=Signal::derive(jobs) label=label(row, msg::TASK_EXIT_JOB)/> })}
                    <Button
                        label=Signal::derive(move || label(row, msg::PAIRS_REMOVE).get().unwrap_or_default())
                        icon=Icon::Delete
                        icon_only=true
                        kind=ButtonKind::Subtle
                        on_press=move || rows.update(|rows| rows.retain(|other| other.id != row.id))
                    />
                </div>
            </For>
            <Button label=msg::TASK_EXIT_ADD icon=Icon::Add kind=ButtonKind::Subtle on_press=move || { let row = new_row(ExitRow::default()); rows.update(|rows| rows.push(row)) }/>
        </div>
    }
}

/// When a condition holds, in words.
pub fn when_text(when: When) -> Msg {
    match when {
        When::Codes => msg::TASK_EXIT_WHEN_CODES,
        When::NotStarted => msg::TASK_EXIT_WHEN_NOT_STARTED,
        When::Otherwise => msg::TASK_EXIT_WHEN_OTHERWISE,
    }
}

pub fn dependents_text(action: Option<DependencyAction>) -> Msg {
    match action {
        None => msg::TASK_EXIT_DEPENDENTS_USUAL,
        Some(DependencyAction::Satisfy) => msg::TASK_EXIT_DEPENDENTS_RUN,
        Some(DependencyAction::Block) => msg::TASK_EXIT_DEPENDENTS_WAIT,
    }
}

pub fn job_text(action: Option<JobAction>) -> Msg {
    match action {
        None => msg::TASK_EXIT_JOB_USUAL,
        Some(JobAction::None) => msg::TASK_EXIT_JOB_NONE,
        Some(JobAction::Disable) => msg::TASK_EXIT_JOB_DISABLE,
        Some(JobAction::Terminate) => msg::TASK_EXIT_JOB_TERMINATE,
    }
}

fn whens() -> Vec<(String, String)> {
    When::ALL.map(|when| (when.name().to_owned(), t(when_text(when)).to_owned())).into()
}

fn dependents() -> Vec<(String, String)> {
    let option =
        |action: Option<DependencyAction>| (action.map_or("", DependencyAction::as_str), t(dependents_text(action)));
    choices(std::iter::once(None).chain(DependencyAction::ALL.iter().copied().map(Some)).map(option))
}

fn jobs() -> Vec<(String, String)> {
    let option = |action: Option<JobAction>| (action.map_or("", JobAction::as_str), t(job_text(action)));
    choices(std::iter::once(None).chain(JobAction::ALL.iter().copied().map(Some)).map(option))
}

fn choices<'a>(options: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    options.map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
}
