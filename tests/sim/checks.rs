//! What must always hold, looked at while things happen.

use std::collections::{BTreeMap, BTreeSet};

use fournil::agent::run_id::RunId;
use fournil::api::SubtaskState;
use fournil::api::agent::Attempt;
use fournil::domain::multi_instance::of_attempt;
use fournil::domain::task::{Life, Phase};
use fournil::store;

use crate::world::{Outcome, World};

#[derive(Default)]
pub struct Checks {
    /// Processes that live, by task: its attempt and its node.
    live: BTreeMap<i64, (i64, String)>,
    /// With what attempts have ended by themselves: the exit codes of all their instances.
    exits: BTreeMap<Attempt, BTreeSet<i32>>,
    /// Instances that have been ready, with their nodes, by task and attempt.
    ready: BTreeMap<Attempt, BTreeMap<i32, String>>,
    /// Ends that somebody has seen, by the task's key.
    seen: BTreeMap<i64, (String, String, Life)>,
}

impl Checks {
    /// A process begins: no other of its task may live, wherever it is, and the node must have the slots.
    pub fn begins(&mut self, node: &str, run: RunId, (slots, most): (i32, i32)) -> Outcome {
        if slots > most {
            return Err(format!("{node} has {most} slots, and its processes take {slots}"));
        }
        let RunId::Task(attempt) = run else { return Ok(()) };
        match self.live.insert(attempt.task, (attempt.number, node.to_owned())) {
            None => Ok(()),
            Some((number, other)) => Err(format!(
                "task {} runs twice at a time: attempt {number} on {other}, and {} on {node}",
                attempt.task, attempt.number
            )),
        }
    }

    /// An instance's coordination command has ended well: no other instance of the attempt is on its node.
    pub fn is_ready(&mut self, attempt: Attempt, node: &str) -> Outcome {
        let instance = of_attempt(attempt.task).1;
        let ready = self.ready.entry(whole(attempt)).or_default();
        ready.insert(instance, node.to_owned());
        match ready.iter().find(|(other, on)| **other != instance && *on == node) {
            Some((other, _)) => Err(format!("instances {other} and {instance} of {attempt:?} are both on {node}")),
            None => Ok(()),
        }
    }

    /// A primary's command begins: all of its instances have been ready in this very attempt.
    pub fn goes(&mut self, attempt: Attempt, n_instances: usize) -> Outcome {
        let n_ready = self.ready.get(&attempt).map_or(0, BTreeMap::len);
        if n_ready == n_instances {
            Ok(())
        } else {
            Err(format!("the command of {attempt:?} begins with {n_ready} of {n_instances} instances ready"))
        }
    }

    pub fn is_over(&mut self, run: RunId) {
        if let RunId::Task(attempt) = run {
            self.live.remove(&attempt.task);
        }
    }

    pub fn has_ended(&mut self, attempt: Attempt, exit: i32) {
        self.exits.entry(whole(attempt)).or_default().insert(exit);
    }

    /// A user may have put the task back.
    pub fn may_run_again(&mut self, job: &str, task: &str) {
        self.seen.retain(|_, (of, id, _)| !(of == job && id == task));
    }
}

/// The attempt of the whole task.
fn whole(attempt: Attempt) -> Attempt {
    Attempt { task: of_attempt(attempt.task).0, ..attempt }
}

impl World {
    /// Looks at everything.
    pub async fn check(&mut self) -> Outcome {
        self.check_store().await?;
        let Some(server) = &self.server else { return Ok(()) };
        if !server.driver.has_news() {
            let found = server.driver.contradictions().await.map_err(|error| error.to_string())?;
            if !found.is_empty() {
                return Err(format!("memory and store contradict each other:\n  {}", found.join("\n  ")));
            }
        }
        Ok(())
    }

    /// Looks at what is stored.
    pub async fn check_store(&mut self) -> Outcome {
        let Some(server) = &self.server else { return Ok(()) };
        let mut conn = server.cx.store.read().await.unwrap();
        let broken = store::doctor::broken_rules(&mut conn).await.unwrap();
        if !broken.is_empty() {
            return Err(format!("what is stored is not sound:\n  {}", broken.join("\n  ")));
        }
        let tasks: Vec<(i64, String, String)> =
            sqlx::query_as("SELECT t.key, j.id, t.id FROM tasks AS t JOIN jobs AS j ON j.key = t.job_key")
                .fetch_all(&mut *conn)
                .await
                .unwrap();
        let keys: Vec<i64> = tasks.iter().map(|(key, ..)| *key).collect();
        let rows = store::task::with_keys(&mut conn, &keys).await.unwrap();
        let subtasks = store::subtask::of_tasks(&mut conn, &keys).await.unwrap();
        let lives: BTreeMap<i64, Life> = rows.into_iter().map(|row| (row.key, row.life)).collect();
        let pools: Vec<String> = store::pool::all(&mut conn).await.unwrap().into_iter().map(|pool| pool.id).collect();
        let jobs: Vec<String> = sqlx::query_scalar("SELECT id FROM jobs").fetch_all(&mut *conn).await.unwrap();
        drop(conn);
        if let Some(pool) = self.users.pools.iter().find(|pool| !pools.contains(pool)) {
            return Err(format!("the pool {pool} was made and is not there"));
        }
        if let Some(job) = self.users.jobs.iter().find(|job| !jobs.contains(job)) {
            return Err(format!("the job {job} was made and is not there"));
        }
        self.check_ends(&tasks, &lives)?;
        for (key, life) in lives.iter().filter(|(_, life)| life.phase == Phase::Completed) {
            let of = subtasks.get(key).map(Vec::as_slice).unwrap_or_default();
            if let Some(live) = of.iter().find(|subtask| subtask.state != SubtaskState::Completed) {
                return Err(format!("task {key} has ended, and its subtask {} is {:?}: {life:?}", live.id, live.state));
            }
        }
        let there: std::collections::BTreeSet<(&str, &str)> =
            tasks.iter().map(|(_, job, task)| (job.as_str(), task.as_str())).collect();
        match self.users.added.iter().find(|(job, task)| !there.contains(&(job.as_str(), task.as_str()))) {
            Some((job, task)) => Err(format!("the task {job}/{task} was added and is not there")),
            None => Ok(()),
        }
    }

    /// An end is one that a process had, and it stays.
    fn check_ends(&mut self, tasks: &[(i64, String, String)], lives: &BTreeMap<i64, Life>) -> Outcome {
        for (key, job, id) in tasks {
            let Some(life) = lives.get(key) else { continue };
            if let Some((.., before)) = self.checks.seen.get(key) {
                if before != life {
                    return Err(format!("the end of {job}/{id} has changed: {before:?}, and now {life:?}"));
                }
                continue;
            }
            if life.phase != Phase::Completed {
                continue;
            }
            let attempt = Attempt { task: *key, number: life.attempt };
            if life.exit_code.is_some()
                && !life
                    .exit_code
                    .is_some_and(|exit| self.checks.exits.get(&attempt).is_some_and(|of| of.contains(&exit)))
            {
                return Err(format!("{job}/{id} has ended with {:?}, which no process of it did", life.exit_code));
            }
            self.faults.tasks_completed += 1;
            self.checks.seen.insert(*key, (job.clone(), id.clone(), life.clone()));
        }
        Ok(())
    }
}
