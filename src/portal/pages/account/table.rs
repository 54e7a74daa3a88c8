//! The accounts as a table.

use leptos::prelude::*;

use crate::api::{AccountSummary, Changed};
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::{ButtonKind, Column, DataTable, Empty, Icon, Source, Time};
use crate::portal::format;
use crate::portal::i18n::{Msg, language, msg, t};
use crate::portal::paths;
use crate::portal::state::use_changes;
use crate::server_fns::account_list;

#[component]
pub fn AccountTable() -> impl IntoView {
    let tick = use_changes(|change| matches!(change.what, Changed::Accounts | Changed::Account));
    view! {
        <DataTable
            label=msg::ACCOUNTS
            columns=columns()
            id=|row: &AccountSummary| row.account.name.clone()
            source=Source::new(account_list)
            tick
            empty=|| view! { <NoAccounts/> }
        />
    }
}

fn columns() -> Vec<Column<AccountSummary>> {
    vec![
        Column::new("name", msg::NAME, |row: &AccountSummary| {
            let name = row.account.name.clone();
            view! { <a href=paths::account(&name)>{name.clone()}</a> }
        })
        .sortable()
        .width(12.0),
        Column::new("location", msg::LOCATION, |row: &AccountSummary| row.account.location.clone())
            .sortable()
            .width(7.0),
        Column::new("resourceGroup", msg::RESOURCE_GROUP, |row: &AccountSummary| row.account.resource_group.clone())
            .hidden(),
        count("pools", msg::POOLS, |row| row.counts.pools),
        count("nodes", msg::NODES, |row| row.counts.nodes),
        count("activeJobs", msg::ACTIVE_JOBS, |row| row.counts.active_jobs).width(8.0),
        count("runningTasks", msg::RUNNING_TASKS, |row| row.counts.tasks_running).width(8.0),
        count("failedTasks", msg::FAILED_TASKS, |row| row.counts.tasks_failed).width(8.0).hidden(),
        Column::new(
            "creationTime",
            msg::CREATED,
            |row: &AccountSummary| view! { <Time at=row.account.creation_time/> },
        )
        .sortable(),
    ]
}

fn count(key: &'static str, label: Msg, of: fn(&AccountSummary) -> i64) -> Column<AccountSummary> {
    Column::new(key, label, move |row: &AccountSummary| format::number(language(), of(row))).number()
}

#[component]
fn NoAccounts() -> impl IntoView {
    let command = Signal::derive(|| t(msg::ACCOUNTS_NONE_COMMAND).to_owned());
    view! {
        <Empty icon=Icon::Account title=msg::ACCOUNTS_NONE text=msg::ACCOUNTS_NONE_TEXT command>
            <ButtonLink label=msg::ACCOUNT_CREATE icon=Icon::Add kind=ButtonKind::Primary href=paths::account_create()/>
        </Empty>
    }
}
