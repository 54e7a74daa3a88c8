//! The nodes of a pool, as a table and as a heat map. The table says all that the map shows.

use leptos::prelude::*;

use super::heat_map::HeatMap;
use super::node_commands::{NodeFacts, node_commands};
use super::node_state::{self, NodeStateBadge};
use crate::api::{Code, Node, NodeState};
use crate::domain::ids::{AccountName, PoolId};
use crate::portal::components::data_table::RowCommands;
use crate::portal::components::{
    Button, ButtonKind, Column, DataTable, Empty, Icon, Loaded, Source, StateFilter, Time, use_query_param,
};
use crate::portal::i18n::{msg, t};
use crate::portal::pages::pool::{PoolContext, concerns};
use crate::portal::pages::route_ids::{NodeRef, PoolRef};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::use_changes;
use crate::server_fns::{node_list, node_map};

#[component]
pub fn NodesTab() -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let view = use_query_param("view");
    let is_map = Memo::new(move |_| view.get() == "map");
    let choice = move |label, icon, key: &'static str| {
        view! {
            <button type="button" class="chip" aria-pressed=move || (is_map.get() == (key == "map")).to_string() on:click=move |_| view.push(key)>
                {move || view! { <crate::portal::components::Glyph icon/> }}{move || t(label)}
            </button>
        }
    };
    view! {
        <div class="view-choice" role="group" aria-label=move || t(msg::NODE_VIEW)>
            {choice(msg::NODE_VIEW_TABLE, Icon::List, "")}
            {choice(msg::NODE_VIEW_MAP, Icon::Pool, "map")}
        </div>
        {move || context.here.get().map(|here| if is_map.get() {
            view! { <NodeMap here/> }.into_any()
        } else {
            view! { <NodeTable here/> }.into_any()
        })}
    }
}

#[component]
fn NodeTable(here: PoolRef) -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let PoolRef { account, pool } = here.clone();
    let here_of_rows = here.clone();
    let watched = here.clone();
    let tick = use_changes(move |change| concerns(change, &watched));
    let filters = [
        NodeState::Idle,
        NodeState::Running,
        NodeState::Starting,
        NodeState::StartTaskFailed,
        NodeState::Unusable,
        NodeState::Unknown,
        NodeState::Offline,
        NodeState::Preempted,
        NodeState::Deallocated,
    ];
    let empty = move || {
        view! {
            <Empty icon=Icon::Node title=msg::NODES_EMPTY text=msg::NODES_EMPTY_TEXT command=Signal::stored(format!("az batch pool resize --pool-id {} --target-dedicated-nodes 2", here.pool))>
                <Button label=msg::POOL_RESIZE icon=Icon::Resize kind=ButtonKind::Primary on_press=move || context.open_resize()/>
            </Empty>
        }
    };
    view! {
        <DataTable
            label=msg::POOL_NODES
            columns=columns(&account, &pool)
            id=|node: &Node| node.id.clone()
            source=Source::new(move |query| node_list(account.clone(), pool.clone(), query))
            tick
            commands=row_commands(here_of_rows)
            filters=filters.map(|state| StateFilter::state(state.as_str(), node_state::label(state))).to_vec()
            empty
        />
    }
}

fn row_commands(here: PoolRef) -> RowCommands<Node> {
    RowCommands::new(move |node: &Node| {
        let Ok(id) = node.id.parse() else { return Vec::new() };
        let here = NodeRef { account: here.account.clone(), pool: here.pool.clone(), node: id };
        node_commands(here, Signal::stored(NodeFacts::of(node)), Callback::new(|()| ()))
    })
}

fn columns(account: &AccountName, pool: &PoolId) -> Vec<Column<Node>> {
    let (account, pool) = (account.clone(), pool.clone());
    vec![
        Column::new("id", msg::NODE_ID, move |node: &Node| {
            view! { <a href=paths::node(&account, &pool, &node.id)>{node.id.clone()}</a> }
        })
        .sortable()
        .width(15.0),
        Column::new("state", msg::NODE_STATE, |node: &Node| view! { <NodeStateBadge state=node.state/> })
            .sortable()
            .width(12.0),
        Column::new(
            "stateTransitionTime",
            msg::NODE_STATE_SINCE,
            |node: &Node| view! { <Time at=node.state_transition_time/> },
        )
        .sortable()
        .width(10.0),
        Column::new("runningTasksCount", msg::NODE_RUNNING_TASKS, |node: &Node| node.running_tasks_count)
            .sortable()
            .number()
            .width(7.0),
        Column::new("slots", msg::NODE_BUSY_SLOTS, |node: &Node| node.running_task_slots_count).number().width(7.0),
        Column::new("totalTasksRun", msg::NODE_TASKS_RUN, |node: &Node| node.total_tasks_run).number().width(6.5),
        Column::new("kind", msg::NODE_DEDICATED, |node: &Node| {
            t(if node.is_dedicated { msg::NODE_DEDICATED_YES } else { msg::NODE_LOW_PRIORITY })
        })
        .width(7.5),
        Column::new("allocationTime", msg::NODE_ALLOCATED, |node: &Node| view! { <Time at=node.allocation_time/> })
            .sortable()
            .hidden(),
        Column::new("ipAddress", msg::NODE_IP, |node: &Node| view! { <code>{node.ip_address.clone()}</code> }).hidden(),
    ]
}

#[component]
fn NodeMap(here: PoolRef) -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let watched = here.clone();
    let tick = use_changes(move |change| concerns(change, &watched));
    let pool = StoredValue::new(here.clone());
    let reading = use_reading(
        move || context.here.get(),
        tick,
        |here| async move {
            let here = here.ok_or(Code::PoolNotFound)?;
            node_map(here.account, here.pool).await
        },
    );
    let slots = Signal::derive(move || {
        context.reading.with(|pool| pool.map_or(1, |pool| pool.pool.settings.slots_per_node().into()))
    });
    let href = move |node: String| pool.with_value(|here| paths::node(&here.account, &here.pool, node));
    let state_href = move |state: NodeState| {
        pool.with_value(|here| paths::with_query(paths::nodes(&here.account, &here.pool), &[("state", state.as_str())]))
    };
    view! {
        <Loaded reading let:cells>
            <HeatMap cells slots_per_node=slots href state_href/>
        </Loaded>
    }
}
