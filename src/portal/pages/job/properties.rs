//! The job as the REST API gives it, to be read or changed.

use leptos::prelude::*;

use super::page::JobContext;
use crate::api::{Job, JobSummary};
use crate::domain::edit;
use crate::domain::job::{self as rules, Wish};
use crate::domain::permission::Permission;
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::json_edit::{Editing, JsonEdit, JsonTab, of_job};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::JobRef;
use crate::portal::state::use_session;
use crate::server_fns::job_edit;

#[component]
pub fn JobPropertiesTab() -> impl IntoView {
    let context = expect_context::<JobContext>();
    let form = move |now, open| context.here.get_untracked().map(|here| view! { <Edit here now open/> });
    view! { <JsonTab reading=context.reading of=|read: &JobSummary| &read.job form/> }
}

#[component]
fn Edit(here: JobRef, now: Signal<Job>, open: RwSignal<bool>) -> impl IntoView {
    let session = use_session();
    let kind = Editing { e_tag: |job: &Job| &job.e_tag, check: edit::job, words: of_job };
    let name = here.job.clone();
    let done = Signal::derive(move || tf(msg::EDIT_SAVED, &[("id", name.as_str())]));
    let send = move |e_tag, edit| {
        let JobRef { account, job } = here.clone();
        job_edit(account, job, e_tag, edit)
    };
    let refusal = Signal::derive(move || {
        refusal::of(session, Permission::JobWrite, now.with(|job| rules::refusal(job.state, Wish::Update)))
    });
    view! { <JsonEdit now kind send done refusal open/> }
}
