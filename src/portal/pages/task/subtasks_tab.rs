//! The subtasks of a task that runs on several nodes: where each is, and how its coordination command went.

use leptos::prelude::*;

use super::page::TaskContext;
use crate::api::{SubtaskInformation, SubtaskState};
use crate::portal::components::{Loaded, StateBadge, Time, Tone};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::pages::task::TaskFailure;
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::server_fns::subtask_list;

#[component]
pub fn SubtasksTab() -> impl IntoView {
    let context = expect_context::<TaskContext>();
    let reading = use_reading(
        move || context.here.get(),
        context.tick,
        |here| async move {
            let here = here.ok_or(crate::api::Code::TaskNotFound)?;
            subtask_list(here.account, here.job, here.task).await
        },
    );
    let account = move || context.here.get().map(|here| here.account.to_string()).unwrap_or_default();
    view! {
        <Loaded reading let:subtasks>
            <p class="form__note">{tx(msg::SUBTASKS_NOTE)}</p>
            <Show when=move || !subtasks.with(Vec::is_empty) fallback=|| view! { <p class="form__note">{tx(msg::SUBTASKS_NONE)}</p> }>
                <div class="simple-table" tabindex="0" role="region" aria-label=move || t(msg::SUBTASKS)>
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{tx(msg::SUBTASK_ID)}</th>
                                <th scope="col">{tx(msg::SUBTASK_STATE)}</th>
                                <th scope="col">{tx(msg::SUBTASK_NODE)}</th>
                                <th scope="col">{tx(msg::TASK_STARTED)}</th>
                                <th scope="col">{tx(msg::TASK_ENDED)}</th>
                                <th scope="col">{tx(msg::TASK_EXIT_CODE)}</th>
                            </tr>
                        </thead>
                        <tbody>{move || subtasks.get().into_iter().map(|subtask| row(&account(), subtask)).collect_view()}</tbody>
                    </table>
                </div>
            </Show>
        </Loaded>
    }
}

fn row(account: &str, subtask: SubtaskInformation) -> impl IntoView + use<> {
    let (tone, label) = match (subtask.state, subtask.failure_info.is_some()) {
        (SubtaskState::Preparing, _) => (Tone::Active, msg::TASK_STATE_PREPARING),
        (SubtaskState::Running, _) => (Tone::Active, msg::TASK_STATE_RUNNING),
        (SubtaskState::Completed, false) => (Tone::Good, msg::TASK_STATE_SUCCEEDED),
        (SubtaskState::Completed, true) => (Tone::Bad, msg::TASK_STATE_FAILED),
    };
    let node = paths::node(account, &subtask.node_info.pool_id, &subtask.node_info.node_id);
    let failure = subtask.failure_info.map(|failure| view! { <tr><td colspan="6"><TaskFailure failure/></td></tr> });
    view! {
        <tr>
            <th scope="row">{subtask.id}</th>
            <td><StateBadge tone label/></td>
            <td><a href=node>{subtask.node_info.node_id}</a></td>
            <td>{subtask.start_time.map(|at| view! { <Time at/> })}</td>
            <td>{subtask.end_time.map(|at| view! { <Time at/> })}</td>
            <td>{subtask.exit_code.map(|code| view! { <code>{code}</code> })}</td>
        </tr>
        {failure}
    }
}
