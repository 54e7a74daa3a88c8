//! The first tab of a job: how far it is, what it is, and how it ended.

use leptos::prelude::*;

use super::job_counts::JobCounts;
use super::page::JobContext;
use crate::api::{
    Code, EnvironmentSetting, JobSchedulingError, JobSummary, MetadataItem, OnAllTasksComplete, Waiting, WhyWaiting,
};
use crate::domain::ids::job_of_schedule;
use crate::domain::job_rules;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::{Copy, Empty, Essential, Essentials, Glyph, Icon, Loaded, Time};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tx};
use crate::portal::pages::route_ids::JobRef;
use crate::portal::pages::waiting::{self, Why, use_waiting_tick};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::use_changes;
use crate::server_fns::job_waiting;

#[component]
pub fn JobOverviewTab() -> impl IntoView {
    let context = expect_context::<JobContext>();
    view! {
        <Loaded reading=context.reading lines=8 let:job>
            {move || job.with(|job| job.job.execution_info.scheduling_error.clone()).map(|error| view! { <SchedulingError error/> })}
            <WhyNoProgress/>
            <JobProgress job/>
            <JobEssentials job/>
            <JobSettings job/>
        </Loaded>
    }
}

/// Why nothing of the job goes on, and what helps.
#[component]
fn WhyNoProgress() -> impl IntoView {
    let context = expect_context::<JobContext>();
    let tick = use_changes(move |change| {
        context.here.with_untracked(|here| here.as_ref().is_some_and(|here| super::page::concerns(change, here)))
    });
    let reading = use_reading(
        move || context.here.get(),
        use_waiting_tick(tick),
        |here| async move {
            let here = here.ok_or(Code::JobNotFound)?;
            let why = job_waiting(here.account, here.job).await?;
            // The empty job says so itself.
            Ok(WhyWaiting { waiting: why.waiting.filter(|waiting| *waiting != Waiting::NoTasks), ..why })
        },
    );
    let here = move |of: fn(&JobRef) -> String| {
        Signal::derive(move || context.here.with(|here| here.as_ref().map(of).unwrap_or_default()))
    };
    view! { <Why title=waiting::NO_PROGRESS reading account=here(|here| here.account.to_string()) job=here(|here| here.job.to_string())/> }
}

/// Counts and progress; a way to the first task while there is none.
#[component]
fn JobProgress(job: Signal<JobSummary>) -> impl IntoView {
    let context = expect_context::<JobContext>();
    let has_tasks = Memo::new(move |_| job.with(|job| job.counts.task_counts.total() > 0));
    move || {
        let here = context.here.get()?;
        Some(if has_tasks.get() {
            view! { <section class="section"><h2 class="section__title">{tx(msg::JOB_TASKS)}</h2><JobCounts job here/></section> }.into_any()
        } else {
            let href = paths::task_add(&here.account, &here.job);
            let command = format!(
                "az batch task create --job-id {} --task-id task1 --command-line \"/bin/sh -c 'echo hello'\"",
                here.job
            );
            view! {
                <Empty icon=Icon::Task title=msg::TASKS_EMPTY text=msg::TASKS_EMPTY_TEXT command=Signal::stored(command)>
                    <ButtonLink label=msg::JOB_ADD_TASKS href=Signal::stored(href) icon=Icon::Add kind=crate::portal::components::ButtonKind::Primary/>
                </Empty>
            }.into_any()
        })
    }
}

#[component]
fn JobEssentials(job: Signal<JobSummary>) -> impl IntoView {
    let context = expect_context::<JobContext>();
    let settings = move || job.with(|job| job.job.settings.clone());
    let info = move || job.with(|job| job.job.execution_info.clone());
    let id = Signal::derive(move || settings().id);
    let url = Signal::derive(move || job.with(|job| job.job.url.clone()));
    let pool = move || {
        let Some(pool) = info().pool_id else { return t(msg::NONE).into_any() };
        let is_own = settings().pool_info.auto_pool_specification.is_some();
        let href = context.here.get().map(|here| paths::pool(&here.account, &pool));
        let note = is_own.then(|| view! { <p class="form__note">{tx(msg::AUTO_POOL_OF_JOB)}</p> });
        view! { <a href=href>{pool}</a>{note} }.into_any()
    };
    let schedule = move || {
        let schedule = job_of_schedule(&settings().id)?.0.to_owned();
        let href = paths::job_schedule(&context.here.get()?.account, &schedule);
        Some(view! { <Essential label=msg::JOB_SCHEDULE><a href=href>{schedule}</a></Essential> })
    };
    let time = |at: Option<crate::api::Timestamp>| {
        at.map_or_else(|| t(msg::NONE).into_any(), |at| view! { <Time at/> }.into_any())
    };
    view! {
        <Essentials>
            <Essential label=msg::JOB_ID>{id}" "<Copy text=id what=msg::JOB_ID/></Essential>
            {schedule}
            <Essential label=msg::JOB_POOL>{pool}</Essential>
            <Essential label=msg::JOB_PRIORITY>{move || format::number(language(), settings().priority.unwrap_or_default().into())}</Essential>
            <Essential label=msg::JOB_STARTED><Time at=Signal::derive(move || info().start_time)/></Essential>
            <Essential label=msg::JOB_ENDED>{move || time(info().end_time)}</Essential>
            <Essential label=msg::JOB_TERMINATE_REASON>{move || info().terminate_reason.unwrap_or_else(|| t(msg::NONE).to_owned())}</Essential>
            <Essential label=msg::POOL_URL><code>{url}</code>" "<Copy text=url what=msg::POOL_URL/></Essential>
        </Essentials>
    }
}

/// Limits, common environment and metadata.
#[component]
fn JobSettings(job: Signal<JobSummary>) -> impl IntoView {
    let settings = Memo::new(move |_| job.with(|job| job.job.settings.clone()));
    let max_parallel = move || match settings.with(|s| s.max_parallel_tasks).unwrap_or(-1) {
        -1 => t(msg::JOB_NO_LIMIT).to_owned(),
        n => format::number(language(), n.into()),
    };
    let wall_clock = move || {
        let limit =
            settings.with(|s| s.constraints.as_ref().and_then(|c| c.max_wall_clock_time)).filter(|l| !l.is_unlimited());
        limit.map_or_else(|| t(msg::JOB_NO_LIMIT).to_owned(), |limit| format::duration(language(), limit))
    };
    let retries = move || match settings
        .with(|s| s.constraints.as_ref().and_then(|c| c.max_task_retry_count))
        .unwrap_or_default()
    {
        -1 => t(msg::POOL_RETRIES_FOR_EVER).to_owned(),
        n => format::number(language(), n.into()),
    };
    let ends = move || settings.with(|s| s.on_all_tasks_complete) == Some(OnAllTasksComplete::TerminateJob);
    let yes_or_no = |is: bool| t(if is { msg::POOL_YES } else { msg::POOL_NO });
    let environment = move || settings.with(|s| s.common_environment_settings.clone()).unwrap_or_default();
    let metadata = move || settings.with(|s| s.metadata.clone()).unwrap_or_default();
    let variable = |v: EnvironmentSetting| view! { <li><code>{v.name}"="{v.value}</code></li> };
    let item = |m: MetadataItem| view! { <li><code>{m.name}"="{m.value}</code></li> };
    let list = |items: Vec<AnyView>| {
        if items.is_empty() {
            t(msg::NONE).into_any()
        } else {
            view! { <ul class="plain-list">{items}</ul> }.into_any()
        }
    };
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::JOB_SETTINGS)}</h2>
            <Essentials>
                <Essential label=msg::POOL_DISPLAY_NAME>{move || settings.with(|s| s.display_name.clone()).unwrap_or_else(|| t(msg::NONE).to_owned())}</Essential>
                <Essential label=msg::JOB_MAX_PARALLEL>{max_parallel}</Essential>
                <Essential label=msg::JOB_MAX_WALL_CLOCK>{wall_clock}</Essential>
                <Essential label=msg::JOB_MAX_RETRIES>{retries}</Essential>
                <Essential label=msg::JOB_ENDS_WITH_TASKS>{move || yes_or_no(ends())}</Essential>
                <Essential label=msg::JOB_USES_DEPENDENCIES>{move || yes_or_no(settings.with(|s| s.has_dependencies()))}</Essential>
                <Essential label=msg::JOB_ACTIONS>{move || yes_or_no(settings.with(|s| s.performs_job_actions()))}</Essential>
                <Essential label=msg::JOB_PREEMPTION>{move || yes_or_no(settings.with(|s| s.allow_task_preemption == Some(true)))}</Essential>
                <Essential label=msg::JOB_FAIL_DEPENDENTS>{move || yes_or_no(settings.with(job_rules::fails_dependents))}</Essential>
                <Essential label=msg::JOB_STRICT_ORDER>{move || yes_or_no(settings.with(job_rules::keeps_order))}</Essential>
                <Essential label=msg::JOB_ENVIRONMENT>{move || list(environment().into_iter().map(|v| variable(v).into_any()).collect())}</Essential>
                <Essential label=msg::JOB_METADATA>{move || list(metadata().into_iter().map(|m| item(m).into_any()).collect())}</Essential>
            </Essentials>
        </section>
    }
}

#[component]
fn SchedulingError(error: JobSchedulingError) -> impl IntoView {
    view! {
        <div class="error-bar" role="status">
            <Glyph icon=Icon::Alert/>
            <div class="error-bar__body">
                <p class="error-bar__text">{error.message}</p>
                <dl class="error-bar__values">
                    <div class="error-bar__value"><dt>{tx(msg::ERROR_CODE)}</dt><dd><code>{error.code}</code></dd></div>
                    {error.details.into_iter().map(|d| view! { <div class="error-bar__value"><dt>{d.name}</dt><dd>{d.value}</dd></div> }).collect_view()}
                </dl>
            </div>
        </div>
    }
}
