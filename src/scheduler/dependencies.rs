//! Tasks that wait for other tasks: those that may run now come into the world, and long lists of dependents are released
//! piece by piece, with other work in between.

use super::driver::Driver;
use super::load::WINDOW;
use crate::domain::placement::{Demands, Waiting};
use crate::service::Result;
use crate::service::consequences::{self, Aftermath, MOST_RELEASED};
use crate::store;
use crate::store::dependency::ReadyTask;

impl Driver {
    /// Takes tasks that wait for no other any more into the windows of their jobs. Those beyond a window are found when the
    /// window gets there; where too many come at once, the window is read again from the first of them.
    pub(super) fn tasks_ready(&mut self, tasks: Vec<ReadyTask>) {
        for ReadyTask { job_key, task_key, slots, affinity, instances } in tasks {
            let affinity = self.wished_node(affinity.as_deref());
            let Some(job) = self.world.jobs.get_mut(&job_key) else { continue };
            if task_key > job.loaded_to {
                job.more = true;
            } else if job.waiting.len() < WINDOW as usize {
                job.waiting.insert(
                    task_key,
                    Waiting { slots, affinity, demands: Demands { instances, ..Demands::default() } },
                );
            } else {
                (job.more, job.loaded_to) = (true, task_key - 1);
            }
            self.to_plan.extend(job.pool);
            self.world.queue_job(job_key);
        }
    }

    /// Releases dependents that were left, lets those fail that are to, and comes again when there are more.
    pub(super) async fn release_more(&mut self) -> Result<()> {
        let released = self
            .cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move { Ok(store::dependency::release_more(conn, MOST_RELEASED).await?) })
            })
            .await?;
        Aftermath::from(released).tell(&self.cx.signals);
        let now = self.now();
        if store::dependent_failure::is_any(&mut *self.cx.store.read().await?).await? {
            let after = self
                .cx
                .store
                .write::<_, crate::service::Error, _>(move |conn| {
                    Box::pin(async move { Ok(consequences::fail_more(conn, now).await?) })
                })
                .await?;
            after.tell(&self.cx.signals);
        }
        Ok(())
    }

    /// The node that an affinity id names.
    fn wished_node(&self, affinity: Option<&str>) -> Option<i64> {
        let id = affinity?.strip_prefix("TVM:")?;
        self.nodes.iter().find(|(_, node)| node.row.id == id).map(|(key, _)| *key)
    }
}
