//! How a pool is, in one word: what happens to it, and whether its last resize fell short.

use leptos::prelude::*;

use crate::api::{AllocationState, Pool, PoolState};
use crate::portal::components::{StateBadge, Tone};
use crate::portal::i18n::{Msg, msg, t};

pub fn look(pool: &Pool) -> (Tone, Msg) {
    match (pool.state, pool.allocation_state) {
        (PoolState::Deleting, _) => (Tone::Warning, msg::POOL_STATE_DELETING),
        (PoolState::Active, AllocationState::Resizing) => (Tone::Active, msg::POOL_STATE_RESIZING),
        (PoolState::Active, AllocationState::Stopping) => (Tone::Active, msg::POOL_STATE_STOPPING),
        (PoolState::Active, AllocationState::Steady) if has_resize_errors(pool) => {
            (Tone::Bad, msg::POOL_STATE_RESIZE_FAILED)
        }
        (PoolState::Active, AllocationState::Steady) => (Tone::Good, msg::POOL_STATE_STEADY),
    }
}

/// Whether the last resize ended short of its target. A user who stopped it knows.
fn has_resize_errors(pool: &Pool) -> bool {
    pool.resize_errors.iter().flatten().any(|error| error.code != "ResizeStopped")
}

#[component]
pub fn PoolStateBadge(#[prop(into)] look: Signal<(Tone, Msg)>) -> impl IntoView {
    view! { <StateBadge tone=Signal::derive(move || look.get().0) label=Signal::derive(move || t(look.get().1).to_owned())/> }
}
