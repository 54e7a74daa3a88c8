//! What can be done to a pool: the bar of its page and the menu of its row show the same list.

use leptos::prelude::*;

use crate::api::{AllocationState, PoolState, PoolSummary};
use crate::domain::permission::Permission;
use crate::domain::pool as rules;
use crate::portal::components::{Command, Confirmation, Icon};
use crate::portal::i18n::{msg, t, tf, tn};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::PoolRef;
use crate::portal::state::{Notifications, use_notifications, use_session};
use crate::server_fns::{pool_delete, pool_stop_resize};

/// What the commands need to know of the pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolFacts {
    pub state: PoolState,
    pub allocation: AllocationState,
    pub n_nodes: i64,
}

impl PoolFacts {
    /// Before the pool is read: nothing is shown of it.
    pub const UNKNOWN: PoolFacts =
        PoolFacts { state: PoolState::Active, allocation: AllocationState::Steady, n_nodes: 0 };

    pub fn of(summary: &PoolSummary) -> Self {
        PoolFacts {
            state: summary.pool.state,
            allocation: summary.pool.allocation_state,
            n_nodes: summary.node_counts.total,
        }
    }
}

/// The commands; `resize` opens the panel with the new size, `deleted` follows a successful delete.
pub fn pool_commands(
    here: PoolRef,
    facts: Signal<PoolFacts>,
    resize: Callback<()>,
    deleted: Callback<()>,
) -> Vec<Command> {
    let (session, notifications) = (use_session(), use_notifications());
    let refused = move |rule: fn(PoolFacts) -> Option<crate::api::Code>| {
        move || refusal::of(session, Permission::PoolWrite, rule(facts.get()))
    };
    let (stop, delete) = (here.clone(), here.clone());
    vec![
        Command::new(msg::POOL_RESIZE, Icon::Resize, move || resize.run(()))
            .refused(refused(|pool| rules::resize_refusal(pool.state, pool.allocation))),
        Command::new(msg::POOL_STOP_RESIZE, Icon::Stop, move || stop_resize(notifications, stop.clone()))
            .refused(refused(|pool| rules::stop_resize_refusal(pool.state, pool.allocation))),
        Command::new(msg::POOL_DELETE, Icon::Delete, move || run_delete(notifications, delete.clone(), deleted))
            .danger()
            .refused(refused(|pool| rules::change_refusal(pool.state)))
            .confirmed(move || confirmation(&here, facts.get_untracked())),
    ]
}

fn confirmation(here: &PoolRef, facts: PoolFacts) -> Confirmation {
    let id = here.pool.to_string();
    let effect = match facts.n_nodes {
        0 => t(msg::POOL_DELETE_EFFECT).to_owned(),
        n => format!(
            "{} {}",
            tn(msg::POOL_DELETE_NODES_ONE, msg::POOL_DELETE_NODES_OTHER, n),
            t(msg::POOL_DELETE_EFFECT)
        ),
    };
    Confirmation {
        title: tf(msg::POOL_DELETE_TITLE, &[("pool", &id)]),
        effect,
        button: t(msg::POOL_DELETE).to_owned(),
        typed: (facts.n_nodes > 0).then_some(id),
    }
}

fn stop_resize(notifications: Notifications, here: PoolRef) {
    let names = [("pool", here.pool.as_str())];
    let (doing, done) = (tf(msg::POOL_STOPPING_RESIZE, &names), tf(msg::POOL_STOPPED_RESIZE, &names));
    notifications.run(doing, done, pool_stop_resize(here.account, here.pool), |()| ());
}

fn run_delete(notifications: Notifications, here: PoolRef, deleted: Callback<()>) {
    let names = [("pool", here.pool.as_str())];
    let (doing, done) = (tf(msg::POOL_DELETING, &names), tf(msg::POOL_DELETE_BEGUN, &names));
    notifications.run_and_leave(doing, done, pool_delete(here.account, here.pool), move |()| {
        deleted.try_run(());
    });
}
