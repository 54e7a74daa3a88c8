//! One node: what it does, what it has done lately, and what is wrong with it.

use leptos::prelude::*;

use super::connect::Connect;
use super::limits::Limits;
use super::node_commands::{NodeFacts, node_commands};
use super::node_state::NodeStateBadge;
use super::usage::Usage;
use crate::api::{
    Changed, Code, Node, NodeError, NodeState, RecentTask, SchedulingState, StartTaskInformation, StartTaskState,
};
use crate::domain::network_access;
use crate::portal::components::{
    CommandBar, Copy, Essential, Essentials, Glyph, Icon, Loaded, PageHeader, Snippet, StateBadge, Time, Tone,
};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::pages::container::ContainerOfRun;
use crate::portal::pages::json_view::JsonView;
use crate::portal::pages::route_ids::{NodeRef, use_node_ref};
use crate::portal::pages::task::{TaskFailure, TaskStateBadge, task_look};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_changes;
use crate::server_fns::node_get;

#[component]
pub fn NodePage() -> impl IntoView {
    let here = use_node_ref();
    let tick = use_changes(move |change| {
        here.with_untracked(|here| {
            here.as_ref().is_some_and(|here| {
                change.account == here.account.as_str()
                    && matches!(&change.what, Changed::Pool { pool } if pool == here.pool.as_str())
            })
        })
    });
    let reading = use_reading(
        move || here.get(),
        tick,
        |here| async move {
            let here = here.ok_or(Code::NodeNotFound)?;
            node_get(here.account, here.pool, here.node).await
        },
    );
    let id = Signal::derive(move || here.get().map(|here| here.node.to_string()).unwrap_or_default());
    let state = Signal::derive(move || reading.with(|node| node.map_or(NodeState::Unknown, |node| node.state)));
    view! {
        <PageHeader title=id kind=Signal::derive(|| Some(t(msg::NODE_KIND).to_owned())) icon=Icon::Node>
            <Show when=move || reading.with(|node| node.is_some())><NodeStateBadge state/></Show>
        </PageHeader>
        {move || here.get().map(|here| view! { <NodeCommands here reading/> })}
        <Loaded reading lines=8 let:node>
            <NodeErrors node here/>
            <NodeEssentials node/>
            {move || here.get().map(|here| view! { <Usage here/> })}
            {move || here.get().map(|here| view! { <Limits here/> })}
            <StartTaskOutcome node/>
            {move || here.get().map(|here| view! { <Connect here tick/> })}
            <RecentTasks node here/>
            {move || here.get().map(|here| view! {
                <p><a class="button" href=paths::node_folder(&here.account, &here.pool, &here.node, "")><Glyph icon=Icon::Folder/><span>{tx(msg::NODE_FILES)}</span></a></p>
            })}
            <details class="fold">
                <summary>{tx(msg::POOL_PROPERTIES)}</summary>
                <JsonView value=node/>
            </details>
        </Loaded>
    }
}

#[component]
fn NodeCommands(here: NodeRef, reading: Reading<Node>) -> impl IntoView {
    let known = Memo::new(move |last: Option<&Option<NodeFacts>>| {
        reading.with(|node| node.map(NodeFacts::of)).or_else(|| last.copied().flatten())
    });
    let facts = Signal::derive(move || known.get().unwrap_or(NodeFacts::UNKNOWN));
    let changed = Callback::new(move |()| reading.reload());
    let commands = StoredValue::new(node_commands(here, facts, changed));
    let has_data = Memo::new(move |_| known.with(Option::is_some));
    view! { <Show when=move || has_data.get()><CommandBar commands=commands.get_value()/></Show> }
}

#[component]
fn NodeEssentials(node: Signal<Node>) -> impl IntoView {
    let ip = Signal::derive(move || node.with(|node| node.ip_address.clone()));
    let of = move |get: fn(&Node) -> i64| move || node.with(get);
    view! {
        <Essentials>
            <Essential label=msg::NODE_STATE_SINCE><Time at=Signal::derive(move || node.with(|node| node.state_transition_time))/></Essential>
            <Essential label=msg::NODE_SCHEDULING>
                {move || t(match node.with(|node| node.scheduling_state) {
                    SchedulingState::Enabled => msg::NODE_SCHEDULING_ENABLED,
                    SchedulingState::Disabled => msg::NODE_SCHEDULING_DISABLED,
                })}
            </Essential>
            <Essential label=msg::NODE_ALLOCATED><Time at=Signal::derive(move || node.with(|node| node.allocation_time))/></Essential>
            <Essential label=msg::NODE_BOOTED>
                {move || node.with(|node| node.last_boot_time).map_or_else(|| t(msg::NONE).into_any(), |at| view! { <Time at/> }.into_any())}
            </Essential>
            <Essential label=msg::NODE_RUNNING_TASKS>{of(|node| node.running_tasks_count)}</Essential>
            <Essential label=msg::NODE_BUSY_SLOTS>{of(|node| node.running_task_slots_count)}</Essential>
            <Essential label=msg::NODE_TASKS_RUN>{of(|node| node.total_tasks_run)}</Essential>
            <Essential label=msg::NODE_TASKS_SUCCEEDED>{of(|node| node.total_tasks_succeeded)}</Essential>
            <Essential label=msg::NODE_DEDICATED>
                {move || t(if node.with(|node| node.is_dedicated) { msg::NODE_DEDICATED_YES } else { msg::NODE_LOW_PRIORITY })}
            </Essential>
            <Essential label=msg::POOL_VM_SIZE><code>{move || node.with(|node| node.vm_size.clone())}</code></Essential>
            <Essential label=msg::NODE_IP><code>{ip}</code>" "<Copy text=ip what=msg::NODE_IP/></Essential>
            <Essential label=msg::NODE_AGENT>
                {move || node.with(|node| node.node_agent_info.as_ref().map_or_else(|| t(msg::NONE).to_owned(), |agent| agent.version.clone()))}
            </Essential>
        </Essentials>
    }
}

/// Errors of the node, each with what helps.
#[component]
fn NodeErrors(node: Signal<Node>, here: Memo<Option<NodeRef>>) -> impl IntoView {
    let errors = Memo::new(move |_| node.with(|node| node.errors.clone()));
    let bar = move |error: NodeError| {
        let rules = here.get().filter(|_| error.code == network_access::AGENT_REFUSED);
        view! {
            <div class="error-bar" role="status">
                <Glyph icon=Icon::Alert/>
                <div class="error-bar__body">
                    <p class="error-bar__text">{error.message}</p>
                    <p class="error-bar__reason">
                        {tx(remedy(&error.code))}
                        {rules.map(|here| view! { " " <a href=paths::account_networking(&here.account)>{tx(msg::NETWORKING)}</a> })}
                    </p>
                    <dl class="error-bar__values">
                        <div class="error-bar__value"><dt>{tx(msg::ERROR_CODE)}</dt><dd><code>{error.code}</code></dd></div>
                        {error.error_details.into_iter().map(|d| view! { <div class="error-bar__value"><dt>{d.name}</dt><dd>{d.value}</dd></div> }).collect_view()}
                    </dl>
                </div>
            </div>
        }
    };
    view! { {move || errors.get().into_iter().map(bar).collect_view()} }
}

fn remedy(code: &str) -> Msg {
    match code {
        "ContainerInvalidImage" => msg::NODE_REMEDY_IMAGE,
        "ContainerRuntimeUnavailable" => msg::NODE_REMEDY_NO_RUNTIME,
        "DiskFull" => msg::NODE_REMEDY_DISK,
        "MountConfigurationError" => msg::NODE_REMEDY_MOUNT,
        network_access::AGENT_REFUSED => msg::NODE_REMEDY_REFUSED,
        "EndpointPortInUse" => msg::NODE_REMEDY_PORT,
        "EndpointPortsExhausted" => msg::NODE_REMEDY_PORTS,
        "StartTaskFailed" | "StartTaskFailure" => msg::NODE_REMEDY_START_TASK,
        _ => msg::NODE_REMEDY_OTHER,
    }
}

/// The start task and how it went here.
#[component]
fn StartTaskOutcome(node: Signal<Node>) -> impl IntoView {
    let start = Memo::new(move |_| node.with(|node| (node.start_task.clone(), node.start_task_info.clone())));
    let body = move || match start.get() {
        (None, None) => view! { <p class="form__note">{tx(msg::POOL_NO_START_TASK)}</p> }.into_any(),
        (task, info) => view! {
            {task.map(|task| view! { <Snippet code=task.command_line what=msg::POOL_START_COMMAND/> })}
            {info.map(|info| view! { <StartTaskInfo info/> })}
        }
        .into_any(),
    };
    view! { <section class="section"><h2 class="section__title">{tx(msg::POOL_START_TASK)}</h2>{body}</section> }
}

#[component]
fn StartTaskInfo(info: StartTaskInformation) -> impl IntoView {
    let (tone, label) = match (info.state, info.failure_info.is_some()) {
        (StartTaskState::Running, _) => (Tone::Active, msg::TASK_STATE_RUNNING),
        (StartTaskState::Completed, false) => (Tone::Good, msg::TASK_STATE_SUCCEEDED),
        (StartTaskState::Completed, true) => (Tone::Bad, msg::TASK_STATE_FAILED),
    };
    view! {
        <Essentials>
            <Essential label=msg::NODE_STATE><StateBadge tone label/></Essential>
            <Essential label=msg::TASK_STARTED><Time at=info.start_time/></Essential>
            {info.end_time.map(|at| view! { <Essential label=msg::TASK_ENDED><Time at/></Essential> })}
            {info.exit_code.map(|code| view! { <Essential label=msg::TASK_EXIT_CODE><code>{code}</code></Essential> })}
            <Essential label=msg::POOL_START_RETRIES>{info.retry_count}</Essential>
        </Essentials>
        <ContainerOfRun info=Signal::stored(info.container_info) plain=true/>
        {info.failure_info.map(|failure| view! { <TaskFailure failure/> })}
    }
}

/// The last tasks of the node, newest first.
#[component]
fn RecentTasks(node: Signal<Node>, here: Memo<Option<NodeRef>>) -> impl IntoView {
    let tasks = Memo::new(move |_| node.with(|node| node.recent_tasks.clone()));
    let row = move |task: RecentTask| {
        let account = here.get().map(|here| here.account.to_string()).unwrap_or_default();
        let result = task.execution_info.as_ref().and_then(|info| info.result);
        let exit_code = task.execution_info.as_ref().and_then(|info| info.exit_code);
        view! {
            <tr>
                <th scope="row"><a href=paths::task(&account, &task.job_id, &task.task_id)>{task.task_id.clone()}</a></th>
                <td><a href=paths::job(&account, &task.job_id)>{task.job_id.clone()}</a></td>
                <td><TaskStateBadge look=task_look(task.task_state, result)/></td>
                <td>{exit_code.map(|code| view! { <code>{code}</code> })}</td>
                <td>{task.execution_info.and_then(|info| info.start_time).map(|at| view! { <Time at/> })}</td>
            </tr>
        }
    };
    let rows = move || tasks.get().into_iter().map(row).collect_view();
    let title = move || tf(msg::NODE_RECENT_TASKS, &[("n", &tasks.with(Vec::len).to_string())]);
    view! {
        <section class="section">
            <h2 class="section__title">{title}</h2>
            <Show when=move || !tasks.with(Vec::is_empty) fallback=|| view! { <p class="form__note">{tx(msg::NODE_NO_TASKS)}</p> }>
                <div class="simple-table" tabindex="0" role="region" aria-label=title>
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{tx(msg::TASK_ID)}</th>
                                <th scope="col">{tx(msg::JOB_ID)}</th>
                                <th scope="col">{tx(msg::NODE_STATE)}</th>
                                <th scope="col">{tx(msg::TASK_EXIT_CODE)}</th>
                                <th scope="col">{tx(msg::TASK_STARTED)}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </Show>
        </section>
    }
}
