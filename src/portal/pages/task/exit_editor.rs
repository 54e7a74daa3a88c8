//! Rows of exit conditions: when, and what happens to dependents and to the job.

use leptos::prelude::*;

use super::ends::{ExitRow, When};
use crate::api::{DependencyAction, JobAction};
use crate::domain::check::JobFacts;
use crate::portal::components::{EditedRow, RowNumber, RowsEditor, Select, TextInput};
use crate::portal::i18n::{Msg, msg, t};

#[derive(Clone, Copy)]
struct Row {
    when: RwSignal<String>,
    codes: RwSignal<String>,
    dependents: RwSignal<String>,
    job: RwSignal<String>,
}

impl EditedRow for Row {
    type Typed = ExitRow;

    fn new(row: ExitRow) -> Row {
        Row {
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
    let (has_dependencies, has_actions) = (job.uses_task_dependencies, job.performs_job_actions);
    let controls = move |(row, number): (Row, RowNumber)| {
        view! {
            <Select value=row.when options=Signal::derive(whens) label=number.label(msg::TASK_EXIT_WHEN)/>
            <Show when=move || When::of(&row.when.get()) == When::Codes>
                <TextInput value=row.codes code=true label=number.label(msg::TASK_EXIT_CODES) placeholder=Signal::derive(|| Some(t(msg::TASK_EXIT_CODES_EXAMPLE).to_owned()))/>
            </Show>
            {has_dependencies.then(|| view! { <Select value=row.dependents options=Signal::derive(dependents) label=number.label(msg::TASK_EXIT_DEPENDENTS)/> })}
            {has_actions.then(|| view! { <Select value=row.job options=Signal::derive(jobs) label=number.label(msg::TASK_EXIT_JOB)/> })}
        }
        .into_any()
    };
    view! { <RowsEditor typed=conditions add=msg::TASK_EXIT_ADD wide=true controls=Callback::new(controls)/> }
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
