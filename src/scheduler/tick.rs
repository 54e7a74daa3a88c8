//! What time brings: about once a second.

use super::driver::Driver;
use crate::service::Result;

impl Driver {
    /// `everything`: also what has not changed.
    pub(super) async fn tick(&mut self, everything: bool) -> Result<()> {
        self.watch_nodes();
        self.try_again();
        self.bring_back().await?;
        self.is_formula_due = true;
        self.sample_pools().await?;
        self.save_samples().await;
        self.remove_old_files().await?;
        let now = self.cx.clock.now();
        let mut conn = self.cx.store.read().await?;
        self.dirty_jobs.extend(crate::store::job::expired(&mut conn, now).await?);
        self.dirty_schedules.extend(crate::store::job_schedule::awake(&mut conn, now).await?);
        if everything {
            self.dirty_schedules.extend(crate::store::job_schedule::unfinished(&mut conn).await?);
        }
        drop(conn);
        self.recall_stuck(now);
        self.to_order.extend(self.nodes.iter().filter(|(_, node)| node.is_told()).map(|(key, _)| *key));
        for pool in self.pools.keys() {
            let deadline_matters =
                everything || self.nodes.values().any(|n| n.row.pool_key == *pool && n.connection.is_none());
            if deadline_matters {
                self.dirty_pools.insert(*pool);
            }
        }
        if everything {
            self.dirty_jobs.extend(self.jobs.keys());
            self.to_plan.extend(self.pools.keys());
            crate::service::account::accounts_finish_delete(&self.cx).await?;
        }
        Ok(())
    }
}
