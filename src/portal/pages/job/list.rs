//! Jobs of the account with their progress.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::job_commands::{JobFacts, JobPanels, job_commands};
use super::job_counts::JobBar;
use super::job_panels::{DisableDialog, TerminateDialog};
use super::job_state::{self, JobStateBadge};
use crate::api::{Changed, JobState, JobSummary};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::data_table::RowCommands;
use crate::portal::components::{
    ButtonKind, Column, Command, CommandBar, DataTable, Empty, Icon, PageHeader, Source, StateFilter, Time,
};
use crate::portal::format;
use crate::portal::i18n::{language, msg};
use crate::portal::pages::route_ids::JobRef;
use crate::portal::paths;
use crate::portal::shell::use_account;
use crate::portal::state::{use_changes, use_session};
use crate::server_fns::job_list;

#[component]
pub fn JobListPage() -> impl IntoView {
    let account = use_account();
    let session = use_session();
    let tick = use_changes(move |change| {
        change.account == account.get_untracked().as_str()
            && matches!(change.what, Changed::Job { .. } | Changed::Account)
    });
    let create = Signal::derive(move || paths::job_create(account.get()));
    let can_create = move || session.allows(Permission::JobWrite);
    let commands = move || {
        can_create()
            .then(|| view! { <CommandBar commands=vec![
                Command::link(msg::JOB_ADD, Icon::Add, create).primary(),
                Command::link(msg::JSON_CREATE, Icon::Properties, Signal::derive(move || paths::job_from_json(account.get(), ""))),
            ]/> })
    };
    let source = Source::new(move |query| job_list(account.get(), query));
    let empty = move || {
        view! {
            <Empty icon=Icon::Job title=msg::JOBS_EMPTY text=msg::JOBS_EMPTY_TEXT command=Signal::stored(CLI_LINE.to_owned())>
                <Show when=can_create><ButtonLink label=msg::JOB_ADD href=create icon=Icon::Add kind=ButtonKind::Primary/></Show>
            </Empty>
        }
    };
    view! {
        <PageHeader title=msg::JOBS icon=Icon::Job/>
        {commands}
        <JobTable source tick home=Signal::derive(move || paths::jobs(account.get())) empty/>
    }
}

/// Jobs of the account or of a schedule, with what can be done to them.
#[component]
pub fn JobTable(
    source: Source<JobSummary>,
    #[prop(into)] tick: Signal<u32>,
    /// The page that the table is on: shown when a job was deleted.
    home: Signal<String>,
    #[prop(into)] empty: ViewFn,
) -> impl IntoView {
    let account = use_account();
    let filters = [JobState::Active, JobState::Disabled, JobState::Completed];
    // The job whose row's menu has asked for a dialog.
    let asked = RwSignal::new(None::<JobRef>);
    let (disabling, terminating) = (RwSignal::new(false), RwSignal::new(false));
    view! {
        <DataTable
            label=msg::JOBS
            columns=columns(account)
            id=|job: &JobSummary| job.job.settings.id.clone()
            source
            tick
            filters=filters.map(|state| StateFilter::state(state.as_str(), job_state::label(state))).to_vec()
            commands=row_commands(account, home, asked, disabling, terminating)
            empty
        />
        {move || asked.get().map(|here| view! {
            <DisableDialog open=disabling here=here.clone()/>
            <TerminateDialog open=terminating here/>
        })}
    }
}

const CLI_LINE: &str = "az batch job create --id job1 --pool-id pool1";

fn columns(account: Memo<AccountName>) -> Vec<Column<JobSummary>> {
    let number = |n: i64| format::number(language(), n);
    vec![
        Column::new("id", msg::JOB_ID, move |job: &JobSummary| {
            let id = job.job.settings.id.clone();
            view! { <a href=paths::job(account.get(), &id)>{id.clone()}</a> }
        })
        .sortable()
        .width(12.0),
        Column::new("state", msg::JOB_STATE, |job: &JobSummary| view! { <JobStateBadge state=job.job.state/> })
            .sortable()
            .width(8.5),
        Column::new(
            "progress",
            msg::JOB_PROGRESS,
            |job: &JobSummary| view! { <JobBar counts=job.counts.task_counts/> },
        )
        .width(9.0),
        Column::new("tasks", msg::JOB_TASKS, move |job: &JobSummary| {
            let counts = job.counts.task_counts;
            format!("{} / {}", number(counts.completed), number(counts.total()))
        })
        .number()
        .width(8.0),
        Column::new("failed", msg::JOB_FAILED, move |job: &JobSummary| {
            let href = paths::with_query(paths::tasks(account.get(), &job.job.settings.id), &[("failed", "1")]);
            match job.counts.task_counts.failed {
                0 => number(0).into_any(),
                n => view! { <a class="failed-count" href=href>{number(n)}</a> }.into_any(),
            }
        })
        .number()
        .width(6.5),
        Column::new("pool", msg::JOB_POOL, move |job: &JobSummary| {
            job.job.execution_info.pool_id.clone().map(|pool| {
                view! { <a href=paths::pool(account.get(), &pool)>{pool.clone()}</a> }
            })
        })
        .width(9.0),
        Column::new("priority", msg::JOB_PRIORITY, move |job: &JobSummary| {
            number(job.job.settings.priority.unwrap_or_default().into())
        })
        .sortable()
        .number()
        .hidden(),
        Column::new("creationTime", msg::JOB_CREATED, |job: &JobSummary| view! { <Time at=job.job.creation_time/> })
            .sortable()
            .width(8.0),
        Column::new("displayName", msg::POOL_DISPLAY_NAME, |job: &JobSummary| job.job.settings.display_name.clone())
            .hidden()
            .width(14.0),
    ]
}

fn row_commands(
    account: Memo<AccountName>,
    home: Signal<String>,
    asked: RwSignal<Option<JobRef>>,
    disabling: RwSignal<bool>,
    terminating: RwSignal<bool>,
) -> RowCommands<JobSummary> {
    let navigate = use_navigate();
    let go = Callback::new(move |path: String| navigate(&path, NavigateOptions::default()));
    RowCommands::new(move |job: &JobSummary| {
        let (Ok(id), account) = (job.job.settings.id.parse(), account.get()) else { return Vec::new() };
        let here = JobRef { account, job: id };
        let open = |dialog: RwSignal<bool>| {
            let here = here.clone();
            Callback::new(move |()| {
                asked.set(Some(here.clone()));
                dialog.set(true);
            })
        };
        let panels = JobPanels {
            disable: open(disabling),
            terminate: open(terminating),
            deleted: Callback::new(move |()| go.run(home.get_untracked())),
        };
        job_commands(here, Signal::stored(JobFacts::of(job)), panels)
    })
}
