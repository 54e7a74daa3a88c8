//! The form of a new job: basics, limits, environment, review.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::create_json::JobFromJson;
use super::job_form::{JobFields, JobForm, MANAGER_CONTAINER, PREPARATION_CONTAINER, RELEASE_CONTAINER, is_said};
use super::place::{JobPlace, PLACE_FIELDS, Place, PlaceReview};
use super::place_form::as_named_here;
use crate::api;
use crate::portal::components::{
    Checkbox, Field, FieldErrors, Icon, Loaded, NumberInput, PageHeader, Review, ReviewItem, TextArea, TextInput,
    Wizard, WizardStep,
};
use crate::portal::i18n::{Msg, msg, t, tf, tn};
use crate::portal::pages::application::ReferenceEditor;
use crate::portal::pages::container::{ContainerChoice, ContainerFold};
use crate::portal::pages::json_form::AsJson;
use crate::portal::pages::making::{Made, Making};
use crate::portal::pages::pairs_editor::PairsEditor;
use crate::portal::pages::pool::{Surroundings, use_surroundings};
use crate::portal::pages::run_as::RunAsField;
use crate::portal::pages::typed::Pair;
use crate::portal::paths;
use crate::portal::shell::use_account;
use crate::portal::state::use_session;
use crate::server_fns::job_create;

#[component]
pub fn JobCreatePage() -> impl IntoView {
    match use_query_map().with_untracked(AsJson::read) {
        Some(how) => view! { <JobFromJson how/> }.into_any(),
        None => view! { <JobFromForm/> }.into_any(),
    }
}

#[component]
fn JobFromForm() -> impl IntoView {
    let surroundings = use_surroundings();
    view! {
        <PageHeader title=msg::JOB_ADD icon=Icon::Job/>
        <Loaded reading=surroundings lines=8 let:surroundings><JobWizard surroundings/></Loaded>
    }
}

#[component]
fn JobWizard(surroundings: Signal<Surroundings>) -> impl IntoView {
    let (account, session) = (use_account(), use_session());
    let pool = use_query_map().with_untracked(|query| query.get("pool")).unwrap_or_default();
    let fields = JobFields::new(JobForm { pool, ..JobForm::default() });
    let making = Making::new();
    let place = Place::new(surroundings);
    let checked = Memo::new(move |_| {
        let sizes = surroundings.with(|s| s.sizes.clone());
        let set = |job: &mut api::JobCreate, info| job.pool_info = info;
        place.choice.get().put(fields.get(), || place.pool.get(), &sizes, JobForm::to_create, set)
    });
    let submit = move |()| {
        let Ok(create) = checked.get_untracked() else { return };
        let account = account.get_untracked();
        let made =
            Made { note: tf(msg::JOB_CREATED_NOTE, &[("job", &create.id)]), page: paths::job(&account, &create.id) };
        making.send(async move { job_create(account, create).await.map_err(as_named_here) }, made);
    };
    let steps = vec![
        WizardStep::new("basics", msg::POOL_STEP_BASICS, PLACE_FIELDS, move || view! { <Basics fields place/> }),
        WizardStep::new(
            "limits",
            msg::JOB_STEP_LIMITS,
            &["maxParallelTasks", "constraints", "onAllTasksComplete", "jobManagerTask"],
            move || view! { <Limits fields/> },
        ),
        WizardStep::new(
            "preparation",
            msg::JOB_STEP_PREPARATION,
            &["jobPreparationTask", "jobReleaseTask"],
            move || view! { <JobPreparation fields/> },
        ),
        WizardStep::new(
            "environment",
            msg::JOB_STEP_ENVIRONMENT,
            &["commonEnvironmentSettings", "metadata"],
            move || view! { <JobEnvironment fields/> },
        ),
    ];
    view! {
        <Wizard
            steps
            errors=Signal::derive(move || checked.get().err().unwrap_or_else(FieldErrors::default))
            pending=making.pending
            error=making.error
            submit=msg::JOB_CREATE
            cancel=Signal::derive(move || paths::jobs(account.get()))
            refusal=Signal::derive(move || place.refusal(session))
            on_submit=submit
            review=move || view! { <JobReview fields place/> }
        />
    }
}

#[component]
fn Basics(fields: JobFields, place: Place) -> impl IntoView {
    view! {
        <Field name="id" label=msg::JOB_ID hint=hint(msg::FORM_ID_HINT) required=true><TextInput value=fields.id code=true/></Field>
        <Field name="displayName" label=msg::POOL_DISPLAY_NAME><TextInput value=fields.display_name/></Field>
        <JobPlace fields place/>
    }
}

#[component]
fn Limits(fields: JobFields) -> impl IntoView {
    view! {
        <JobLimits fields/>
        <Field name="jobManagerTask.commandLine" label=msg::JOB_MANAGER hint=hint(msg::JOB_MANAGER_HINT)><TextInput value=fields.manager_command code=true/></Field>
        <JobManager fields/>
        <Checkbox value=fields.ends_with_tasks label=msg::JOB_ENDS_WITH_TASKS hint=hint(msg::JOB_ENDS_WITH_TASKS_HINT)/>
        <JobRules fields/>
    }
}

/// What a job manager task has beside its command, where there is one.
#[component]
pub fn JobManager(fields: JobFields) -> impl IntoView {
    view! {
        <Show when=move || is_said(&fields.manager_command.get(), &fields.manager_in.get())>
            <ContainerFold name=MANAGER_CONTAINER label=msg::JOB_MANAGER_CONTAINER hint=msg::JOB_MANAGER_CONTAINER_HINT choice=fields.manager_in/>
            <RunAsField name="jobManagerTask.userIdentity" label=msg::JOB_MANAGER_AS choice=fields.manager_as/>
            <Field name="jobManagerTask.applicationPackageReferences" label=msg::JOB_MANAGER_PACKAGES hint=hint(msg::REFERENCES_TASK_HINT) group=true>
                <ReferenceEditor references=fields.manager_packages/>
            </Field>
        </Show>
    }
}

/// How a job's tasks depend on each other and give way to each other.
#[component]
pub fn JobRules(fields: JobFields) -> impl IntoView {
    view! {
        <Checkbox value=fields.uses_dependencies label=msg::JOB_USES_DEPENDENCIES hint=hint(msg::JOB_USES_DEPENDENCIES_HINT)/>
        <Checkbox value=fields.performs_job_actions label=msg::JOB_ACTIONS hint=hint(msg::JOB_ACTIONS_HINT)/>
        <Checkbox value=fields.fails_dependents label=msg::JOB_FAIL_DEPENDENTS hint=hint(msg::JOB_FAIL_DEPENDENTS_HINT)/>
        <Checkbox value=fields.keeps_order label=msg::JOB_STRICT_ORDER hint=hint(msg::JOB_STRICT_ORDER_HINT)/>
        <Checkbox value=fields.allows_preemption label=msg::JOB_PREEMPTION hint=hint(msg::JOB_PREEMPTION_HINT)/>
    }
}

/// What runs on each node before a job's tasks, and after all of them.
#[component]
pub fn JobPreparation(fields: JobFields) -> impl IntoView {
    view! {
        <Field name="jobPreparationTask.commandLine" label=msg::JOB_PREPARATION_COMMAND hint=hint(msg::JOB_PREPARATION_HINT)>
            <TextArea value=fields.preparation_command code=true rows=3/>
        </Field>
        <Show when=move || is_said(&fields.preparation_command.get(), &fields.preparation_in.get())>
            <ContainerFold name=PREPARATION_CONTAINER label=msg::JOB_PREPARATION_CONTAINER hint=msg::CONTAINER_HINT_OPTIONAL choice=fields.preparation_in/>
            <RunAsField name="jobPreparationTask.userIdentity" label=msg::JOB_PREPARATION_AS choice=fields.preparation_as/>
        </Show>
        <Field name="jobPreparationTask.constraints" label=msg::JOB_PREPARATION_RETRIES hint=hint(msg::FORM_RETRIES_HINT)><NumberInput value=fields.preparation_retries min=-1/></Field>
        <Field name="jobPreparationTask.constraints.retentionTime" label=msg::JOB_PREPARATION_RETENTION hint=hint(msg::JOB_PREPARATION_RETENTION_HINT)>
            <TextInput value=fields.preparation_retention code=true placeholder=Signal::derive(|| Some(t(msg::TASK_RETENTION_EXAMPLE).to_owned()))/>
        </Field>
        <Checkbox value=fields.preparation_wait label=msg::JOB_PREPARATION_WAIT hint=hint(msg::JOB_PREPARATION_WAIT_HINT)/>
        <Field name="jobReleaseTask" label=msg::JOB_RELEASE_COMMAND hint=hint(msg::JOB_RELEASE_HINT)>
            <TextArea value=fields.release_command code=true rows=3/>
        </Field>
        <Show when=move || is_said(&fields.release_command.get(), &fields.release_in.get())>
            <ContainerFold name=RELEASE_CONTAINER label=msg::JOB_RELEASE_CONTAINER hint=msg::CONTAINER_HINT_OPTIONAL choice=fields.release_in/>
            <RunAsField name="jobReleaseTask.userIdentity" label=msg::JOB_RELEASE_AS choice=fields.release_as/>
        </Show>
        <Field name="jobReleaseTask.retentionTime" label=msg::JOB_RELEASE_RETENTION hint=hint(msg::TASK_RETENTION_HINT)>
            <TextInput value=fields.release_retention code=true placeholder=Signal::derive(|| Some(t(msg::TASK_RETENTION_EXAMPLE).to_owned()))/>
        </Field>
    }
}

#[component]
pub fn JobLimits(fields: JobFields) -> impl IntoView {
    view! {
        <Field name="maxParallelTasks" label=msg::JOB_MAX_PARALLEL hint=hint(msg::JOB_EMPTY_NO_LIMIT)><NumberInput value=fields.max_parallel_tasks min=1/></Field>
        <Field name="constraints.maxWallClockTime" label=msg::JOB_MAX_WALL_CLOCK hint=hint(msg::JOB_MAX_WALL_CLOCK_HINT)>
            <TextInput value=fields.max_wall_clock code=true placeholder=Signal::derive(|| Some(t(msg::FORM_LENGTH_EXAMPLE).to_owned()))/>
        </Field>
        <Field name="constraints.maxTaskRetryCount" label=msg::JOB_MAX_RETRIES hint=hint(msg::FORM_RETRIES_HINT)><NumberInput value=fields.max_retries min=-1/></Field>
    }
}

#[component]
pub fn JobEnvironment(fields: JobFields) -> impl IntoView {
    view! {
        <Field name="commonEnvironmentSettings" label=msg::JOB_ENVIRONMENT hint=hint(msg::JOB_ENVIRONMENT_HINT) group=true>
            <PairsEditor pairs=fields.environment add=msg::FORM_ADD_VARIABLE/>
        </Field>
        <Field name="metadata" label=msg::JOB_METADATA hint=hint(msg::JOB_METADATA_HINT) group=true>
            <PairsEditor pairs=fields.metadata add=msg::JOB_ADD_METADATA/>
        </Field>
    }
}

#[component]
fn JobReview(fields: JobFields, place: Place) -> impl IntoView {
    let text = move |of: fn(&JobForm) -> String| Signal::derive(move || of(&fields.get()));
    view! {
        <Review>
            <ReviewItem label=msg::JOB_ID value=text(|form| form.id.clone())/>
            <ReviewItem label=msg::POOL_DISPLAY_NAME value=text(|form| form.display_name.clone())/>
            <JobReviewItems fields place/>
        </Review>
    }
}

/// What a review says of a job's settings, id and name apart.
#[component]
pub fn JobReviewItems(fields: JobFields, place: Place) -> impl IntoView {
    let text = move |of: fn(&JobForm) -> String| Signal::derive(move || of(&fields.get()));
    let or_no_limit = move |value: RwSignal<String>| {
        Signal::derive(move || {
            value.with(|text| if text.trim().is_empty() { t(msg::JOB_NO_LIMIT).to_owned() } else { text.clone() })
        })
    };
    let n_named = |rows: &[Pair]| rows.iter().filter(|(name, _)| !name.trim().is_empty()).count() as i64;
    let variables = Signal::derive(move || {
        tn(msg::FORM_VARIABLES_ONE, msg::FORM_VARIABLES_OTHER, fields.environment.with(|rows| n_named(rows)))
    });
    let metadata = Signal::derive(move || {
        tn(msg::JOB_METADATA_ONE, msg::JOB_METADATA_OTHER, fields.metadata.with(|rows| n_named(rows)))
    });
    let yes_or_no = |flag: RwSignal<bool>| {
        Signal::derive(move || t(if flag.get() { msg::POOL_YES } else { msg::POOL_NO }).to_owned())
    };
    let image = |label: Msg, container: RwSignal<ContainerChoice>| {
        view! {
            <Show when=move || container.with(ContainerChoice::has_image)>
                <ReviewItem label value=Signal::derive(move || container.get().image)/>
            </Show>
        }
    };
    view! {
        <PlaceReview fields place/>
        <ReviewItem label=msg::JOB_PRIORITY value=text(|form| form.priority.clone())/>
        <ReviewItem label=msg::JOB_MAX_PARALLEL value=or_no_limit(fields.max_parallel_tasks)/>
        <ReviewItem label=msg::JOB_MAX_WALL_CLOCK value=or_no_limit(fields.max_wall_clock)/>
        <ReviewItem label=msg::JOB_MAX_RETRIES value=text(|form| form.max_retries.clone())/>
        <ReviewItem label=msg::JOB_ENDS_WITH_TASKS value=yes_or_no(fields.ends_with_tasks)/>
        <ReviewItem label=msg::JOB_USES_DEPENDENCIES value=yes_or_no(fields.uses_dependencies)/>
        <ReviewItem label=msg::JOB_ACTIONS value=yes_or_no(fields.performs_job_actions)/>
        <ReviewItem label=msg::JOB_FAIL_DEPENDENTS value=yes_or_no(fields.fails_dependents)/>
        <ReviewItem label=msg::JOB_STRICT_ORDER value=yes_or_no(fields.keeps_order)/>
        <ReviewItem label=msg::JOB_PREEMPTION value=yes_or_no(fields.allows_preemption)/>
        {image(msg::JOB_MANAGER_CONTAINER, fields.manager_in)}
        <ReviewItem label=msg::JOB_PREPARATION value=text(|form| form.preparation_command.clone())/>
        {image(msg::JOB_PREPARATION_CONTAINER, fields.preparation_in)}
        <ReviewItem label=msg::JOB_RELEASE value=text(|form| form.release_command.clone())/>
        {image(msg::JOB_RELEASE_CONTAINER, fields.release_in)}
        <ReviewItem label=msg::JOB_ENVIRONMENT value=variables/>
        <ReviewItem label=msg::JOB_METADATA value=metadata/>
    }
}

/// The text below a field.
pub fn hint(message: Msg) -> Signal<Option<String>> {
    Signal::derive(move || Some(t(message).to_owned()))
}
