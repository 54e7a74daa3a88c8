//! Jobs go on by themselves: disabled when nothing runs, completed when all is done, gone when deleted.

use super::driver::Driver;
use super::{load, retention};
use crate::api::{Changed, DisableJobOption, JobState, OnAllTasksComplete};
use crate::domain::job::{self, EndRunning, Step, View};
use crate::domain::job_node::{self, Kind};
use crate::domain::task;
use crate::service::context::Signal;
use crate::service::job::enter;
use crate::service::{Result, auto_pool};
use crate::store;
use crate::store::job::JobRow;

/// Tasks of a deleted job that go in one transaction, so that others need not wait long.
const TASKS_PER_DELETE: i64 = 2000;

impl Driver {
    pub(super) async fn reconcile_jobs(&mut self) -> Result<()> {
        let dirty = std::mem::take(&mut self.dirty_jobs);
        if dirty.is_empty() {
            return Ok(());
        }
        let keys: Vec<i64> = dirty.into_iter().collect();
        let mut conn = self.cx.store.read().await?;
        let rows = store::job::with_keys(&mut conn, &keys).await?;
        let accounts = load::accounts(&mut conn).await?;
        drop(conn);
        for key in keys.iter().filter(|key| rows.iter().all(|row| row.key != **key)) {
            self.forget_job(*key);
        }
        for row in rows {
            if row.state == JobState::Completed {
                self.forget_job(row.key);
                continue;
            }
            self.put_job(&accounts, row.clone());
            let step = job::next_step(&self.job_view(&row), self.now());
            self.take_step(row, step).await?;
        }
        Ok(())
    }

    fn job_view(&self, row: &JobRow) -> View {
        View {
            state: row.state,
            counts: row.counts.task_counts,
            n_on_nodes: self.world.jobs.get(&row.key).map_or(0, |job| job.on_nodes) + self.n_preparing(row.key),
            releases: self.releases(row),
            forced: row.forced,
            disable_tasks: row.disable_tasks.unwrap_or(DisableJobOption::Requeue),
            on_all_tasks_complete: row.settings.on_all_tasks_complete.unwrap_or(OnAllTasksComplete::NoAction),
            deadline: row.deadline,
        }
    }

    async fn take_step(&mut self, row: JobRow, step: Step) -> Result<()> {
        match step {
            Step::Stay => Ok(()),
            Step::BecomeDisabled => self.enter_state(row, JobState::Disabled, None).await,
            Step::BecomeActive => self.enter_state(row, JobState::Active, None).await,
            Step::BecomeCompleted => self.enter_state(row, JobState::Completed, None).await,
            Step::Terminate(reason) => self.enter_state(row, JobState::Terminating, Some(reason)).await,
            Step::EndRunning(how) => self.end_running(row.key, how, row.state).await,
            Step::Release => self.begin_releases(row.key).await,
            Step::CompleteByForce => {
                self.end_everything(row.key).await?;
                self.enter_state(row, JobState::Completed, None).await
            }
            Step::VanishByForce => {
                self.end_everything(row.key).await?;
                self.vanish_job(row).await
            }
            Step::Vanish => self.vanish_job(row).await,
        }
    }

    /// Saves the job's new state, unless a user's word came between: then the job is looked at again.
    async fn enter_state(&mut self, row: JobRow, state: JobState, reason: Option<&'static str>) -> Result<()> {
        let (key, schedule, now) = (row.key, row.schedule_key, self.now());
        let (from, counts) = (row.state, row.counts);
        let ends_itself = reason == Some("AllTasksComplete");
        let done = self
            .cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    let Some(mut current) = store::job::with_key(conn, key).await? else { return Ok(None) };
                    // Tasks may have been added since the counters were read.
                    if current.state != from || (ends_itself && current.counts != counts) {
                        return Ok(None);
                    }
                    let mut pools = Vec::new();
                    enter(&mut current, state, now);
                    if let Some(reason) = reason {
                        current.terminate_reason = Some(reason.to_owned());
                    }
                    if state == JobState::Completed {
                        current.ended = Some(now);
                        retention::job_ended(conn, &current, now).await?;
                        pools = auto_pool::job_done(conn, &current).await?;
                    }
                    store::job::save(conn, &current).await?;
                    Ok(Some(pools))
                })
            })
            .await?;
        // Whatever it is now, it is looked at again: with its new state, or with what came between.
        self.cx.signals.send(Signal::Job(key));
        if state == JobState::Completed {
            schedule.into_iter().for_each(|key| self.cx.signals.send(Signal::JobSchedule(key)));
        }
        if let Some(job) = self.jobs.get(&key).filter(|_| done.is_some()) {
            self.cx.events.tell(job.account.as_str(), Changed::Job { job: job.id.clone() });
        }
        auto_pool::tell(&self.cx.signals, done.unwrap_or_default());
        Ok(())
    }

    /// Ends or requeues what nodes have of the job.
    async fn end_running(&mut self, key: i64, how: EndRunning, state: JobState) -> Result<()> {
        let mut held = self.held_of(key);
        // A release task runs to its end: it is what the job waits for.
        held.retain(|(_, task, _)| !matches!(job_node::of_attempt(*task), Some((_, Kind::Release))));
        match how {
            EndRunning::Requeue => self.requeue.extend(held.iter().map(|(_, task, number)| (*task, *number))),
            EndRunning::Terminate => {
                let tasks: Vec<i64> = held.iter().map(|(_, task, _)| *task).collect();
                // In a disabled job a preparation task has not failed: it begins again with the next task there.
                if state != JobState::Disabling {
                    self.terminate_runs(&tasks, "The task's job ended.").await?;
                }
                self.terminate_tasks(tasks, "The task's job ended.").await?;
            }
        }
        for (node, task, number) in held {
            self.kill(node, task, number);
        }
        Ok(())
    }

    /// Ends all that nodes have of a job, release tasks too.
    async fn end_everything(&mut self, key: i64) -> Result<()> {
        // Also what is ending already: nobody waits for the word of its node.
        let held: Vec<_> = self.all_held_of(key).collect();
        let tasks: Vec<i64> = held.iter().map(|(_, task, _)| *task).collect();
        self.terminate_runs(&tasks, "The task's job ended.").await?;
        self.terminate_tasks(tasks, "The task's job ended.").await?;
        for (node, task, number) in held {
            self.kill(node, task, number);
        }
        Ok(())
    }

    /// Node, task and attempt of all that nodes have of a job and are not ending yet.
    fn held_of(&self, job: i64) -> Vec<(i64, i64, i64)> {
        self.all_held_of(job).filter(|(_, task, number)| !self.killed.contains(&(*task, *number))).collect()
    }

    /// The same of all that they have.
    fn all_held_of(&self, job: i64) -> impl Iterator<Item = (i64, i64, i64)> {
        let nodes = self.world.pools.values().flat_map(|pool| &pool.nodes);
        let held = nodes.flat_map(|(node, state)| state.held.iter().map(move |(task, held)| (*node, *task, held)));
        held.filter(move |(.., held)| held.job == job).map(|(node, task, held)| (node, task, held.attempt))
    }

    /// Removes the tasks of a deleted job piece by piece, their folders, and then the job.
    async fn vanish_job(&mut self, row: JobRow) -> Result<()> {
        let (key, schedule, now) = (row.key, row.schedule_key, self.cx.clock.now());
        let (left, nodes, pools) = self
            .cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    if store::task::delete_some(conn, row.key, TASKS_PER_DELETE).await? > 0 {
                        return Ok((true, Vec::new(), Vec::new()));
                    }
                    let folder = task::job_directory(&row.id);
                    let nodes = store::node::clean_up_everywhere(conn, row.account_key, &folder).await?;
                    let pools = auto_pool::job_done(conn, &row).await?;
                    store::job::delete(conn, &row, now).await?;
                    Ok((false, nodes, pools))
                })
            })
            .await?;
        self.cx.signals.send(Signal::CleanUps(nodes));
        auto_pool::tell(&self.cx.signals, pools);
        if left {
            self.cx.signals.send(Signal::Job(key));
            return Ok(());
        }
        if let Some(job) = self.jobs.get(&key) {
            self.cx.events.tell(job.account.as_str(), Changed::Job { job: job.id.clone() });
        }
        schedule.into_iter().for_each(|key| self.cx.signals.send(Signal::JobSchedule(key)));
        self.forget_job(key);
        crate::service::account::accounts_finish_delete(&self.cx).await
    }
}
