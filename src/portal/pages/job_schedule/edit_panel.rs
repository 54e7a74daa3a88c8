//! The panel that changes a job schedule: its times, and what the jobs are like that it makes from now on.

use leptos::prelude::*;

use super::parts::{Jobs, Times, as_named_here};
use super::schedule_form::{ScheduleFields, ScheduleForm};
use crate::api::JobScheduleSummary;
use crate::domain::job_schedule::{self as rules, Wish};
use crate::domain::permission::Permission;
use crate::portal::components::SidePanel;
use crate::portal::i18n::{msg, tf, tx};
use crate::portal::pages::job::{JobEnvironment, JobFields, JobForm, JobPreparation, JobPriority, KnownPool};
use crate::portal::pages::panel_form::PanelForm;
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::JobScheduleRef;
use crate::portal::state::use_session;
use crate::server_fns::job_schedule_patch;

#[component]
pub fn EditPanel(
    open: RwSignal<bool>,
    here: JobScheduleRef,
    #[prop(into)] schedule: Signal<JobScheduleSummary>,
) -> impl IntoView {
    let here = StoredValue::new(here);
    let title =
        move || here.with_value(|here| tf(msg::JOB_SCHEDULE_EDIT_TITLE, &[("schedule", here.schedule.as_str())]));
    view! {
        <SidePanel open title=Signal::derive(title)>
            <EditBody open here=here.get_value() schedule/>
        </SidePanel>
    }
}

#[component]
fn EditBody(open: RwSignal<bool>, here: JobScheduleRef, schedule: Signal<JobScheduleSummary>) -> impl IntoView {
    let session = use_session();
    // As it was when the panel was opened: what somebody else changes meanwhile is not undone where this form leaves it alone.
    let old = StoredValue::new(schedule.with_untracked(|schedule| schedule.job_schedule.settings.clone()));
    let fields = ScheduleFields::new(old.with_value(ScheduleForm::of));
    let job = JobFields::new(old.with_value(|old| JobForm::of(&old.job_specification)));
    let has_pool = old.with_value(|old| old.job_specification.pool_info.pool_id.is_some());
    let begins_anew = Memo::new(move |_| old.with_value(|old| fields.get().begins_anew(old)));
    let checked = Memo::new(move |_| old.with_value(|old| fields.get().to_patch(&job.get(), old)));
    let state = Memo::new(move |_| schedule.with(|schedule| schedule.job_schedule.state));
    let refused =
        Signal::derive(move || refusal::of(session, Permission::JobWrite, rules::refusal(state.get(), Wish::Update)));
    let name = here.schedule.clone();
    let done = Signal::derive(move || tf(msg::JOB_SCHEDULE_EDITED, &[("schedule", name.as_str())]));
    let send = move |patch| {
        let JobScheduleRef { account, schedule } = here.clone();
        async move { job_schedule_patch(account, schedule, patch).await.map_err(as_named_here) }
    };
    view! {
        <PanelForm open checked send done refusal=refused>
            <p class="form__note">{tx(msg::JOB_SCHEDULE_EDIT_NOTE)}</p>
            <h3 class="card__title">{tx(msg::JOB_SCHEDULE_STEP_TIMES)}</h3>
            <Times fields/>
            <Show when=move || begins_anew.get()>
                <p class="form__note" role="status">{tx(msg::JOB_SCHEDULE_EDIT_ANEW)}</p>
            </Show>
            <h3 class="card__title">{tx(msg::JOB_SCHEDULE_SPECIFICATION)}</h3>
            {if has_pool {
                view! { <KnownPool fields=job/> }.into_any()
            } else {
                view! { <p class="form__note">{tx(msg::JOB_SCHEDULE_EDIT_OWN_POOL)}</p> }.into_any()
            }}
            <JobPriority fields=job/>
            <Jobs job/>
            <h3 class="card__title">{tx(msg::JOB_STEP_PREPARATION)}</h3>
            <JobPreparation fields=job/>
            <h3 class="card__title">{tx(msg::JOB_STEP_ENVIRONMENT)}</h3>
            <JobEnvironment fields=job/>
        </PanelForm>
    }
}
