//! An account at a glance.

use leptos::prelude::*;

use super::delete::delete_command;
use super::graphs::AccountGraphs;
use super::use_account_summary;
use crate::api::{AccountCounts, AccountSummary, PublicNetworkAccess};
use crate::domain::permission::Permission;
use crate::portal::components::{
    Command, CommandBar, Copy, Essential, Essentials, Glyph, Icon, Loaded, PageHeader, Progress, Share, Time, Tone,
};
use crate::portal::format;
use crate::portal::i18n::{Msg, language, msg, t, tf, tx};
use crate::portal::paths;
use crate::portal::shell::use_account;
use crate::portal::state::use_session;

#[component]
pub fn AccountPage() -> impl IntoView {
    let account = use_account();
    let summary = use_account_summary();
    let session = use_session();
    let refused = move |permission| move || (!session.allows(permission)).then(|| t(msg::ERROR_FORBIDDEN).to_owned());
    let commands = move || {
        let name = account.get();
        let mut commands = Vec::new();
        // A link cannot be refused: it is shown to those who may follow it.
        if refused(Permission::PoolWrite)().is_none() {
            commands.push(Command::link(msg::POOL_ADD, Icon::Add, paths::pool_create(&name)));
        }
        if refused(Permission::JobWrite)().is_none() {
            commands.push(Command::link(msg::JOB_ADD, Icon::Add, paths::job_create(&name)));
        }
        commands.push(Command::link(msg::KEYS, Icon::Key, paths::keys(&name)));
        commands.push(delete_command(summary));
        view! { <CommandBar commands/> }
    };
    view! {
        <PageHeader title=Signal::derive(move || account.get().to_string()) kind=Signal::derive(|| Some(t(msg::ACCOUNT).to_owned())) icon=Icon::Account/>
        {commands}
        <Loaded reading=summary let:summary>
            <Facts summary/>
            <Cards summary/>
        </Loaded>
        <AccountGraphs/>
    }
}

#[component]
fn Facts(summary: Signal<AccountSummary>) -> impl IntoView {
    let account = use_account();
    let of = move |read: fn(&AccountSummary) -> String| Signal::derive(move || summary.with(read));
    let url = of(|s| s.account.account_url.clone());
    let storage = move || summary.with(|s| s.account.auto_storage.as_ref().map(|a| a.storage_account_id.clone()));
    let access = move || summary.with(|s| s.account.public_network_access == PublicNetworkAccess::Enabled);
    view! {
        <Essentials>
            <Essential label=msg::ENDPOINT><code>{url}</code><Copy text=url what=msg::ENDPOINT/></Essential>
            <Essential label=msg::LOCATION>{of(|s| s.account.location.clone())}</Essential>
            <Essential label=msg::RESOURCE_GROUP>{of(|s| s.account.resource_group.clone())}</Essential>
            <Essential label=msg::SUBSCRIPTION>
                <code>{of(|s| s.account.subscription_id.clone())}</code>
                <Copy text=of(|s| s.account.subscription_id.clone()) what=msg::SUBSCRIPTION/>
            </Essential>
            <Essential label=msg::STORAGE><a href=move || paths::account_storage(account.get())>{move || storage().unwrap_or_else(|| t(msg::NOT_LINKED).to_owned())}</a></Essential>
            <Essential label=msg::PUBLIC_ACCESS>{move || t(if access() { msg::ENABLED } else { msg::DISABLED })}</Essential>
            <Essential label=msg::CREATED><Time at=Signal::derive(move || summary.with(|s| s.account.creation_time))/></Essential>
        </Essentials>
    }
}

#[component]
fn Cards(summary: Signal<AccountSummary>) -> impl IntoView {
    let account = use_account();
    let counts = Memo::new(move |_| summary.with(|s| s.counts.clone()));
    view! {
        <div class="cards">
            <Card title=msg::POOLS icon=Icon::Pool href=Signal::derive(move || paths::pools(account.get())) counts number=|c| c.pools
                facts=&[(msg::FACT_NODES, |c| c.nodes)]/>
            <Card title=msg::NODES icon=Icon::Node href=Signal::derive(move || paths::pools(account.get())) counts number=|c| c.nodes
                facts=&[(msg::FACT_RUNNING, |c| c.nodes_running), (msg::FACT_IDLE, |c| c.nodes_idle), (msg::FACT_BROKEN, |c| c.nodes_broken)]/>
            <Card title=msg::JOBS icon=Icon::Job href=Signal::derive(move || paths::jobs(account.get())) counts number=|c| c.jobs
                facts=&[(msg::FACT_ACTIVE, |c| c.active_jobs)]/>
            <Card title=msg::JOB_SCHEDULES icon=Icon::Clock href=Signal::derive(move || paths::job_schedules(account.get())) counts
                number=|c| c.job_schedules facts=&[(msg::FACT_ACTIVE, |c| c.active_job_schedules)]/>
            <TaskCard counts/>
            <QuotaCard summary/>
        </div>
    }
}

/// A fact's text with `{n}`, and how it is counted.
type Fact = (Msg, fn(&AccountCounts) -> i64);

#[component]
fn Card(
    title: Msg,
    icon: Icon,
    href: Signal<String>,
    counts: Memo<AccountCounts>,
    number: fn(&AccountCounts) -> i64,
    facts: &'static [Fact],
) -> impl IntoView {
    view! {
        <section class="card">
            <h2 class="card__title"><Glyph icon/><a href=move || href.get()>{tx(title)}</a></h2>
            <p class="card__number">{move || format::number(language(), counts.with(number))}</p>
            <FactList counts facts/>
        </section>
    }
}

#[component]
fn FactList(counts: Memo<AccountCounts>, facts: &'static [Fact]) -> impl IntoView {
    let items = facts.iter().map(|(message, of)| {
        let n = move || format::number(language(), counts.with(of));
        view! { <li>{move || tf(*message, &[("n", &n())])}</li> }
    });
    view! { <ul class="card__facts">{items.collect_view()}</ul> }
}

#[component]
fn TaskCard(counts: Memo<AccountCounts>) -> impl IntoView {
    let all = |c: &AccountCounts| c.tasks_active + c.tasks_running + c.tasks_succeeded + c.tasks_failed;
    let share =
        |tone, message: Msg, n: i64| Share { tone, n, label: tf(message, &[("n", &format::number(language(), n))]) };
    let shares = Signal::derive(move || {
        counts.with(|c| {
            vec![
                share(Tone::Good, msg::FACT_SUCCEEDED, c.tasks_succeeded),
                share(Tone::Bad, msg::FACT_FAILED, c.tasks_failed),
                share(Tone::Active, msg::FACT_RUNNING, c.tasks_running),
                share(Tone::Neutral, msg::FACT_ACTIVE, c.tasks_active),
            ]
        })
    });
    view! {
        <section class="card">
            <h2 class="card__title"><Glyph icon=Icon::Task/><span>{tx(msg::TASKS)}</span></h2>
            <p class="card__number">{move || format::number(language(), counts.with(all))}</p>
            <Progress label=msg::TASKS shares whole=Signal::derive(move || counts.with(all))
                done=Signal::derive(move || counts.with(|c| c.tasks_succeeded + c.tasks_failed))/>
            <FactList counts facts=&[
                (msg::FACT_RUNNING, |c| c.tasks_running), (msg::FACT_ACTIVE, |c| c.tasks_active),
                (msg::FACT_SUCCEEDED, |c| c.tasks_succeeded), (msg::FACT_FAILED, |c| c.tasks_failed),
            ]/>
        </section>
    }
}

#[component]
fn QuotaCard(summary: Signal<AccountSummary>) -> impl IntoView {
    let used = Signal::derive(move || summary.with(|s| s.counts.dedicated_cores));
    let quota = Signal::derive(move || summary.with(|s| s.account.quotas.dedicated_core_quota));
    let text = move || {
        let number = |n: i64| format::number(language(), n);
        tf(msg::QUOTA_USED, &[("used", &number(used.get())), ("quota", &number(quota.get()))])
    };
    let shares = Signal::derive(move || {
        let tone = if used.get() >= quota.get() { Tone::Bad } else { Tone::Active };
        vec![Share { tone, n: used.get().min(quota.get()), label: text() }]
    });
    view! {
        <section class="card">
            <h2 class="card__title"><Glyph icon=Icon::Properties/><span>{tx(msg::QUOTA_CORES)}</span></h2>
            <p class="card__number">{move || format::number(language(), used.get())}</p>
            <Progress label=msg::QUOTA_CORES shares whole=quota done=used/>
            <ul class="card__facts"><li>{text}</li></ul>
        </section>
    }
}
