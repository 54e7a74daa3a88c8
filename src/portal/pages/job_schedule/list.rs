//! Job schedules of the account with their next and last jobs.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::schedule_commands::{ScheduleFacts, schedule_commands};
use super::schedule_state::{self, JobScheduleStateBadge};
use crate::api::{Change, Changed, JobScheduleState, JobScheduleSummary};
use crate::domain::ids::{AccountName, job_of_schedule};
use crate::domain::permission::Permission;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::data_table::RowCommands;
use crate::portal::components::{
    ButtonKind, Column, Command, CommandBar, DataTable, DurationText, Empty, Icon, PageHeader, Source, StateFilter,
    Time,
};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t};
use crate::portal::pages::job::job_state::JobStateBadge;
use crate::portal::pages::route_ids::JobScheduleRef;
use crate::portal::paths;
use crate::portal::shell::use_account;
use crate::portal::state::{use_changes, use_session};
use crate::server_fns::job_schedule_list;

#[component]
pub fn JobScheduleListPage() -> impl IntoView {
    let account = use_account();
    let session = use_session();
    let tick =
        use_changes(move |change| change.account == account.get_untracked().as_str() && concerns_schedules(change));
    let create = Signal::derive(move || paths::job_schedule_create(account.get()));
    let can_create = move || session.allows(Permission::JobWrite);
    let commands = move || {
        can_create().then(|| {
            view! { <CommandBar commands=vec![Command::link(msg::JOB_SCHEDULE_ADD, Icon::Add, create).primary()]/> }
        })
    };
    let filters = [JobScheduleState::Active, JobScheduleState::Disabled, JobScheduleState::Completed];
    view! {
        <PageHeader title=msg::JOB_SCHEDULES icon=Icon::Clock/>
        {commands}
        <DataTable
            label=msg::JOB_SCHEDULES
            columns=columns(account)
            id=|schedule: &JobScheduleSummary| schedule.job_schedule.settings.id.clone()
            source=Source::new(move |query| job_schedule_list(account.get(), query))
            tick
            filters=filters.map(|state| StateFilter::state(state.as_str(), schedule_state::label(state))).to_vec()
            commands=row_commands(account)
            empty=move || view! {
                <Empty icon=Icon::Clock title=msg::JOB_SCHEDULES_EMPTY text=msg::JOB_SCHEDULES_EMPTY_TEXT command=Signal::stored(CLI_LINE.to_owned())>
                    <Show when=can_create><ButtonLink label=msg::JOB_SCHEDULE_ADD href=create icon=Icon::Add kind=ButtonKind::Primary/></Show>
                </Empty>
            }
        />
    }
}

const CLI_LINE: &str = "az batch job-schedule create --id schedule1 --pool-id pool1 --recurrence-interval PT1H";

/// The schedules themselves, and the jobs that they made: a row shows the state of the last.
fn concerns_schedules(change: &Change) -> bool {
    match &change.what {
        Changed::JobSchedule { .. } | Changed::Account => true,
        Changed::Job { job } => job_of_schedule(job).is_some(),
        Changed::Accounts | Changed::Keys | Changed::Applications | Changed::Pool { .. } | Changed::File { .. } => {
            false
        }
    }
}

fn columns(account: Memo<AccountName>) -> Vec<Column<JobScheduleSummary>> {
    vec![
        Column::new("id", msg::JOB_SCHEDULE_ID, move |schedule: &JobScheduleSummary| {
            let id = schedule.job_schedule.settings.id.clone();
            view! { <a href=paths::job_schedule(account.get(), &id)>{id.clone()}</a> }
        })
        .sortable()
        .width(12.0),
        Column::new("state", msg::JOB_STATE, |schedule: &JobScheduleSummary| {
            view! { <JobScheduleStateBadge state=schedule.job_schedule.state/> }
        })
        .sortable()
        .width(8.5),
        Column::new("nextRunTime", msg::JOB_SCHEDULE_NEXT, |schedule: &JobScheduleSummary| {
            schedule.job_schedule.execution_info.next_run_time.map(|at| view! { <Time at/> })
        })
        .width(8.0),
        Column::new("interval", msg::JOB_SCHEDULE_INTERVAL, |schedule: &JobScheduleSummary| {
            let times = schedule.job_schedule.settings.schedule.unwrap_or_default();
            match times.recurrence_interval.filter(|interval| !interval.is_unlimited()) {
                Some(length) => view! { <DurationText length/> }.into_any(),
                None => t(msg::JOB_SCHEDULE_ONCE).into_any(),
            }
        })
        .width(7.5),
        Column::new("recentJob", msg::JOB_SCHEDULE_RECENT, move |schedule: &JobScheduleSummary| {
            let job = schedule.recent_job.as_ref()?;
            let (id, state) = (job.job.settings.id.clone(), job.job.state);
            Some(view! { <a href=paths::job(account.get(), &id)>{id.clone()}</a>" "<JobStateBadge state/> })
        })
        .width(14.0),
        Column::new("jobs", msg::JOB_SCHEDULE_JOBS, move |schedule: &JobScheduleSummary| {
            let href = paths::job_schedule_jobs(account.get(), &schedule.job_schedule.settings.id);
            view! { <a href=href>{format::number(language(), schedule.n_jobs)}</a> }
        })
        .number()
        .width(6.0),
        Column::new("creationTime", msg::JOB_CREATED, |schedule: &JobScheduleSummary| {
            view! { <Time at=schedule.job_schedule.creation_time/> }
        })
        .sortable()
        .width(8.0),
        Column::new("displayName", msg::POOL_DISPLAY_NAME, |schedule: &JobScheduleSummary| {
            schedule.job_schedule.settings.display_name.clone()
        })
        .hidden()
        .width(14.0),
    ]
}

fn row_commands(account: Memo<AccountName>) -> RowCommands<JobScheduleSummary> {
    let navigate = use_navigate();
    let to_list =
        Callback::new(move |()| navigate(&paths::job_schedules(account.get_untracked()), NavigateOptions::default()));
    RowCommands::new(move |schedule: &JobScheduleSummary| {
        let Ok(id) = schedule.job_schedule.settings.id.parse() else { return Vec::new() };
        let here = JobScheduleRef { account: account.get(), schedule: id };
        schedule_commands(here, Signal::stored(ScheduleFacts::of(schedule)), to_list)
    })
}
