//! Formulas of pools are run when they are due, and what they say is done as a resize without a timeout.
//!
//! The time of the next run is stored with the run, so a server that was away goes on where it was. A run that fails
//! leaves the pool as it is and says why. While a resize is under way the turn is passed over.

use super::driver::Driver;
use crate::api::{AllocationState, AutoScaleRun, Changed, PoolState, Timestamp};
use crate::autoscale::Outcome;
use crate::domain::auto_scale::next_run;
use crate::domain::pool::Sizes;
use crate::service::{self, Result, auto_scale, etag};
use crate::store::pool::PoolRow;
use crate::store::{self, Conn};

impl Driver {
    pub(super) async fn evaluate_autoscale(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.is_formula_due) {
            return Ok(());
        }
        let mut conn = self.cx.store.read().await?;
        let due = store::pool::auto_scale_due(&mut conn, self.now()).await?;
        drop(conn);
        for row in due {
            self.evaluate(row).await?;
        }
        Ok(())
    }

    async fn evaluate(&mut self, row: PoolRow) -> Result<()> {
        let (now, key) = (self.now(), row.key);
        let run = if row.state == PoolState::Active && row.allocation == AllocationState::Steady {
            Some(self.run_formula(&row, now).await?)
        } else {
            None
        };
        let changed = self
            .cx
            .store
            .write::<_, service::Error, _>(move |conn| Box::pin(async move { apply(conn, &row, run, now).await }))
            .await?;
        if changed {
            self.dirty_pools.insert(key);
            if let Some(pool) = self.pools.get(&key) {
                self.cx.events.tell(pool.account.as_str(), Changed::Pool { pool: pool.id.clone() });
            }
        }
        Ok(())
    }

    /// What the formula says; nothing to apply where it fails.
    async fn run_formula(&self, row: &PoolRow, now: Timestamp) -> Result<(Option<Outcome>, AutoScaleRun)> {
        let text = row.settings.auto_scale_formula.as_deref().unwrap_or_default();
        let formula = match crate::autoscale::Formula::read(text) {
            Ok(formula) => formula,
            // It could be read when it was stored; another version of this program may be stricter.
            Err(error) => {
                let error = Some(auto_scale::run_error(&error));
                return Ok((None, AutoScaleRun { timestamp: now, results: None, error }));
            }
        };
        let mut conn = self.cx.store.read().await?;
        let samples = auto_scale::samples(&mut conn, row, now).await?;
        drop(conn);
        let (outcome, run) = auto_scale::run(&self.cx, &formula, row, &samples, now);
        Ok((Some(outcome).filter(|outcome| outcome.error.is_none()), run))
    }
}

/// Saves a run and what follows from it, unless a user's word came between: then the formula is due again anyway.
async fn apply(
    conn: &mut Conn,
    seen: &PoolRow,
    run: Option<(Option<Outcome>, AutoScaleRun)>,
    now: Timestamp,
) -> Result<bool> {
    let Some(mut row) = store::pool::with_key(conn, seen.key).await? else { return Ok(false) };
    let is_same = (row.auto_scale.next, row.state, row.allocation, &row.settings.auto_scale_formula)
        == (seen.auto_scale.next, seen.state, seen.allocation, &seen.settings.auto_scale_formula);
    let Some(due) = row.auto_scale.next.filter(|_| is_same) else { return Ok(false) };
    row.auto_scale.next = Some(next_run(due, auto_scale::interval(&row), now));
    if let Some((outcome, run)) = run {
        row.auto_scale.run = Some(run);
        if let Some(outcome) = outcome {
            resize(&mut row, &outcome, now);
        }
        store::pool::save(conn, &row).await?;
    }
    store::pool::save_auto_scale(conn, &row).await?;
    Ok(true)
}

/// Begins a resize when the formula wants another size, or the pool fell short of this one: then it is tried again.
fn resize(row: &mut PoolRow, outcome: &Outcome, now: Timestamp) {
    let target = Sizes { dedicated: outcome.dedicated, low_priority: outcome.low_priority };
    if row.target == target && row.current == target {
        return;
    }
    (row.target, row.deallocation) = (target, outcome.deallocation);
    (row.allocation, row.allocation_since) = (AllocationState::Resizing, now);
    (row.resize_errors, row.deadline) = (None, None);
    row.modified = now;
    row.etag = etag::next(row.etag, now);
}
