//! The form of a new job schedule: basics, times, what the jobs are like, their environment, review.

use leptos::prelude::*;

use super::parts::{Jobs, Times, as_named_here};
use super::schedule_form::{ScheduleFields, ScheduleForm};
use crate::api;
use crate::portal::components::{
    Field, FieldErrors, Icon, Loaded, PageHeader, Review, ReviewItem, TextInput, Wizard, WizardStep,
};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::pages::job::{
    JobEnvironment, JobFields, JobForm, JobPlace, JobPreparation, JobReviewItems, PLACE_FIELDS, Place, hint,
};
use crate::portal::pages::making::{Made, Making};
use crate::portal::pages::pool::{Surroundings, use_surroundings};
use crate::portal::paths;
use crate::portal::shell::use_account;
use crate::portal::state::use_session;
use crate::server_fns::job_schedule_add;

#[component]
pub fn JobScheduleCreatePage() -> impl IntoView {
    let surroundings = use_surroundings();
    view! {
        <PageHeader title=msg::JOB_SCHEDULE_ADD icon=Icon::Clock/>
        <Loaded reading=surroundings lines=8 let:surroundings><JobScheduleWizard surroundings/></Loaded>
    }
}

#[component]
fn JobScheduleWizard(surroundings: Signal<Surroundings>) -> impl IntoView {
    let (account, session) = (use_account(), use_session());
    let fields = ScheduleFields::new(ScheduleForm::default());
    let job = JobFields::new(JobForm { ends_with_tasks: true, ..JobForm::default() });
    let making = Making::new();
    let place = Place::new(surroundings);
    let checked = Memo::new(move |_| {
        let sizes = surroundings.with(|s| s.sizes.clone());
        let set = |schedule: &mut api::JobScheduleCreate, info| schedule.job_specification.pool_info = info;
        let make = |job: &JobForm| fields.get().to_create(job);
        place.choice.get().put(job.get(), || place.pool.get(), &sizes, make, set)
    });
    let submit = move |()| {
        let Ok(create) = checked.get_untracked() else { return };
        let account = account.get_untracked();
        let made = Made {
            note: tf(msg::JOB_SCHEDULE_CREATED_NOTE, &[("schedule", &create.id)]),
            page: paths::job_schedule(&account, &create.id),
        };
        making.send(async move { job_schedule_add(account, create).await.map_err(as_named_here) }, made);
    };
    let steps = vec![
        WizardStep::new("basics", msg::POOL_STEP_BASICS, PLACE_FIELDS, move || view! { <Basics fields job place/> }),
        WizardStep::new("times", msg::JOB_SCHEDULE_STEP_TIMES, &["schedule"], move || view! { <Times fields/> }),
        WizardStep::new(
            "jobs",
            msg::JOB_SCHEDULE_STEP_JOBS,
            &["jobManagerTask", "maxParallelTasks", "constraints", "onAllTasksComplete"],
            move || view! { <Jobs job/> },
        ),
        WizardStep::new(
            "preparation",
            msg::JOB_STEP_PREPARATION,
            &["jobPreparationTask", "jobReleaseTask"],
            move || view! { <JobPreparation fields=job/> },
        ),
        WizardStep::new(
            "environment",
            msg::JOB_STEP_ENVIRONMENT,
            &["commonEnvironmentSettings", "metadata"],
            move || view! { <JobEnvironment fields=job/> },
        ),
    ];
    view! {
        <Wizard
            steps
            errors=Signal::derive(move || checked.get().err().unwrap_or_else(FieldErrors::default))
            pending=making.pending
            error=making.error
            submit=msg::JOB_SCHEDULE_CREATE
            cancel=Signal::derive(move || paths::job_schedules(account.get()))
            refusal=Signal::derive(move || place.refusal(session))
            on_submit=submit
            review=move || view! { <JobScheduleReview fields job place/> }
        />
    }
}

#[component]
fn Basics(fields: ScheduleFields, job: JobFields, place: Place) -> impl IntoView {
    view! {
        <Field name="id" label=msg::JOB_SCHEDULE_ID hint=hint(msg::FORM_ID_HINT) required=true><TextInput value=fields.id code=true/></Field>
        <Field name="displayName" label=msg::POOL_DISPLAY_NAME><TextInput value=fields.display_name/></Field>
        <JobPlace fields=job place of_schedule=true/>
    }
}

#[component]
fn JobScheduleReview(fields: ScheduleFields, job: JobFields, place: Place) -> impl IntoView {
    let text = move |of: fn(&ScheduleForm) -> String| Signal::derive(move || of(&fields.get()));
    let or = move |value: RwSignal<String>, otherwise: Msg| {
        Signal::derive(move || {
            value.with(|text| if text.trim().is_empty() { t(otherwise).to_owned() } else { text.clone() })
        })
    };
    view! {
        <Review>
            <ReviewItem label=msg::JOB_SCHEDULE_ID value=text(|form| form.id.clone())/>
            <ReviewItem label=msg::POOL_DISPLAY_NAME value=text(|form| form.display_name.clone())/>
            <ReviewItem label=msg::JOB_SCHEDULE_UNTIL value=or(fields.until, msg::JOB_SCHEDULE_AT_ONCE)/>
            <ReviewItem label=msg::JOB_SCHEDULE_INTERVAL value=or(fields.interval, msg::JOB_SCHEDULE_ONCE)/>
            <ReviewItem label=msg::JOB_SCHEDULE_WINDOW value=or(fields.window, msg::JOB_SCHEDULE_WINDOW_NONE)/>
            <ReviewItem label=msg::JOB_SCHEDULE_AFTER value=or(fields.after, msg::JOB_NO_LIMIT)/>
            <ReviewItem label=msg::JOB_SCHEDULE_MANAGER value=job.manager_command/>
            <JobReviewItems fields=job place/>
        </Review>
    }
}
