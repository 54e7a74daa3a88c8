//! Everything that is known of an account, and the settings that can change.

use leptos::prelude::*;

use super::use_account_summary;
use crate::api::AccountSummary;
use crate::api::{Account, AccountPatch, PublicNetworkAccess};
use crate::domain::permission::Permission;
use crate::portal::components::{
    Command, CommandBar, Confirmation, Copy, Essential, Essentials, Icon, Loaded, PageHeader, Snippet, Time,
};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tx};
use crate::portal::reading::Reading;
use crate::portal::shell::use_account;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::account_patch;

#[component]
pub fn PropertiesPage() -> impl IntoView {
    let account = use_account();
    let summary = use_account_summary();
    let commands = vec![access_command(summary)];
    view! {
        <PageHeader title=msg::PROPERTIES kind=Signal::derive(move || Some(account.get().to_string())) icon=Icon::Properties/>
        <CommandBar commands/>
        <Loaded reading=summary let:summary>
            <Facts account=Signal::derive(move || summary.get().account)/>
            <Json account=Signal::derive(move || summary.get().account)/>
        </Loaded>
    }
}

/// Opens or closes the account's data plane.
fn access_command(summary: Reading<AccountSummary>) -> Command {
    let account = use_account();
    let (session, notifications) = (use_session(), use_notifications());
    let is_open =
        move || summary.with(|s| s.is_none_or(|s| s.account.public_network_access == PublicNetworkAccess::Enabled));
    let run = move || {
        let open = untrack(is_open);
        let access = if open { PublicNetworkAccess::Disabled } else { PublicNetworkAccess::Enabled };
        let patch = AccountPatch { public_network_access: Some(access), ..Default::default() };
        let name = account.get_untracked();
        let text = |message| tf(message, &[("name", name.as_str())]);
        let done = text(if open { msg::ACCESS_CLOSED } else { msg::ACCESS_OPENED });
        notifications
            .run(text(msg::ACCOUNT_CHANGING), done, account_patch(name.clone(), patch), move |_| summary.reload());
    };
    Command::new(msg::ACCESS_SWITCH, Icon::Edit, run)
        .refused(move || (!session.allows(Permission::AccountWrite)).then(|| t(msg::ERROR_FORBIDDEN).to_owned()))
        .confirmed(move || {
            let open = untrack(is_open);
            Confirmation {
                title: t(msg::ACCESS_SWITCH).to_owned(),
                effect: t(if open { msg::ACCESS_CLOSE_EFFECT } else { msg::ACCESS_OPEN_EFFECT }).to_owned(),
                button: t(if open { msg::ACCESS_CLOSE } else { msg::ACCESS_OPEN }).to_owned(),
                typed: None,
            }
        })
}

#[component]
fn Facts(account: Signal<Account>) -> impl IntoView {
    let of = move |read: fn(&Account) -> String| Signal::derive(move || account.with(read));
    let quota = move |read: fn(&Account) -> i64| move || format::number(language(), account.with(read));
    let id = of(resource_id);
    view! {
        <Essentials>
            <Essential label=msg::NAME><code>{of(|a| a.name.clone())}</code></Essential>
            <Essential label=msg::RESOURCE_ID><code>{id}</code><Copy text=id what=msg::RESOURCE_ID/></Essential>
            <Essential label=msg::ENDPOINT>
                <code>{of(|a| a.account_endpoint.clone())}</code><Copy text=of(|a| a.account_endpoint.clone()) what=msg::ENDPOINT/>
            </Essential>
            <Essential label=msg::LOCATION>{of(|a| a.location.clone())}</Essential>
            <Essential label=msg::STATE>{of(|a| a.provisioning_state.to_string())}</Essential>
            <Essential label=msg::ALLOCATION_MODE>{of(|a| a.pool_allocation_mode.to_string())}</Essential>
            <Essential label=msg::PUBLIC_ACCESS>{of(|a| a.public_network_access.to_string())}</Essential>
            <Essential label=msg::AUTHENTICATION>
                {of(|a| a.allowed_authentication_modes.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(", "))}
            </Essential>
            <Essential label=msg::QUOTA_CORES>{quota(|a| a.quotas.dedicated_core_quota)}</Essential>
            <Essential label=msg::QUOTA_LOW_PRIORITY>{quota(|a| a.quotas.low_priority_core_quota)}</Essential>
            <Essential label=msg::QUOTA_POOLS>{quota(|a| a.quotas.pool_quota)}</Essential>
            <Essential label=msg::QUOTA_JOBS>{quota(|a| a.quotas.active_job_and_job_schedule_quota)}</Essential>
            <Essential label=msg::CREATED><Time at=Signal::derive(move || account.with(|a| a.creation_time))/></Essential>
            <Essential label=msg::LAST_MODIFIED><Time at=Signal::derive(move || account.with(|a| a.last_modified))/></Essential>
        </Essentials>
    }
}

#[component]
fn Json(account: Signal<Account>) -> impl IntoView {
    let code = Signal::derive(move || account.with(|a| serde_json::to_string_pretty(a).unwrap_or_default()));
    view! {
        <details class="fold">
            <summary>{tx(msg::JSON_VIEW)}</summary>
            <Snippet code what=msg::JSON_VIEW/>
        </details>
    }
}

fn resource_id(account: &Account) -> String {
    let Account { subscription_id, resource_group, name, .. } = account;
    format!(
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group}/providers/Microsoft.Batch/batchAccounts/{name}"
    )
}
