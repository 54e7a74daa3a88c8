//! What nodes measure, for graphs: a sample of each node each ten seconds, saved once a minute in one write. With it the
//! counters of pools are noted.
//!
//! What was not saved yet is lost when the server ends: a graph may lack a minute.

use super::driver::Driver;
use crate::api::agent::{Sample as Heard, Traffic};
use crate::api::{Duration, Timestamp};
use crate::domain::node_history::{self, Sample, Totals};
use crate::service::node_history::node_history_add;
use crate::service::pool_history::pool_history_note;
use crate::store::node_sample::Addition;

const SAVED_EVERY: Duration = Duration::from_secs(60);

/// What a node measured and what is not saved yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    samples: Vec<Sample>,
    totals: Totals,
    /// Of the last sample.
    counted: Option<(Timestamp, Traffic)>,
    slot: Option<i64>,
}

impl Recent {
    /// Takes the first that is heard in each slot.
    pub fn take(&mut self, heard: &Heard, now: Timestamp) {
        let slot = node_history::slot(now);
        if self.slot == Some(slot) {
            return;
        }
        self.slot = Some(slot);
        let before = self.counted.map(|(at, traffic)| (traffic, now.since(at)));
        self.counted = heard.traffic.map(|traffic| (now, traffic));
        self.totals = Totals::of(heard);
        self.samples.push(Sample::of(heard, slot, before));
    }
}

impl Driver {
    /// Saves what was measured, when it is time. A graph that lacks a minute is no reason to build the world again.
    pub(super) async fn save_samples(&mut self) {
        let minute = self.now().micros().div_euclid(SAVED_EVERY.micros());
        if self.samples_saved.replace(minute) == Some(minute) {
            return;
        }
        if let Err(error) = pool_history_note(&self.cx).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what pools do could not be noted and is missing in graphs"
            );
        }
        let mut additions = Vec::new();
        for (key, node) in &mut self.nodes {
            let samples = std::mem::take(&mut node.recent.samples);
            let frames = node_history::write(node.recent.totals, &samples);
            additions.extend(frames.into_iter().map(|(chunk, frame)| Addition { node_key: *key, chunk, frame }));
        }
        if additions.is_empty() {
            return;
        }
        if let Err(error) = node_history_add(&self.cx, additions).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what nodes measured could not be saved and is missing in graphs"
            );
        }
    }
}
