//! How the job's preparation and release tasks went, node by node.

use leptos::prelude::*;

use super::page::JobContext;
use crate::api::{
    Code, JobPreparationAndReleaseTaskStatus as Status, TaskExecutionResult, TaskFailureInformation, Timestamp,
};
use crate::portal::components::{Empty, Icon, Loaded, StateBadge, Time, Tone};
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::use_changes;
use crate::server_fns::job_preparation_and_release_list;

#[component]
pub fn JobPreparationTab() -> impl IntoView {
    let context = expect_context::<JobContext>();
    let tick = use_changes(move |change| {
        context.here.with_untracked(|here| here.as_ref().is_some_and(|here| super::page::concerns(change, here)))
    });
    let nodes = use_reading(
        move || context.here.get(),
        tick,
        |here| async move {
            let here = here.ok_or(Code::JobNotFound)?;
            job_preparation_and_release_list(here.account, here.job).await
        },
    );
    view! {
        <Loaded reading=nodes lines=6 let:page>
            {move || {
                let page = page.get();
                if page.items.is_empty() {
                    view! { <Empty icon=Icon::Node title=msg::JOB_PREPARATION_EMPTY text=msg::JOB_PREPARATION_EMPTY_TEXT/> }.into_any()
                } else {
                    let is_more = page.next.is_some();
                    view! {
                        <NodeTable nodes=page.items/>
                        {is_more.then(|| view! { <p class="form__note">{tx(msg::JOB_PREPARATION_MORE)}</p> })}
                    }.into_any()
                }
            }}
        </Loaded>
    }
}

#[component]
fn NodeTable(nodes: Vec<Status>) -> impl IntoView {
    let context = expect_context::<JobContext>();
    let row = move |node: Status| {
        let href = context.here.get().map(|here| paths::node(&here.account, &node.pool_id, &node.node_id));
        let files = |folder: &str| {
            context.here.get().map(|here| paths::node_folder(&here.account, &node.pool_id, &node.node_id, folder))
        };
        let preparation = node.job_preparation_task_execution_info.map(|info| Run {
            result: info.result,
            exit_code: info.exit_code,
            at: info.end_time.unwrap_or(info.start_time),
            failure: info.failure_info,
            files: files(&info.task_root_directory),
        });
        let release = node.job_release_task_execution_info.map(|info| Run {
            result: info.result,
            exit_code: info.exit_code,
            at: info.end_time.unwrap_or(info.start_time),
            failure: info.failure_info,
            files: files(&info.task_root_directory),
        });
        view! {
            <tr>
                <th scope="row"><a href=href>{node.node_id}</a></th>
                <td>{run(preparation)}</td>
                <td>{run(release)}</td>
            </tr>
        }
    };
    view! {
        <div class="simple-table">
            <table>
                <thead><tr>
                    <th scope="col">{tx(msg::TASK_NODE)}</th><th scope="col">{tx(msg::JOB_PREPARATION)}</th><th scope="col">{tx(msg::JOB_RELEASE)}</th>
                </tr></thead>
                <tbody>{nodes.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// How a preparation or release task went on a node.
struct Run {
    result: Option<TaskExecutionResult>,
    exit_code: Option<i32>,
    at: Timestamp,
    failure: Option<TaskFailureInformation>,
    /// The page with its files.
    files: Option<String>,
}

fn run(run: Option<Run>) -> AnyView {
    let Some(Run { result, exit_code, at, failure, files }) = run else { return t(msg::NONE).into_any() };
    let (tone, label): (Tone, Msg) = match result {
        None => (Tone::Active, msg::TASK_STATE_RUNNING),
        Some(TaskExecutionResult::Success) => (Tone::Good, msg::TASK_STATE_SUCCEEDED),
        Some(TaskExecutionResult::Failure) => (Tone::Bad, msg::TASK_STATE_FAILED),
    };
    let why = failure.map(|failure| match exit_code {
        Some(code) => format!("{} {code}", t(msg::TASK_EXIT_CODE)),
        None => failure.message.unwrap_or(failure.code),
    });
    view! {
        <StateBadge tone label/>" "<Time at/>" "<a href=files>{tx(msg::FILES)}</a>
        {why.map(|why| view! { <div class="form__note">{why}</div> })}
    }
    .into_any()
}
