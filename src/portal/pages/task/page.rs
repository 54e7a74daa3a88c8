//! One task: what it is, how it went, what it wrote.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::edit_panel::LimitsPanel;
use super::files_tab::FilesTab;
use super::overview::TaskOverview;
use super::subtasks_tab::SubtasksTab;
use super::task_commands::{TaskFacts, task_commands};
use super::task_state::{TaskStateBadge, look_of};
use crate::api::{Change, Changed, Code, JobState, Task, TaskState};
use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{CommandBar, Icon, Loaded, PageHeader, Tab, Tabs, use_query_param};
use crate::portal::i18n::{msg, t};
use crate::portal::pages::file::{FileRef, LogViewer};
use crate::portal::pages::json_view::JsonView;
use crate::portal::pages::route_ids::{TaskRef, use_task_ref};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_changes;
use crate::server_fns::{job_get, task_get};

/// What the tabs share with the page.
#[derive(Clone, Copy)]
pub struct TaskContext {
    pub here: Memo<Option<TaskRef>>,
    pub reading: Reading<Task>,
    /// Something of the job has changed.
    pub tick: Signal<u32>,
}

impl TaskContext {
    /// The task's files may still grow.
    pub fn is_running(self) -> Signal<bool> {
        let reading = self.reading;
        Memo::new(move |_| reading.with(|task| task.is_some_and(|task| task.state != TaskState::Completed))).into()
    }
}

#[component]
pub fn TaskPage() -> impl IntoView {
    let here = use_task_ref();
    let tick =
        use_changes(move |change| here.with_untracked(|here| here.as_ref().is_some_and(|here| concerns(change, here))));
    let reading = use_reading(
        move || here.get(),
        tick,
        |here| async move {
            let here = here.ok_or(Code::TaskNotFound)?;
            task_get(here.account, here.job, here.task).await
        },
    );
    provide_context(TaskContext { here, reading, tick });
    let id = Signal::derive(move || here.get().map(|here| here.task.to_string()).unwrap_or_default());
    let look =
        Signal::derive(move || reading.with(|task| task.map_or((Default::default(), msg::TASK_STATE_ACTIVE), look_of)));
    view! {
        <PageHeader title=id kind=Signal::derive(|| Some(t(msg::TASK_KIND).to_owned())) icon=Icon::Task>
            <Show when=move || reading.with(|task| task.is_some())><TaskStateBadge look/></Show>
        </PageHeader>
        {move || here.get().map(|here| view! { <TaskCommands here/> })}
        <Tabs
            label=msg::TASK_KIND
            tabs=vec![
                Tab::new("overview", msg::POOL_OVERVIEW, || view! { <TaskOverview/> }),
                Tab::new("stdout", msg::TASK_STDOUT, || view! { <Output path="stdout.txt"/> }),
                Tab::new("stderr", msg::TASK_STDERR, || view! { <Output path="stderr.txt"/> }),
                Tab::new("files", msg::FILES, || view! { <FilesTab/> }),
                Tab::new("subtasks", msg::SUBTASKS, || view! { <SubtasksTab/> }),
                Tab::new("properties", msg::POOL_PROPERTIES, || view! { <Properties/> }),
            ]
        />
    }
}

fn concerns(change: &Change, here: &TaskRef) -> bool {
    change.account == here.account.as_str() && matches!(&change.what, Changed::Job { job } if job == here.job.as_str())
}

#[component]
fn TaskCommands(here: TaskRef) -> impl IntoView {
    let context = expect_context::<TaskContext>();
    let navigate = use_navigate();
    let list = paths::tasks(&here.account, &here.job);
    let (account, job) = (here.account.clone(), here.job.clone());
    // Whether a task can run again depends on its job.
    let job = use_reading(move || (account.clone(), job.clone()), context.tick, |(account, job)| job_get(account, job));
    let facts = Memo::new(move |last: Option<&Option<TaskFacts>>| {
        let job = job.with(|job| job.map_or(JobState::Active, |job| job.job.state));
        context.reading.with(|task| task.map(|task| TaskFacts::of(task, job))).or_else(|| last.copied().flatten())
    });
    let deleted = Callback::new(move |()| navigate(&list, NavigateOptions::default()));
    let changed = Callback::new(move |()| context.reading.reload());
    let known = Signal::derive(move || {
        facts.get().unwrap_or(TaskFacts { state: TaskState::Active, result: None, job: JobState::Active })
    });
    let edited = StoredValue::new(here.clone());
    let commands = StoredValue::new(task_commands(here, known, changed, deleted));
    let has_data = Memo::new(move |_| facts.with(Option::is_some));
    let editing = panel_open(use_query_param("panel"), "edit", has_data);
    // Asked for only while there is data.
    let task = Memo::new(move |last: Option<&Option<Task>>| context.reading.get().or_else(|| last.cloned().flatten()));
    view! {
        <Show when=move || has_data.get()>
            <CommandBar commands=commands.get_value()/>
            <LimitsPanel open=editing here=edited.get_value() task=Signal::derive(move || task.get().expect("there is data"))/>
        </Show>
    }
}

/// What the task writes to one of its streams.
#[component]
fn Output(path: &'static str) -> impl IntoView {
    let context = expect_context::<TaskContext>();
    let is_running = context.is_running();
    // Where to begin depends on whether the task runs.
    let is_known = Memo::new(move |_| context.reading.with(|task| task.is_some()));
    move || {
        let here = context.here.get().filter(|_| is_known.get())?;
        let file = FileRef::Task { account: here.account, job: here.job, task: here.task, path: path.to_owned() };
        Some(view! { <LogViewer file is_running/> })
    }
}

#[component]
fn Properties() -> impl IntoView {
    let context = expect_context::<TaskContext>();
    view! { <Loaded reading=context.reading let:task><JsonView value=task/></Loaded> }
}
