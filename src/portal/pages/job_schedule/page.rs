//! One job schedule: its header, commands and tabs. The tabs are pages of their own below this one.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_navigate;

use super::edit_panel::EditPanel;
use super::schedule_commands::{ScheduleFacts, schedule_commands};
use super::schedule_state::JobScheduleStateBadge;
use crate::api::{Change, Changed, Code, JobScheduleState, JobScheduleSummary};
use crate::domain::ids::job_of_schedule;
use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{CommandBar, Icon, PageHeader, use_query_param};
use crate::portal::i18n::{msg, t};
use crate::portal::pages::path_tabs::PathTabs;
use crate::portal::pages::route_ids::{JobScheduleRef, use_job_schedule_ref};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_changes;
use crate::server_fns::job_schedule_get;

/// What the tabs share with the page.
#[derive(Clone, Copy)]
pub struct JobScheduleContext {
    pub here: Memo<Option<JobScheduleRef>>,
    pub reading: Reading<JobScheduleSummary>,
    /// Ticks when the schedule or a job of it has changed.
    pub tick: Signal<u32>,
}

#[component]
pub fn JobSchedulePage() -> impl IntoView {
    let here = use_job_schedule_ref();
    let tick =
        use_changes(move |change| here.with_untracked(|here| here.as_ref().is_some_and(|here| concerns(change, here))));
    let reading = use_reading(
        move || here.get(),
        tick,
        |here| async move {
            let here = here.ok_or(Code::JobScheduleNotFound)?;
            job_schedule_get(here.account, here.schedule).await
        },
    );
    provide_context(JobScheduleContext { here, reading, tick });
    let id = Signal::derive(move || here.get().map(|here| here.schedule.to_string()).unwrap_or_default());
    let state = Signal::derive(move || reading.with(|s| s.map_or(JobScheduleState::Active, |s| s.job_schedule.state)));
    view! {
        <PageHeader title=id kind=Signal::derive(|| Some(t(msg::JOB_SCHEDULE).to_owned())) icon=Icon::Clock>
            <Show when=move || reading.with(|schedule| schedule.is_some())><JobScheduleStateBadge state/></Show>
        </PageHeader>
        {move || here.get().map(|here| view! { <JobScheduleCommands here/> <JobScheduleTabs/> })}
        <Outlet/>
    }
}

/// Whether a change is about this schedule or a job that it made.
fn concerns(change: &Change, here: &JobScheduleRef) -> bool {
    let is_ours = |schedule: &str| schedule.eq_ignore_ascii_case(here.schedule.as_str());
    change.account == here.account.as_str()
        && match &change.what {
            Changed::JobSchedule { schedule } => is_ours(schedule),
            Changed::Job { job } => job_of_schedule(job).is_some_and(|(schedule, _)| is_ours(schedule)),
            Changed::Accounts
            | Changed::Account
            | Changed::Keys
            | Changed::Applications
            | Changed::Pool { .. }
            | Changed::File { .. } => false,
        }
}

#[component]
fn JobScheduleCommands(here: JobScheduleRef) -> impl IntoView {
    let context = expect_context::<JobScheduleContext>();
    let navigate = use_navigate();
    let list = paths::job_schedules(&here.account);
    let deleted = Callback::new(move |()| navigate(&list, NavigateOptions::default()));
    let facts = Memo::new(move |last: Option<&ScheduleFacts>| {
        let known = context.reading.with(|schedule| schedule.map(ScheduleFacts::of));
        known.or(last.copied()).unwrap_or(ScheduleFacts::UNKNOWN)
    });
    let commands = StoredValue::new(schedule_commands(here.clone(), facts.into(), deleted));
    let has_data = Memo::new(move |_| context.reading.with(|schedule| schedule.is_some()));
    let editing = panel_open(use_query_param("panel"), "edit", has_data);
    let edited = StoredValue::new(here);
    // Asked for only while there is data.
    let schedule = Memo::new(move |last: Option<&Option<JobScheduleSummary>>| {
        context.reading.get().or_else(|| last.cloned().flatten())
    });
    let shown = Signal::derive(move || schedule.get().expect("there is data"));
    view! {
        <Show when=move || has_data.get()>
            <CommandBar commands=commands.get_value()/>
            <EditPanel open=editing here=edited.get_value() schedule=shown/>
        </Show>
    }
}

#[component]
fn JobScheduleTabs() -> impl IntoView {
    let context = expect_context::<JobScheduleContext>();
    let tabs = Signal::derive(move || {
        let Some(here) = context.here.get() else { return Vec::new() };
        let schedule = paths::job_schedule(&here.account, &here.schedule);
        vec![
            (msg::POOL_OVERVIEW, schedule.clone()),
            (msg::JOB_SCHEDULE_JOBS, paths::job_schedule_jobs(&here.account, &here.schedule)),
            (msg::POOL_PROPERTIES, paths::job_schedule_properties(&here.account, &here.schedule)),
        ]
    });
    view! { <PathTabs label=msg::JOB_SCHEDULE tabs/> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedules_page_follows_the_schedule_and_its_jobs() {
        let here = JobScheduleRef { account: "abc".parse().unwrap(), schedule: "s".parse().unwrap() };
        let check = |account: &str, what: Changed, expected: bool| {
            assert_eq!(concerns(&Change { account: account.into(), what: what.clone() }, &here), expected, "{what:?}");
        };
        check("abc", Changed::JobSchedule { schedule: "s".into() }, true);
        check("abc", Changed::JobSchedule { schedule: "s2".into() }, false);
        check("abd", Changed::JobSchedule { schedule: "s".into() }, false);
        check("abc", Changed::Job { job: "S:job-3".into() }, true);
        check("abc", Changed::Job { job: "s".into() }, false);
        check("abc", Changed::Keys, false);
    }
}
