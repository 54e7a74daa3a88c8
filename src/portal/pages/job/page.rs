//! One job: its header, commands and tabs. The tabs are pages of their own below this one.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_navigate;

use super::edit_panel::EditPanel;
use super::job_commands::{JobFacts, JobPanels, job_commands};
use super::job_panels::{DisableDialog, TerminateDialog};
use super::job_state::JobStateBadge;
use crate::api::{Change, Changed, Code, JobState, JobSummary};
use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{CommandBar, Icon, PageHeader, use_query_param};
use crate::portal::i18n::{msg, t};
use crate::portal::pages::path_tabs::PathTabs;
use crate::portal::pages::route_ids::{JobRef, use_job_ref};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_changes;
use crate::server_fns::job_get;

/// What the tabs share with the page.
#[derive(Clone, Copy)]
pub struct JobContext {
    pub here: Memo<Option<JobRef>>,
    pub reading: Reading<JobSummary>,
}

#[component]
pub fn JobPage() -> impl IntoView {
    let here = use_job_ref();
    let tick =
        use_changes(move |change| here.with_untracked(|here| here.as_ref().is_some_and(|here| concerns(change, here))));
    let reading = use_reading(
        move || here.get(),
        tick,
        |here| async move {
            let here = here.ok_or(Code::JobNotFound)?;
            job_get(here.account, here.job).await
        },
    );
    provide_context(JobContext { here, reading });
    let id = Signal::derive(move || here.get().map(|here| here.job.to_string()).unwrap_or_default());
    let state = Signal::derive(move || reading.with(|job| job.map_or(JobState::Active, |job| job.job.state)));
    view! {
        <PageHeader title=id kind=Signal::derive(|| Some(t(msg::JOB_KIND).to_owned())) icon=Icon::Job>
            <Show when=move || reading.with(|job| job.is_some())><JobStateBadge state/></Show>
        </PageHeader>
        {move || here.get().map(|here| view! { <JobCommands here/> <JobTabs/> })}
        <Outlet/>
    }
}

/// Whether a change is about this job or its tasks.
pub fn concerns(change: &Change, here: &JobRef) -> bool {
    change.account == here.account.as_str() && matches!(&change.what, Changed::Job { job } if job == here.job.as_str())
}

#[component]
fn JobCommands(here: JobRef) -> impl IntoView {
    let context = expect_context::<JobContext>();
    let navigate = use_navigate();
    let list = paths::jobs(&here.account);
    let (disabling, terminating) = (RwSignal::new(false), RwSignal::new(false));
    let panels = JobPanels {
        disable: Callback::new(move |()| disabling.set(true)),
        terminate: Callback::new(move |()| terminating.set(true)),
        deleted: Callback::new(move |()| navigate(&list, NavigateOptions::default())),
    };
    let facts = Memo::new(move |last: Option<&JobFacts>| {
        context.reading.with(|job| job.map(JobFacts::of)).or(last.copied()).unwrap_or(JobFacts::UNKNOWN)
    });
    let commands = StoredValue::new(job_commands(here.clone(), facts.into(), panels));
    let has_data = Memo::new(move |_| context.reading.with(|job| job.is_some()));
    let editing = panel_open(use_query_param("panel"), "edit", has_data);
    let edited = StoredValue::new(here.clone());
    // Asked for only while there is data.
    let job =
        Memo::new(move |last: Option<&Option<JobSummary>>| context.reading.get().or_else(|| last.cloned().flatten()));
    view! {
        <Show when=move || has_data.get()><CommandBar commands=commands.get_value()/></Show>
        <DisableDialog open=disabling here=here.clone()/>
        <TerminateDialog open=terminating here/>
        <Show when=move || has_data.get()>
            <EditPanel open=editing here=edited.get_value() job=Signal::derive(move || job.get().expect("there is data"))/>
        </Show>
    }
}

#[component]
fn JobTabs() -> impl IntoView {
    let context = expect_context::<JobContext>();
    let tabs = Signal::derive(move || {
        let Some(here) = context.here.get() else { return Vec::new() };
        let job = paths::job(&here.account, &here.job);
        let has_preparation =
            context.reading.with(|job| job.is_some_and(|job| job.job.settings.job_preparation_task.is_some()));
        let preparation = has_preparation.then(|| (msg::JOB_PREPARATION, paths::job_nodes(&here.account, &here.job)));
        let mut tabs =
            vec![(msg::POOL_OVERVIEW, job.clone()), (msg::JOB_TASKS, paths::tasks(&here.account, &here.job))];
        tabs.extend(preparation);
        tabs.push((msg::POOL_PROPERTIES, paths::job_properties(&here.account, &here.job)));
        tabs
    });
    view! { <PathTabs label=msg::JOB_KIND tabs/> }
}
