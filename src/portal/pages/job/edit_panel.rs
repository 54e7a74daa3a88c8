//! The panel that changes a job.

use leptos::prelude::*;

use super::create::hint;
use super::edit_form::{EditFields, EditForm};
use crate::api::{JobState, JobSummary, OnAllTasksComplete, PoolLifetimeOption};
use crate::domain::job::{self as rules, Wish};
use crate::domain::permission::Permission;
use crate::portal::components::{Checkbox, Field, NumberInput, SidePanel, TextInput};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::pages::pairs_editor::PairsEditor;
use crate::portal::pages::panel_form::PanelForm;
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::JobRef;
use crate::portal::state::use_session;
use crate::server_fns::job_patch;

#[component]
pub fn EditPanel(open: RwSignal<bool>, here: JobRef, #[prop(into)] job: Signal<JobSummary>) -> impl IntoView {
    let here = StoredValue::new(here);
    let title = move || here.with_value(|here| tf(msg::JOB_EDIT_TITLE, &[("job", here.job.as_str())]));
    view! {
        <SidePanel open title=Signal::derive(title)>
            <EditBody open here=here.get_value() job/>
        </SidePanel>
    }
}

#[component]
fn EditBody(open: RwSignal<bool>, here: JobRef, job: Signal<JobSummary>) -> impl IntoView {
    let session = use_session();
    let fields = EditFields::new(job.with_untracked(|job| EditForm::of(&job.job)));
    let state = Memo::new(move |_| job.with(|job| job.job.state));
    let is_disabled = move || state.get() == JobState::Disabled;
    // It never goes back to outliving its tasks.
    let ended_with_tasks =
        job.with_untracked(|job| job.job.settings.on_all_tasks_complete == Some(OnAllTasksComplete::TerminateJob));
    let has_dependencies = job.with_untracked(|job| job.job.settings.has_dependencies());
    let auto_pool = job.with_untracked(|job| job.job.settings.pool_info.auto_pool_specification.clone());
    let is_kept_by_word = auto_pool.as_ref().is_some_and(|auto| auto.pool_lifetime_option == PoolLifetimeOption::Job);
    let has_auto_pool = auto_pool.is_some();
    let checked = Memo::new(move |_| fields.get().to_patch(state.get()));
    let refused =
        Signal::derive(move || refusal::of(session, Permission::JobWrite, rules::refusal(state.get(), Wish::Update)));
    let name = here.job.clone();
    let done = Signal::derive(move || tf(msg::JOB_EDITED, &[("job", name.as_str())]));
    let send = move |patch| {
        let JobRef { account, job } = here.clone();
        job_patch(account, job, patch)
    };
    view! {
        <PanelForm open checked send done refusal=refused>
            <Show when=is_disabled fallback=move || view! { <p class="form__note">{tx(if has_auto_pool { msg::AUTO_POOL_EDIT_NOTE } else { msg::JOB_EDIT_POOL_NOTE })}</p> }>
                <Show when=move || has_auto_pool fallback=move || view! {
                    <Field name="poolInfo.poolId" label=msg::JOB_POOL required=true><TextInput value=fields.pool code=true/></Field>
                }>
                    {is_kept_by_word.then(|| view! { <Checkbox value=fields.keep_alive label=msg::AUTO_POOL_KEEP hint=hint(msg::AUTO_POOL_KEEP_HINT)/> })}
                </Show>
            </Show>
            <Field name="priority" label=msg::JOB_PRIORITY hint=hint(msg::JOB_PRIORITY_HINT) required=true>
                <NumberInput value=fields.priority min=-1000 max=1000/>
            </Field>
            <Field name="maxParallelTasks" label=msg::JOB_MAX_PARALLEL hint=hint(msg::JOB_EMPTY_NO_LIMIT)><NumberInput value=fields.max_parallel_tasks min=1/></Field>
            <Field name="constraints.maxWallClockTime" label=msg::JOB_MAX_WALL_CLOCK hint=hint(msg::JOB_MAX_WALL_CLOCK_HINT)>
                <TextInput value=fields.max_wall_clock code=true placeholder=Signal::derive(|| Some(t(msg::FORM_LENGTH_EXAMPLE).to_owned()))/>
            </Field>
            <Field name="constraints.maxTaskRetryCount" label=msg::JOB_MAX_RETRIES hint=hint(msg::FORM_RETRIES_HINT)><NumberInput value=fields.max_retries min=-1/></Field>
            {(!ended_with_tasks).then(|| view! { <Checkbox value=fields.ends_with_tasks label=msg::JOB_ENDS_WITH_TASKS hint=hint(msg::JOB_ENDS_WITH_TASKS_HINT)/> })}
            {has_dependencies.then(|| view! { <Checkbox value=fields.fails_dependents label=msg::JOB_FAIL_DEPENDENTS hint=hint(msg::JOB_FAIL_DEPENDENTS_HINT)/> })}
            <Checkbox value=fields.keeps_order label=msg::JOB_STRICT_ORDER hint=hint(msg::JOB_STRICT_ORDER_HINT)/>
            <Checkbox value=fields.allows_preemption label=msg::JOB_PREEMPTION hint=hint(msg::JOB_PREEMPTION_HINT)/>
            <Field name="metadata" label=msg::JOB_METADATA hint=hint(msg::JOB_METADATA_HINT) group=true>
                <PairsEditor pairs=fields.metadata add=msg::JOB_ADD_METADATA/>
            </Field>
        </PanelForm>
    }
}
