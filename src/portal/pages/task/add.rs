//! Adds tasks: one, a command line a row, or a range of numbers in a pattern. Many are sent a hundred at a time.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::batch_run::{BatchProgress, BatchRun, Failure, RunState};
use super::task_fields::{ManyPreview, TaskFieldset};
use super::task_form::{TaskFields, TaskForm, TaskPlan};
use crate::api::{self, Code, TaskAddStatus};
use crate::domain::check::JobFacts;
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::field::RequiredNote;
use crate::portal::components::{Button, ButtonKind, ErrorBar, FieldErrors, FormErrors, Icon, Loaded, PageHeader};
use crate::portal::i18n::{msg, t, tf, tn};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::{JobRef, use_job_ref};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{job_get, pool_get, task_add_collection, task_get};

/// What the service takes in one call.
const MOST_A_CALL: u64 = 100;

/// What the form must know of the job and its pool.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Facts {
    job: JobFacts,
    /// Nothing where the pool is not there, or not to be seen.
    has_containers: Option<bool>,
}

/// Of the pool that the job runs on now.
async fn has_containers(account: &AccountName, job: &api::Job) -> Option<bool> {
    let pool = job.execution_info.pool_id.as_ref().or(job.settings.pool_info.pool_id.as_ref())?;
    let pool = pool_get(account.clone(), pool.parse().ok()?).await.ok()?;
    Some(pool.pool.settings.container_configuration().is_some())
}

#[component]
pub fn TaskAddPage() -> impl IntoView {
    let here = use_job_ref();
    let original = use_query_map().with_untracked(|query| query.get("clone")).unwrap_or_default();
    let form = use_reading(
        move || (here.get(), original.clone()),
        Signal::stored(0),
        |(here, original)| async move {
            let JobRef { account, job } = here.ok_or(Code::JobNotFound)?;
            let known = job_get(account.clone(), job.clone()).await?.job;
            let job_facts = JobFacts::of(&known.settings);
            let facts = Facts { job: job_facts, has_containers: has_containers(&account, &known).await };
            if original.is_empty() {
                return Ok((TaskForm::default(), facts));
            }
            let task = original.parse().map_err(|_| api::Error::from(Code::TaskNotFound))?;
            Ok((TaskForm::like(&task_get(account, job, task).await?.settings), facts))
        },
    );
    view! {
        <PageHeader title=msg::JOB_ADD_TASKS icon=Icon::Task/>
        <Loaded reading=form lines=8 let:form>
            {move || here.get().map(|here| {
                let (form, facts) = form.get_untracked();
                view! { <AddForm here form facts/> }
            })}
        </Loaded>
    }
}

#[component]
fn AddForm(here: JobRef, form: TaskForm, facts: Facts) -> impl IntoView {
    let (session, notifications, navigate) = (use_session(), use_notifications(), use_navigate());
    let fields = TaskFields::new(form);
    let error = RwSignal::new(None::<api::Error>);
    let run = BatchRun::new();
    let checked = Memo::new(move |_| fields.get().to_plan());
    let local = Signal::derive(move || checked.get().err().unwrap_or_else(FieldErrors::default));
    let errors = FormErrors::provide(local, error.into());
    let here = StoredValue::new(here);
    let tasks = Signal::derive(move || here.with_value(|here| paths::tasks(&here.account, &here.job)));
    let send = move |plan: TaskPlan| {
        let navigate = navigate.clone();
        error.set(None);
        spawn_local(async move {
            let answer = add_all(run, here.get_value(), &plan).await;
            run.end();
            match answer {
                // Only who still looks at the form is led to the tasks.
                Ok(())
                    if run.state.try_get_untracked().is_some()
                        && untrack(|| run.is_complete() && run.n_failed() == 0) =>
                {
                    notifications.done(tn(msg::TASKS_ADDED_ONE, msg::TASKS_ADDED_OTHER, plan.count() as i64));
                    navigate(&tasks.get_untracked(), NavigateOptions::default());
                }
                Ok(()) => {}
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
        });
    };
    let go_on = send.clone();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if untrack(|| run.is_under_way()) || !errors.check() {
            return;
        }
        if let Ok(plan) = checked.get_untracked() {
            run.begin(plan.count());
            send(plan);
        }
    };
    let refusal = Signal::derive(move || refusal::of(session, Permission::JobWrite, None));
    let label = Signal::derive(move || match checked.get() {
        Ok(plan) => tn(msg::TASKS_ADD_ONE, msg::TASKS_ADD_OTHER, plan.count() as i64),
        Err(_) => t(msg::JOB_ADD_TASKS).to_owned(),
    });
    let resume = move || {
        if let Ok(plan) = checked.get_untracked() {
            run.resume();
            go_on(plan);
        }
    };
    let can_resume = move || run.state.get() == RunState::Ended && !run.is_complete();
    let resume = StoredValue::new(resume);
    view! {
        <form class="form" on:submit=submit novalidate>
            {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
            <RequiredNote/>
            <fieldset class="bare" disabled=move || run.is_under_way()><TaskFieldset fields job=facts.job has_containers=facts.has_containers/></fieldset>
            <ManyPreview plan=Signal::derive(move || checked.get().ok())/>
            <Show when=move || run.state.get() != RunState::Idle>
                <BatchProgress run label=msg::TASKS_ADDING/>
                <Show when=can_resume>
                    <p class="form__note" role="status">{move || tf(msg::TASKS_STOPPED, &[("n", &run.n_done().to_string())])}</p>
                    <Button label=msg::TASKS_GO_ON on_press=move || resume.with_value(|resume| resume())/>
                </Show>
            </Show>
            <div class="wizard__actions">
                <Button label kind=ButtonKind::Primary submit=true refusal pending=Signal::derive(move || run.is_under_way())/>
                <ButtonLink label=msg::CANCEL href=tasks kind=ButtonKind::Subtle/>
            </div>
        </form>
    }
}

/// Sends what is not sent yet. An error is one of a whole call; those of single tasks are noted in the run.
async fn add_all(run: BatchRun, here: JobRef, plan: &TaskPlan) -> Result<(), api::Error> {
    let mut from = untrack(|| run.n_done());
    while from < plan.count() {
        let batch = plan.batch(from, MOST_A_CALL);
        let n = batch.len() as u64;
        let results = task_add_collection(here.account.clone(), here.job.clone(), batch).await?;
        let failed = results.into_iter().filter(|result| result.status != TaskAddStatus::Success);
        let failures = failed.map(|result| Failure {
            id: result.task_id,
            error: result.error.unwrap_or_else(|| Code::InternalError.into()),
        });
        from += n;
        if !run.advance(n, failures.collect()) {
            break;
        }
    }
    Ok(())
}
