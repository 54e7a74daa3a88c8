//! The first tab of a task: why it waits or failed, what it is, and how it went.

use leptos::prelude::*;

use super::ends_shown::TaskEnds;
use super::failure::TaskFailure;
use super::page::TaskContext;
use crate::api::{Code, EnvironmentSetting, Task, TaskConstraints, TaskState, Timestamp};
use crate::domain::retention;
use crate::portal::components::{Copy, DurationText, Essential, Essentials, Loaded, Snippet, Time};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tx};
use crate::portal::pages::application::References;
use crate::portal::pages::container::ContainerOfRun;
use crate::portal::pages::route_ids::TaskRef;
use crate::portal::pages::run_as::run_as_text;
use crate::portal::pages::transfers::{OutputFiles, ResourceFiles};
use crate::portal::pages::waiting::{self, Why, use_waiting_tick};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::use_now;
use crate::server_fns::task_waiting;

#[component]
pub fn TaskOverview() -> impl IntoView {
    let context = expect_context::<TaskContext>();
    view! {
        <Loaded reading=context.reading lines=8 let:task>
            <TaskBody task/>
        </Loaded>
    }
}

#[component]
fn TaskBody(task: Signal<Task>) -> impl IntoView {
    let is_waiting = Memo::new(move |_| task.with(|task| task.state == TaskState::Active));
    let failure = Memo::new(move |_| task.with(|task| task.execution_info.failure_info.clone()));
    let command = Signal::derive(move || task.with(|task| task.settings.command_line.clone()));
    view! {
        <Show when=move || is_waiting.get()><WhyWaiting/></Show>
        {move || failure.get().map(|failure| view! { <TaskFailure failure/> })}
        <TaskEssentials task/>
        <section class="section">
            <h2 class="section__title">{tx(msg::TASK_COMMAND)}</h2>
            <Show when=move || !command.with(String::is_empty) fallback=|| view! { <p>{tx(msg::TASK_COMMAND_OF_IMAGE)}</p> }>
                <Snippet code=command what=msg::TASK_COMMAND/>
            </Show>
        </section>
        <ContainerOfRun
            settings=Signal::derive(move || task.with(|task| task.settings.container_settings.clone()))
            info=Signal::derive(move || task.with(|task| task.execution_info.container_info.clone()))
        />
        <TaskEnds task/>
        <ResourceFiles files=Signal::derive(move || task.with(|task| task.settings.resource_files.clone()).unwrap_or_default())/>
        <OutputFiles files=Signal::derive(move || task.with(|task| task.settings.output_files.clone()).unwrap_or_default())/>
        <References references=Signal::derive(move || task.with(|task| task.settings.application_package_references.clone()).unwrap_or_default())/>
        <TaskSettings task/>
    }
}

/// Why the task does not run yet, and what helps.
#[component]
fn WhyWaiting() -> impl IntoView {
    let context = expect_context::<TaskContext>();
    let reading = use_reading(
        move || context.here.get(),
        use_waiting_tick(context.tick),
        |here| async move {
            let here = here.ok_or(Code::TaskNotFound)?;
            task_waiting(here.account, here.job, here.task).await
        },
    );
    let here = move |of: fn(&TaskRef) -> String| {
        Signal::derive(move || context.here.with(|here| here.as_ref().map(of).unwrap_or_default()))
    };
    view! { <Why title=waiting::TASK reading account=here(|here| here.account.to_string()) job=here(|here| here.job.to_string())/> }
}

#[component]
fn TaskEssentials(task: Signal<Task>) -> impl IntoView {
    let context = expect_context::<TaskContext>();
    let info = move || task.with(|task| task.execution_info.clone());
    let id = Signal::derive(move || task.with(|task| task.settings.id.clone()));
    let url = Signal::derive(move || task.with(|task| task.url.clone()));
    let job = move || {
        context.here.get().map(|here| view! { <a href=paths::job(&here.account, &here.job)>{here.job.to_string()}</a> })
    };
    let node = move || {
        let info = task.with(|task| task.node_info.clone());
        match (context.here.get(), info) {
            (Some(here), Some(info)) => {
                let href = paths::node(&here.account, &info.pool_id, &info.node_id);
                view! { <a href=href>{info.node_id}</a> }.into_any()
            }
            _ => t(msg::NONE).into_any(),
        }
    };
    let exit_code = move || {
        info().exit_code.map_or_else(|| t(msg::NONE).into_any(), |code| view! { <code>{code}</code> }.into_any())
    };
    let requeues = move || {
        let info = info();
        format!("{} / {}", info.retry_count, info.requeue_count)
    };
    view! {
        <Essentials>
            <Essential label=msg::TASK_ID>{id}" "<Copy text=id what=msg::TASK_ID/></Essential>
            <Essential label=msg::JOB_ID>{job}</Essential>
            <Essential label=msg::TASK_NODE>{node}</Essential>
            <Essential label=msg::TASK_EXIT_CODE>{exit_code}</Essential>
            <Essential label=msg::TASK_CREATED><Time at=Signal::derive(move || task.with(|task| task.creation_time))/></Essential>
            <Essential label=msg::TASK_STARTED>{move || time(info().start_time)}</Essential>
            <Essential label=msg::TASK_ENDED>{move || time(info().end_time)}</Essential>
            <Essential label=msg::TASK_DURATION><RunTime task/></Essential>
            <Essential label=msg::TASK_FILES_UNTIL>{move || time(task.with(files_until))}</Essential>
            <Essential label=msg::TASK_RETRIES_REQUEUES>{requeues}</Essential>
            <Essential label=msg::POOL_URL><code>{url}</code>" "<Copy text=url what=msg::POOL_URL/></Essential>
        </Essentials>
    }
}

/// Until when the files of an ended task stay; nothing where that is for ever, or nowhere.
fn files_until(task: &Task) -> Option<Timestamp> {
    let ended = task.execution_info.end_time.filter(|_| task.node_info.is_some())?;
    let retention = retention::of_task(task.settings.constraints.as_ref());
    (!retention.is_unlimited()).then(|| ended.plus(retention))
}

fn time(at: Option<Timestamp>) -> AnyView {
    at.map_or_else(|| t(msg::NONE).into_any(), |at| view! { <Time at/> }.into_any())
}

/// How long it ran, or has been running.
#[component]
fn RunTime(task: Signal<Task>) -> impl IntoView {
    let now = use_now();
    let length = Memo::new(move |_| {
        let (state, info) = task.with(|task| (task.state, task.execution_info.clone()));
        let end = match state {
            TaskState::Completed => info.end_time?,
            TaskState::Active => return None,
            TaskState::Preparing | TaskState::Running => now.get(),
        };
        Some(end.since(info.start_time?)).filter(|length| length.micros() >= 0)
    });
    move || length.get().map_or_else(|| t(msg::NONE).into_any(), |length| view! { <DurationText length/> }.into_any())
}

/// Slots, limits and environment.
#[component]
fn TaskSettings(task: Signal<Task>) -> impl IntoView {
    let settings = Memo::new(move |_| task.with(|task| task.settings.clone()));
    let constraints = move || settings.with(|s| s.constraints.clone()).unwrap_or_default();
    let length = |length: Option<crate::api::Duration>, none| match length.filter(|length| !length.is_unlimited()) {
        Some(length) => format::duration(language(), length),
        None => t(none).to_owned(),
    };
    let retries = move || match constraints() {
        TaskConstraints { max_task_retry_count: Some(-1), .. } => t(msg::POOL_RETRIES_FOR_EVER).to_owned(),
        TaskConstraints { max_task_retry_count: Some(n), .. } => n.to_string(),
        TaskConstraints { max_task_retry_count: None, .. } => t(msg::TASK_AS_JOB).to_owned(),
    };
    let variables = move || settings.with(|s| s.environment_settings.clone()).unwrap_or_default();
    let variable = |v: EnvironmentSetting| view! { <li><code>{v.name}"="{v.value}</code></li> };
    let environment = move || match variables() {
        list if list.is_empty() => t(msg::NONE).into_any(),
        list => view! { <ul class="plain-list">{list.into_iter().map(variable).collect_view()}</ul> }.into_any(),
    };
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::JOB_SETTINGS)}</h2>
            <Essentials>
                <Essential label=msg::POOL_DISPLAY_NAME>{move || settings.with(|s| s.display_name.clone()).unwrap_or_else(|| t(msg::NONE).to_owned())}</Essential>
                <Essential label=msg::TASK_SLOTS>{move || settings.with(|s| s.slots())}</Essential>
                <Essential label=msg::JOB_MAX_WALL_CLOCK>{move || length(constraints().max_wall_clock_time, msg::JOB_NO_LIMIT)}</Essential>
                <Essential label=msg::TASK_RETENTION>{move || length(constraints().retention_time, msg::TASK_RETENTION_DEFAULT)}</Essential>
                <Essential label=msg::JOB_MAX_RETRIES>{retries}</Essential>
                <Essential label=msg::RUN_AS>{move || settings.with(|s| run_as_text(s.user_identity.as_ref()))}</Essential>
                <Essential label=msg::TASK_ENVIRONMENT>{environment}</Essential>
            </Essentials>
        </section>
    }
}
