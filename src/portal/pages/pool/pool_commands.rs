//! What can be done to a pool: the bar of its page and the menu of its row show the same list.

use leptos::prelude::*;

use crate::api::{AllocationState, Code, PoolState, PoolSummary};
use crate::domain::auto_scale;
use crate::domain::permission::Permission;
use crate::domain::pool as rules;
use crate::portal::components::{Command, Confirmation, Icon};
use crate::portal::i18n::{Msg, msg, t, tf, tn};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::PoolRef;
use crate::portal::paths;
use crate::portal::state::{Notifications, use_notifications, use_session};
use crate::server_fns::{pool_delete, pool_disable_auto_scale, pool_stop_resize};

/// What the commands need to know of the pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolFacts {
    pub state: PoolState,
    pub allocation: AllocationState,
    pub n_nodes: i64,
    /// Its size is its formula's.
    pub is_auto_scaled: bool,
}

impl PoolFacts {
    /// Before the pool is read: nothing is shown of it.
    pub const UNKNOWN: PoolFacts =
        PoolFacts { state: PoolState::Active, allocation: AllocationState::Steady, n_nodes: 0, is_auto_scaled: false };

    pub fn of(summary: &PoolSummary) -> Self {
        PoolFacts {
            state: summary.pool.state,
            allocation: summary.pool.allocation_state,
            n_nodes: summary.node_counts.total,
            is_auto_scaled: summary.pool.settings.enable_auto_scale.unwrap_or_default(),
        }
    }
}

/// Panels that the commands open.
#[derive(Clone, Copy)]
pub struct PoolPanels {
    pub resize: Callback<()>,
    pub auto_scale: Callback<()>,
}

/// The commands; `deleted` follows a successful delete.
pub fn pool_commands(
    here: PoolRef,
    facts: Signal<PoolFacts>,
    panels: PoolPanels,
    deleted: Callback<()>,
) -> Vec<Command> {
    let (session, notifications) = (use_session(), use_notifications());
    let refused = move |rule: fn(PoolFacts) -> Option<Code>| {
        move || refusal::of(session, Permission::PoolWrite, rule(facts.get()))
    };
    // Whether autoscale is on decides; the words for any other state of a pool would not say that.
    let scale_refused = move |rule: fn(PoolFacts) -> Option<Code>, words: Msg| {
        move || {
            let refusal = rule(facts.get());
            let text = refusal::of(session, Permission::PoolWrite, refusal)?;
            let is_about_scale =
                session.allows(Permission::PoolWrite) && refusal == Some(Code::OperationNotValidOnPool);
            Some(if is_about_scale { t(words).to_owned() } else { text })
        }
    };
    let clone = paths::pool_from_json(&here.account, &here.pool);
    let edit = paths::edit_json(paths::pool_properties(&here.account, &here.pool));
    let (stop, delete, fix) = (here.clone(), here.clone(), here.clone());
    vec![
        Command::new(msg::POOL_RESIZE, Icon::Resize, move || panels.resize.run(())).refused(scale_refused(
            |pool| rules::resize_refusal(pool.state, pool.allocation, pool.is_auto_scaled),
            msg::REFUSAL_POOL_AUTO_SCALED,
        )),
        Command::new(msg::AUTO_SCALE, Icon::Edit, move || panels.auto_scale.run(()))
            .refused(refused(|pool| auto_scale::enable_refusal(pool.state, pool.allocation))),
        Command::new(msg::AUTO_SCALE_DISABLE, Icon::Pause, move || disable_auto_scale(notifications, fix.clone()))
            .refused(scale_refused(
                |pool| auto_scale::use_refusal(pool.state, pool.is_auto_scaled),
                msg::REFUSAL_POOL_NOT_AUTO_SCALED,
            )),
        Command::new(msg::POOL_STOP_RESIZE, Icon::Stop, move || stop_resize(notifications, stop.clone()))
            .refused(refused(|pool| rules::stop_resize_refusal(pool.state, pool.allocation))),
        Command::link(msg::EDIT_JSON, Icon::Edit, Signal::stored(edit))
            .refused(refused(|pool| rules::change_refusal(pool.state))),
        Command::link(msg::POOL_CLONE, Icon::Copy, Signal::stored(clone)),
        Command::new(msg::POOL_DELETE, Icon::Delete, move || run_delete(notifications, delete.clone(), deleted))
            .danger()
            .refused(refused(|pool| rules::change_refusal(pool.state)))
            .confirmed(move || confirmation(&here, facts.get_untracked())),
    ]
}

fn disable_auto_scale(notifications: Notifications, here: PoolRef) {
    let names = [("pool", here.pool.as_str())];
    let (doing, done) = (tf(msg::AUTO_SCALE_DISABLING, &names), tf(msg::AUTO_SCALE_DISABLED, &names));
    notifications.run(doing, done, pool_disable_auto_scale(here.account, here.pool), |()| ());
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
