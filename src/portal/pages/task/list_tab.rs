//! The tasks of a job.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::bulk::BulkBar;
use super::task_commands::{TaskFacts, task_commands};
use super::task_state::{TaskStateBadge, look_of};
use crate::api::{JobState, Task, TaskState};
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::data_table::RowCommands;
use crate::portal::components::{
    ButtonKind, Column, Command, DataTable, DurationText, Empty, Icon, Source, StateFilter, Time,
};
use crate::portal::i18n::msg;
use crate::portal::pages::job::{JobContext, concerns};
use crate::portal::pages::route_ids::{JobRef, TaskRef};
use crate::portal::paths;
use crate::portal::state::use_changes;
use crate::server_fns::task_list;

#[component]
pub fn TaskListTab() -> impl IntoView {
    let context = expect_context::<JobContext>();
    move || context.here.get().map(|here| view! { <TaskTable here/> })
}

#[component]
fn TaskTable(here: JobRef) -> impl IntoView {
    let context = expect_context::<JobContext>();
    let selection = RwSignal::new(BTreeSet::new());
    let watched = here.clone();
    let changes = use_changes(move |change| concerns(change, &watched));
    let done = RwSignal::new(0u32);
    let tick = Signal::derive(move || changes.get().wrapping_add(done.get()));
    let changed = Callback::new(move |()| {
        done.try_update(|n| *n = n.wrapping_add(1));
    });
    let job_state = Memo::new(move |_| context.reading.with(|job| job.map_or(JobState::Active, |job| job.job.state)));
    let filters = vec![
        StateFilter::failed(msg::JOB_FAILED),
        StateFilter::state(TaskState::Running.as_str(), msg::TASK_STATE_RUNNING),
        StateFilter::state(TaskState::Active.as_str(), msg::TASK_STATE_ACTIVE),
        StateFilter::state(TaskState::Completed.as_str(), msg::TASK_STATE_COMPLETED),
    ];
    let add = Signal::stored(paths::task_add(&here.account, &here.job));
    let cli = format!(
        "az batch task create --job-id {} --task-id task1 --command-line \"/bin/sh -c 'echo hello'\"",
        here.job
    );
    let JobRef { account, job } = here.clone();
    view! {
        <BulkBar here=here.clone() selection changed/>
        <DataTable
            label=msg::JOB_TASKS
            columns=columns(&here)
            id=|task: &Task| task.settings.id.clone()
            source=Source::new(move |query| task_list(account.clone(), job.clone(), query))
            tick
            filters
            commands=row_commands(here, job_state, changed)
            selection
            empty=move || view! {
                <Empty icon=Icon::Task title=msg::TASKS_EMPTY text=msg::TASKS_EMPTY_TEXT command=Signal::stored(cli.clone())>
                    <ButtonLink label=msg::JOB_ADD_TASKS href=add icon=Icon::Add kind=ButtonKind::Primary/>
                </Empty>
            }
        />
    }
}

fn columns(here: &JobRef) -> Vec<Column<Task>> {
    let (job, node) = (here.clone(), here.clone());
    vec![
        Column::new("id", msg::TASK_ID, move |task: &Task| {
            let id = task.settings.id.clone();
            view! { <a href=paths::task(&job.account, &job.job, &id)>{id.clone()}</a> }
        })
        .sortable()
        .width(11.5),
        Column::new(
            "state",
            msg::TASK_STATE,
            |task: &Task| view! { <TaskStateBadge look=Signal::stored(look_of(task))/> },
        )
        .width(9.0),
        Column::new("exitCode", msg::TASK_EXIT_CODE, |task: &Task| {
            let failure = task.execution_info.failure_info.as_ref().map(|failure| failure.code.clone());
            match (task.execution_info.exit_code, failure) {
                (Some(code), _) => view! { <code>{code}</code> }.into_any(),
                (None, Some(failure)) => view! { <code>{failure}</code> }.into_any(),
                (None, None) => ().into_any(),
            }
        })
        .number()
        .width(6.5),
        Column::new("node", msg::TASK_NODE, move |task: &Task| {
            task.node_info.as_ref().map(|info| {
                view! { <a href=paths::node(&node.account, &info.pool_id, &info.node_id)>{info.node_id.clone()}</a> }
            })
        })
        .width(12.5),
        Column::new("startTime", msg::TASK_STARTED, |task: &Task| {
            task.execution_info.start_time.map(|at| view! { <Time at/> })
        })
        .width(7.5),
        Column::new("duration", msg::TASK_DURATION, |task: &Task| {
            let info = &task.execution_info;
            Some(view! { <DurationText length=info.end_time?.since(info.start_time?)/> })
        })
        .width(6.5),
        Column::new("creationTime", msg::TASK_CREATED, |task: &Task| view! { <Time at=task.creation_time/> })
            .sortable()
            .width(7.0),
        Column::new("endTime", msg::TASK_ENDED, |task: &Task| {
            task.execution_info.end_time.map(|at| view! { <Time at/> })
        })
        .hidden(),
        Column::new("retries", msg::TASK_RETRIES, |task: &Task| task.execution_info.retry_count).number().hidden(),
        Column::new("commandLine", msg::TASK_COMMAND, |task: &Task| {
            view! { <code>{task.settings.command_line.clone()}</code> }
        })
        .hidden()
        .width(24.0),
    ]
}

fn row_commands(here: JobRef, job: Memo<JobState>, changed: Callback<()>) -> RowCommands<Task> {
    RowCommands::new(move |task: &Task| {
        let Ok(id) = task.settings.id.parse() else { return Vec::<Command>::new() };
        let row = TaskRef { account: here.account.clone(), job: here.job.clone(), task: id };
        let (state, result) = (task.state, task.execution_info.result);
        let facts = Signal::derive(move || TaskFacts { state, result, job: job.get() });
        task_commands(row, facts, changed, changed)
    })
}
