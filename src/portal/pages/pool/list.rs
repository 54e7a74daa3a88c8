//! Pools of the account, with add, resize and delete.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::pool_commands::{PoolFacts, PoolPanels, pool_commands};
use super::pool_state::{self, PoolStateBadge};
use crate::api::{Changed, PoolSummary};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::data_table::RowCommands;
use crate::portal::components::{
    ButtonKind, Column, Command, CommandBar, DataTable, Empty, Icon, PageHeader, Source, Time,
};
use crate::portal::format;
use crate::portal::i18n::{language, msg};
use crate::portal::pages::route_ids::PoolRef;
use crate::portal::paths;
use crate::portal::shell::use_account;
use crate::portal::state::{use_changes, use_session};
use crate::server_fns::pool_list;

#[component]
pub fn PoolListPage() -> impl IntoView {
    let account = use_account();
    let session = use_session();
    let tick = use_changes(move |change| {
        change.account == account.get_untracked().as_str()
            && matches!(change.what, Changed::Pool { .. } | Changed::Account)
    });
    let create = Signal::derive(move || paths::pool_create(account.get()));
    let can_create = move || session.allows(Permission::PoolWrite);
    let commands = move || {
        can_create()
            .then(|| view! { <CommandBar commands=vec![
                Command::link(msg::POOL_ADD, Icon::Add, create).primary(),
                Command::link(msg::JSON_CREATE, Icon::Properties, Signal::derive(move || paths::pool_from_json(account.get(), ""))),
            ]/> })
    };
    view! {
        <PageHeader title=msg::POOLS icon=Icon::Pool/>
        {commands}
        <DataTable
            label=msg::POOLS
            columns=columns(account)
            id=|pool: &PoolSummary| pool.pool.settings.id.clone()
            source=Source::new(move |query| pool_list(account.get(), query))
            tick
            commands=row_commands(account)
            empty=move || view! {
                <Empty icon=Icon::Pool title=msg::POOLS_EMPTY text=msg::POOLS_EMPTY_TEXT command=Signal::stored(CLI_LINE.to_owned())>
                    <Show when=can_create><ButtonLink label=msg::POOL_ADD href=create icon=Icon::Add kind=ButtonKind::Primary/></Show>
                </Empty>
            }
        />
    }
}

const CLI_LINE: &str = "az batch pool create --id pool1 --vm-size standard_d2s_v3 --target-dedicated-nodes 1 \
                        --image canonical:0001-com-ubuntu-server-jammy:22_04-lts --node-agent-sku-id \"batch.node.ubuntu 22.04\"";

fn columns(account: Memo<AccountName>) -> Vec<Column<PoolSummary>> {
    let number = |n: i64| format::number(language(), n);
    vec![
        Column::new("id", msg::POOL_ID, move |pool: &PoolSummary| {
            let id = pool.pool.settings.id.clone();
            view! { <a href=paths::pool(account.get(), &id)>{id.clone()}</a> }
        })
        .sortable()
        .width(12.0),
        Column::new("state", msg::POOL_STATE, |pool: &PoolSummary| {
            view! { <PoolStateBadge look=Signal::stored(pool_state::look(&pool.pool))/> }
        })
        .width(9.5),
        Column::new("nodes", msg::POOL_DEDICATED_NODES, move |pool: &PoolSummary| {
            of(pool.pool.current_dedicated_nodes, pool.pool.settings.target_dedicated_nodes)
        })
        .number()
        .width(6.0),
        Column::new("lowPriority", msg::POOL_LOW_PRIORITY_NODES, move |pool: &PoolSummary| {
            of(pool.pool.current_low_priority_nodes, pool.pool.settings.target_low_priority_nodes)
        })
        .number()
        .width(7.0),
        Column::new("slots", msg::POOL_SLOTS, move |pool: &PoolSummary| {
            format!("{} / {}", number(pool.running_slots), number(pool.total_slots))
        })
        .number()
        .width(9.0),
        Column::new("vmSize", msg::POOL_VM_SIZE, |pool: &PoolSummary| {
            view! { <code>{pool.pool.settings.vm_size.clone()}</code> }
        })
        .width(8.5),
        Column::new("creationTime", msg::POOL_CREATED, |pool: &PoolSummary| {
            view! { <Time at=pool.pool.creation_time/> }
        })
        .sortable()
        .width(8.0),
        Column::new("displayName", msg::POOL_DISPLAY_NAME, |pool: &PoolSummary| {
            pool.pool.settings.display_name.clone()
        })
        .hidden()
        .width(14.0),
    ]
}

/// Nodes that are there of those that are asked for.
fn of(current: i32, target: Option<i32>) -> String {
    let language = language();
    let [current, target] = [current, target.unwrap_or_default()].map(|n| format::number(language, n.into()));
    format!("{current} / {target}")
}

fn row_commands(account: Memo<AccountName>) -> RowCommands<PoolSummary> {
    let navigate = use_navigate();
    let go = Callback::new(move |path: String| navigate(&path, NavigateOptions::default()));
    RowCommands::new(move |pool: &PoolSummary| {
        let (Ok(id), account) = (pool.pool.settings.id.parse(), account.get()) else { return Vec::new() };
        let here = PoolRef { account, pool: id };
        let panel = |name: &str| {
            let path = paths::with_query(paths::pool(&here.account, &here.pool), &[("panel", name)]);
            Callback::new(move |()| go.run(path.clone()))
        };
        let panels = PoolPanels { resize: panel("resize"), auto_scale: panel("autoscale") };
        pool_commands(here, Signal::stored(PoolFacts::of(pool)), panels, Callback::new(|()| ()))
    })
}
