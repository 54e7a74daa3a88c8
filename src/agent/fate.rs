//! What the node's decisions know of its runs, and what becomes of these and of the node.

use std::time::{Duration, Instant};

use super::run_id::RunId;
use crate::api::{self, Timestamp};

/// Why the node stops, and what must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The node leaves its pool: nothing of it is kept.
    Leave,
    /// The agent begins anew.
    Reboot,
    /// The operator's wish.
    Exit,
}

/// What becomes of a run when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its own end is reported.
    Report,
    /// It exceeded this limit, which is reported.
    RanTooLong(api::Duration),
    /// It is given back.
    GiveBack,
}

/// The runs whose processes are not all gone.
pub trait Processes {
    fn ids(&self) -> Vec<RunId>;
    /// What becomes of it; absent when it does not run.
    fn fate(&self, run: RunId) -> Option<Fate>;
    fn started(&self, run: RunId) -> Option<Timestamp>;
    /// Its first process with that one's start time, while it lives.
    fn leader(&self, run: RunId) -> Option<(i32, u64)>;
    fn slots_in_use(&self) -> i32;
    /// Ends it as `fate` says: asked to, and killed after the wait. One that is ending already keeps its time.
    fn end(&mut self, run: RunId, fate: Fate, kill_wait: Duration, now: Instant);
}
