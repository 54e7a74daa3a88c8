//! «Run the example»: makes an account, a pool, a job and tasks as a user would, and shows the output of the first task.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::SplitLoaderError;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::plan;
use crate::api::{self, Code, TaskAddStatus, TaskState};
use crate::domain::ids::{AccountName, JobId, TaskId};
use crate::portal::components::{Button, ButtonKind, ErrorBar, Field, Glyph, Icon, TextInput};
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::paths;
use crate::portal::state::use_session;
use crate::server_fns::{account_create, job_create, location_list, pool_create, task_add_collection, task_get};

const STDOUT: &str = "stdout.txt";
/// Two minutes in all: nodes have started by then, or something is wrong that the task's page explains.
const POLL: Duration = Duration::from_millis(500);
const POLLS: u32 = 240;
/// So many jobs of the example can stand side by side.
const MOST_RUNS: u32 = 50;

const STEPS: [Msg; 5] =
    [msg::EXAMPLE_ACCOUNT, msg::EXAMPLE_POOL, msg::EXAMPLE_JOB, msg::EXAMPLE_TASKS, msg::EXAMPLE_WAIT];

#[component]
pub(super) fn Example() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let name = RwSignal::new("demo".to_owned());
    // The step that is being done; none before and after.
    let at = RwSignal::new(None::<usize>);
    let done = RwSignal::new(0usize);
    let error = RwSignal::new(None::<api::Error>);
    let problem = Signal::derive(move || {
        name.with(|name| name.trim().parse::<AccountName>().is_err()).then(|| t(msg::ACCOUNT_NAME_RULE).to_owned())
    });
    let is_running = Signal::derive(move || at.get().is_some());
    let run = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Ok(account) = name.with_untracked(|name| name.trim().parse::<AccountName>()) else { return };
        if at.get_untracked().is_some() {
            return;
        }
        error.set(None);
        done.set(0);
        at.set(Some(0));
        let navigate = navigate.clone();
        let report = move |step: usize| {
            at.try_set(Some(step));
            done.try_set(step);
        };
        spawn_local(async move {
            let result = match begin_example(account.clone(), Box::new(report)).await {
                Ok(running) => running.await,
                Err(_) => Err(api::Error::new(Code::ServerBusy)),
            };
            if at.try_set(None).is_some() {
                return; // The page was left: what was made stays.
            }
            match result {
                Ok((job, task)) => navigate(
                    &paths::file(&account, &job, &task, STDOUT),
                    NavigateOptions { resolve: false, ..Default::default() },
                ),
                Err(e) => {
                    session.observe(&e);
                    error.set(Some(e));
                }
            }
        });
    };
    view! {
        <section class="card card--accent" aria-labelledby="example-title">
            <h2 class="card__title" id="example-title"><Glyph icon=Icon::Play/>{tx(msg::EXAMPLE_TITLE)}</h2>
            <p class="card__text">{tx(msg::EXAMPLE_TEXT)}</p>
            <form class="example" on:submit=run novalidate>
                <Field name="example" label=msg::ACCOUNT_NAME error=problem><TextInput value=name code=true/></Field>
                <Button label=msg::EXAMPLE_RUN icon=Icon::Play kind=ButtonKind::Primary submit=true pending=is_running refusal=problem/>
            </form>
            <Show when=move || is_running.get() || error.with(Option::is_some)><Steps at done/></Show>
            {move || error.get().map(|error| view! { <ErrorBar error/> })}
        </section>
    }
}

#[component]
fn Steps(at: RwSignal<Option<usize>>, done: RwSignal<usize>) -> impl IntoView {
    let item = move |(i, message): (usize, &Msg)| {
        let message = *message;
        let mark = move || match (i < done.get(), at.get() == Some(i)) {
            (true, _) => view! { <Glyph icon=Icon::Check/> }.into_any(),
            (_, true) => view! { <span class="spinner" aria-hidden="true"></span> }.into_any(),
            _ => view! { <Glyph icon=Icon::Dot/> }.into_any(),
        };
        let is_later = move || i > done.get();
        view! { <li class="example__step" data-later=move || is_later().then_some("true")>{mark}<span>{tx(message)}</span></li> }
    };
    view! { <ol class="example__steps" role="status">{STEPS.iter().enumerate().map(item).collect_view()}</ol> }
}

type Running = Pin<Box<dyn Future<Output = Result<(JobId, TaskId), api::Error>>>>;

/// Lies with the large forms, which know the same shapes: few run the example, and all load the home page.
#[allow(unsafe_code, improper_ctypes_definitions, reason = "how the files of a program call each other")]
#[leptos::wasm_split::wasm_split(making, wasm_split_path = ::leptos::wasm_split, fallible)]
fn begin_example(account: AccountName, report: Box<dyn Fn(usize)>) -> Result<Running, SplitLoaderError> {
    Ok(Box::pin(run_example(account, report)))
}

/// Does the steps one after the other; what is there already is used.
async fn run_example(account: AccountName, report: impl Fn(usize)) -> Result<(JobId, TaskId), api::Error> {
    let locations = location_list().await?;
    let nowhere = || api::Error::new(Code::InternalError);
    unless(
        Code::AccountExists,
        account_create(plan::account(account.as_str(), &locations).ok_or_else(nowhere)?).await,
    )?;
    report(1);
    let pool = locations.first().and_then(plan::pool).ok_or_else(nowhere)?;
    unless(Code::PoolExists, pool_create(account.clone(), pool).await)?;
    report(2);
    let job = new_job(&account).await?;
    report(3);
    let results = task_add_collection(account.clone(), job.clone(), plan::tasks()).await?;
    if let Some(failed) = results.iter().find(|r| r.status != TaskAddStatus::Success) {
        return Err(failed.error.clone().unwrap_or_else(nowhere));
    }
    report(4);
    let task: TaskId = plan::tasks()[0].id.parse().map_err(|_| nowhere())?;
    wait_for_start(&account, &job, &task).await?;
    report(5);
    Ok((job, task))
}

fn unless<T>(code: Code, result: Result<T, api::Error>) -> Result<(), api::Error> {
    match result {
        Err(error) if error.code != code => Err(error),
        _ => Ok(()),
    }
}

async fn new_job(account: &AccountName) -> Result<JobId, api::Error> {
    let mut run = 1;
    loop {
        let create = plan::job(run);
        let id = create.id.parse().map_err(|_| api::Error::new(Code::InternalError))?;
        match job_create(account.clone(), create).await {
            Err(error) if error.code == Code::JobExists && run < MOST_RUNS => run += 1,
            result => return result.map(|_| id),
        }
    }
}

async fn wait_for_start(account: &AccountName, job: &JobId, task: &TaskId) -> Result<(), api::Error> {
    for _ in 0..POLLS {
        let found = task_get(account.clone(), job.clone(), task.clone()).await?;
        if matches!(found.state, TaskState::Running | TaskState::Completed) {
            return Ok(());
        }
        gloo_timers::future::sleep(POLL).await;
    }
    Ok(())
}
