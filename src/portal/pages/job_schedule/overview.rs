//! The first tab of a job schedule: its next and last jobs, its times, and what its jobs are like.

use leptos::prelude::*;

use super::page::JobScheduleContext;
use super::schedule_state::waits_for;
use crate::api::{JobScheduleSummary, Schedule, Timestamp};
use crate::portal::components::{Copy, DurationText, Essential, Essentials, Loaded, Time};
use crate::portal::format;
use crate::portal::i18n::{Msg, language, msg, t, tx};
use crate::portal::pages::job;
use crate::portal::pages::job::job_state::JobStateBadge;
use crate::portal::paths;
use crate::portal::state::use_now;

#[component]
pub fn JobScheduleOverviewTab() -> impl IntoView {
    let context = expect_context::<JobScheduleContext>();
    view! {
        <Loaded reading=context.reading lines=8 let:schedule>
            <Turn schedule/>
            <Times schedule/>
            <Jobs schedule/>
        </Loaded>
    }
}

/// What comes next, and what was last.
#[component]
fn Turn(schedule: Signal<JobScheduleSummary>) -> impl IntoView {
    let context = expect_context::<JobScheduleContext>();
    let now = use_now();
    let info = Memo::new(move |_| schedule.with(|s| s.job_schedule.execution_info.clone()));
    let waits = Memo::new(move |_| schedule.with(|s| waits_for(s, now.get()).map(t)));
    let recent_state = Memo::new(move |_| schedule.with(|s| s.recent_job.as_ref().map(|job| job.job.state)));
    let recent = move || match (info.with(|info| info.recent_job.clone()), context.here.get(), recent_state.get()) {
        (Some(job), Some(here), Some(state)) => {
            let href = paths::job(&here.account, &job.id);
            view! { <a href=href>{job.id}</a>" "<JobStateBadge state/> }.into_any()
        }
        // It was deleted meanwhile.
        (Some(job), ..) => job.id.into_any(),
        (None, ..) => t(msg::NONE).into_any(),
    };
    let jobs = move || {
        let here = context.here.get()?;
        let href = paths::job_schedule_jobs(&here.account, &here.schedule);
        Some(view! { <a href=href>{format::number(language(), schedule.with(|s| s.n_jobs))}</a> })
    };
    let id = Signal::derive(move || schedule.with(|s| s.job_schedule.settings.id.clone()));
    let url = Signal::derive(move || schedule.with(|s| s.job_schedule.url.clone()));
    view! {
        <Essentials>
            <Essential label=msg::JOB_SCHEDULE_ID>{id}" "<Copy text=id what=msg::JOB_SCHEDULE_ID/></Essential>
            <Essential label=msg::JOB_SCHEDULE_NEXT>
                {move || time_or(info.with(|info| info.next_run_time), msg::NONE)}
                {move || waits.get().map(|text| view! { <p class="form__note">{text}</p> })}
            </Essential>
            <Essential label=msg::JOB_SCHEDULE_RECENT>{recent}</Essential>
            <Essential label=msg::JOB_SCHEDULE_JOBS>{jobs}</Essential>
            <Essential label=msg::JOB_CREATED><Time at=Signal::derive(move || schedule.with(|s| s.job_schedule.creation_time))/></Essential>
            <Essential label=msg::JOB_SCHEDULE_ENDED>{move || time_or(info.with(|info| info.end_time), msg::NONE)}</Essential>
            <Essential label=msg::POOL_DISPLAY_NAME>{move || schedule.with(|s| s.job_schedule.settings.display_name.clone()).unwrap_or_else(|| t(msg::NONE).to_owned())}</Essential>
            <Essential label=msg::POOL_URL><code>{url}</code>" "<Copy text=url what=msg::POOL_URL/></Essential>
        </Essentials>
    }
}

#[component]
fn Times(schedule: Signal<JobScheduleSummary>) -> impl IntoView {
    let times = Memo::new(move |_| schedule.with(|s| s.job_schedule.settings.schedule.unwrap_or_default()));
    let length = move |read: fn(&Schedule) -> Option<crate::api::Duration>, otherwise: Msg| {
        move || match times.with(read).filter(|length| !length.is_unlimited()) {
            Some(length) => view! { <DurationText length/> }.into_any(),
            None => t(otherwise).into_any(),
        }
    };
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::JOB_SCHEDULE_RUN)}</h2>
            <Essentials>
                <Essential label=msg::JOB_SCHEDULE_UNTIL>{move || time_or(times.with(|s| s.do_not_run_until), msg::JOB_SCHEDULE_AT_ONCE)}</Essential>
                <Essential label=msg::JOB_SCHEDULE_INTERVAL>{length(|s| s.recurrence_interval, msg::JOB_SCHEDULE_ONCE)}</Essential>
                <Essential label=msg::JOB_SCHEDULE_WINDOW>{length(|s| s.start_window, msg::JOB_SCHEDULE_WINDOW_NONE)}</Essential>
                <Essential label=msg::JOB_SCHEDULE_AFTER>{move || time_or(times.with(|s| s.do_not_run_after), msg::JOB_NO_LIMIT)}</Essential>
            </Essentials>
        </section>
    }
}

/// The settings of the jobs that it makes from now on; all of them are in the properties.
#[component]
fn Jobs(schedule: Signal<JobScheduleSummary>) -> impl IntoView {
    let context = expect_context::<JobScheduleContext>();
    let job = Memo::new(move |_| schedule.with(|s| s.job_schedule.settings.job_specification.clone()));
    let pool = move || {
        if let Some(auto) = job.with(|job| job.pool_info.auto_pool_specification.clone()) {
            return Some(t(job::lifetime(auto.pool_lifetime_option)).into_any());
        }
        let (here, pool) = (context.here.get()?, job.with(|job| job.pool_info.pool_id.clone())?);
        Some(view! { <a href=paths::pool(&here.account, &pool)>{pool.clone()}</a> }.into_any())
    };
    let number = |n: Option<i32>| format::number(language(), n.unwrap_or_default().into());
    let constraints = move || job.with(|job| job.constraints.clone()).unwrap_or_default();
    let max_parallel = move || match job.with(|job| job.max_parallel_tasks) {
        None | Some(-1) => t(msg::JOB_NO_LIMIT).to_owned(),
        n => number(n),
    };
    let wall_clock = move || match constraints().max_wall_clock_time.filter(|length| !length.is_unlimited()) {
        Some(length) => format::duration(language(), length),
        None => t(msg::JOB_NO_LIMIT).to_owned(),
    };
    let retries = move || match constraints().max_task_retry_count {
        Some(-1) => t(msg::POOL_RETRIES_FOR_EVER).to_owned(),
        n => number(n),
    };
    let ends = move || {
        let ends = job.with(|job| job.on_all_tasks_complete) == Some(crate::api::OnAllTasksComplete::TerminateJob);
        t(if ends { msg::POOL_YES } else { msg::POOL_NO })
    };
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::JOB_SCHEDULE_SPECIFICATION)}</h2>
            <Essentials>
                <Essential label=msg::JOB_POOL>{pool}</Essential>
                <Essential label=msg::JOB_PRIORITY>{move || number(job.with(|job| job.priority))}</Essential>
                <Essential label=msg::JOB_MAX_PARALLEL>{max_parallel}</Essential>
                <Essential label=msg::JOB_MAX_WALL_CLOCK>{wall_clock}</Essential>
                <Essential label=msg::JOB_MAX_RETRIES>{retries}</Essential>
                <Essential label=msg::JOB_SCHEDULE_ENDS>{ends}</Essential>
            </Essentials>
        </section>
    }
}

fn time_or(at: Option<Timestamp>, otherwise: Msg) -> AnyView {
    at.map_or_else(|| t(otherwise).into_any(), |at| view! { <Time at/> }.into_any())
}
