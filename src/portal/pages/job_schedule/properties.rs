//! The job schedule as the REST API gives it, to be read or changed.

use leptos::prelude::*;

use super::page::JobScheduleContext;
use crate::api::{JobSchedule, JobScheduleSummary};
use crate::domain::edit;
use crate::domain::job_schedule::{self as rules, Wish};
use crate::domain::permission::Permission;
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::json_edit::{Editing, JsonEdit, JsonTab, of_job_schedule};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::JobScheduleRef;
use crate::portal::state::use_session;
use crate::server_fns::job_schedule_edit;

#[component]
pub fn JobSchedulePropertiesTab() -> impl IntoView {
    let context = expect_context::<JobScheduleContext>();
    let form = move |now, open| context.here.get_untracked().map(|here| view! { <Edit here now open/> });
    view! { <JsonTab reading=context.reading of=|read: &JobScheduleSummary| &read.job_schedule form/> }
}

#[component]
fn Edit(here: JobScheduleRef, now: Signal<JobSchedule>, open: RwSignal<bool>) -> impl IntoView {
    let session = use_session();
    let kind =
        Editing { e_tag: |schedule: &JobSchedule| &schedule.e_tag, check: edit::job_schedule, words: of_job_schedule };
    let name = here.schedule.clone();
    let done = Signal::derive(move || tf(msg::EDIT_SAVED, &[("id", name.as_str())]));
    let send = move |e_tag, edit| {
        let JobScheduleRef { account, schedule } = here.clone();
        job_schedule_edit(account, schedule, e_tag, edit)
    };
    let refusal = Signal::derive(move || {
        refusal::of(session, Permission::JobWrite, now.with(|schedule| rules::refusal(schedule.state, Wish::Update)))
    });
    view! { <JsonEdit now kind send done refusal open/> }
}
