//! What is heard of nodes: they connect, speak of their start task and health, fall silent.

use tokio::sync::mpsc::UnboundedSender;

use super::driver::{Done, Driver};
use super::load::attempt;
use super::provider::{NodeSpec, Provider};
use crate::api::agent::{Attempt, FromAgent, Hello, NodeLimits, StartTaskReport, ToAgent, Welcome};
use crate::api::{Changed, NodeError, StartTaskState, TaskExecutionResult};
use crate::domain::node::{self, StartTaskFact};
use crate::domain::steady::{HashMap, HashSet};
use crate::domain::task_user;
use crate::service::package_references;
use crate::service::storage::linked;
use crate::service::{Result, kept};
use crate::store;

/// How long a node that goes may take to send the logs of its tasks.
const KEEPING_TIME: std::time::Duration = std::time::Duration::from_secs(60);

/// What becomes of a node's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Files {
    Stay,
    Go,
}

impl Driver {
    /// A node's agent is here: both sides compare what they hold.
    pub(super) async fn connected(&mut self, node_key: i64, connection: u64, hello: Hello) -> Result<()> {
        let Some(live) = self.nodes.get_mut(&node_key) else {
            // Deleted while it was away.
            self.hub.send(node_key, ToAgent::Leave);
            return Ok(());
        };
        if live.facts.deallocated {
            // A start that the provider had begun was carried out behind the node's going to rest, and the server died meanwhile.
            self.provider_kill(node_key);
            return Ok(());
        }
        live.connection = Some(connection);
        live.lost_at = None;
        (live.facts.joined, live.facts.lost, live.facts.broken) = (true, false, false);
        (live.facts.restarting, live.facts.refused) = (false, false);
        let rebooted = live.row.boot.as_deref() != Some(hello.boot.as_str());
        live.row.boot = Some(hello.boot);
        live.row.booted = Some(hello.booted_at);
        live.row.ip_address = hello.ip_address;
        live.row.agent_version = Some(hello.agent_version);
        live.row.limits = Some(if self.settings.limits_tasks { hello.limits } else { NodeLimits::off() });
        live.set_health(None);
        live.unsaved = true;
        let pool_key = live.row.pool_key;
        let pool = self.pools.get(&pool_key);
        let has_start_task = pool.is_some_and(|p| p.start_task.is_some());
        let has_packages = hello.packages_deployed || pool.is_none_or(|p| !p.brings_something());
        match hello.start_task {
            _ if !has_start_task && has_packages => {
                (live.row.ready, live.facts.start_task) = (true, StartTaskFact::Done)
            }
            Some(report) => take_start_task(live, report),
            None if rebooted => (live.row.ready, live.facts.start_task) = (false, StartTaskFact::NotBegun),
            None => {}
        }
        self.forget_remote(node_key);
        self.early_starts.forget(node_key);
        if rebooted {
            self.note_readiness_of_node(node_key);
        }
        let (lost, stale) = self.compare(pool_key, node_key, &hello.alive, &hello.ended);
        let killed: Vec<Attempt> =
            hello.alive.into_iter().filter(|a| self.killed.contains(&(a.task, a.number))).collect();
        self.welcome(node_key, stale).await?;
        // It may not have heard it the first time.
        if !killed.is_empty() {
            self.hub.send(node_key, ToAgent::Kill { attempts: killed });
        }
        self.save_reports(vec![(node_key, FromAgent::GaveBack { attempts: lost })]).await?;
        self.cleaning.remove(&node_key);
        self.send_clean_ups(node_key).await?;
        self.node_changed(node_key);
        self.to_order.insert(node_key);
        self.dirty_pools.insert(pool_key);
        self.dirty_jobs.extend(self.jobs.iter().filter(|(_, job)| job.watches_counts).map(|(key, _)| *key));
        Ok(())
    }

    /// Attempts that the node should have and has not; and those that it has and should not.
    fn compare(&self, pool: i64, node: i64, alive: &[Attempt], ended: &[Attempt]) -> (Vec<Attempt>, Vec<Attempt>) {
        let theirs: HashMap<i64, i64> = alive.iter().chain(ended).map(|a| (a.task, a.number)).collect();
        let held = self.world.pools.get(&pool).and_then(|p| p.nodes.get(&node)).map(|n| &n.held);
        let ours: HashMap<i64, i64> = held.into_iter().flatten().map(|(task, held)| (*task, held.attempt)).collect();
        let missing = |here: &HashMap<i64, i64>, there: &HashMap<i64, i64>| {
            here.iter().filter(|(task, number)| there.get(task) != Some(number)).map(|(t, n)| attempt(*t, *n)).collect()
        };
        (missing(&ours, &theirs), missing(&theirs, &ours))
    }

    async fn welcome(&self, node_key: i64, stale: Vec<Attempt>) -> Result<()> {
        let Some(node) = self.nodes.get(&node_key) else { return Ok(()) };
        let Some(pool) = self.pools.get(&node.row.pool_key) else { return Ok(()) };
        let mut start_task = pool.start_task.clone();
        if let Some(task) = &mut start_task {
            let files = task.resource_files.take().unwrap_or_default();
            let files = linked::files_with_urls(&self.cx, pool.account_key, files).await?;
            task.resource_files = (!files.is_empty()).then_some(files);
        }
        let mut packages = Vec::new();
        if !pool.packages.is_empty() {
            let mut conn = self.cx.store.read().await?;
            let (owner, asked) = ((&pool.account, pool.account_key), [pool.packages.as_slice()]);
            packages = package_references::resolve(&self.cx, &mut conn, owner, &asked).await?.pop().unwrap_or_default();
        }
        let ids = self.settings.first_node_user.zip(node.row.user_block);
        let welcome = Welcome {
            account: pool.account.to_string(),
            account_url: self.cx.installation.account_url(&pool.account).to_owned(),
            pool: pool.id.clone(),
            is_dedicated: node.row.dedicated,
            slots: pool.slots,
            start_task,
            packages,
            mounts: pool.mounts.clone(),
            lease_secs: self.settings.agent_lease_secs,
            kill_wait_secs: self.settings.kill_wait_secs,
            task_user: self.settings.task_user(node.row.pool_key),
            own_users: ids.map(|(first, block)| task_user::own_users(first, block)),
            accounts: task_user::accounts(&pool.accounts, ids),
            elevation_allowed: self.cx.installation.elevation_allowed,
            forbidden_addresses: self.cx.installation.forbidden_addresses.clone(),
            size: pool.size.filter(|_| self.settings.limits_tasks),
            stale,
            users: self.users_of(node_key).await?,
            containers: pool.containers_by(&self.cx.installation.containers),
        };
        self.hub.send(node_key, ToAgent::Welcome(welcome));
        Ok(())
    }

    pub(super) fn disconnected(&mut self, node_key: i64, connection: u64) {
        let lease = self.settings.lease.to_std().unwrap_or_default();
        let Some(node) = self.nodes.get_mut(&node_key) else { return };
        if node.connection != Some(connection) {
            return;
        }
        node.connection = None;
        node.lost_at = (!node.facts.rests()).then(|| self.cx.clock.monotonic() + lease);
        self.ports_changed = true;
        self.node_changed(node_key);
        self.ensure(node_key);
    }

    pub(super) fn start_task_reported(&mut self, node_key: i64, report: StartTaskReport) {
        if let Some(node) = self.nodes.get_mut(&node_key) {
            take_start_task(node, report);
            self.node_changed(node_key);
            // Jobs that end wait for this node, or need not any more.
            self.dirty_jobs.extend(self.job_nodes.of_node(node_key).map(|row| row.job_key));
        }
    }

    /// The node can run tasks now, unless a start task comes first.
    pub(super) fn packages_deployed(&mut self, node_key: i64) {
        let Some(node) = self.nodes.get_mut(&node_key) else { return };
        let has_start_task = self.pools.get(&node.row.pool_key).is_some_and(|pool| pool.start_task.is_some());
        if !has_start_task && node.facts.start_task == StartTaskFact::NotBegun {
            (node.row.ready, node.facts.start_task) = (true, StartTaskFact::Done);
            node.unsaved = true;
            self.node_changed(node_key);
        }
    }

    pub(super) fn health_reported(&mut self, node_key: i64, error: Option<NodeError>) {
        let Some(node) = self.nodes.get_mut(&node_key) else { return };
        node.facts.broken = error.is_some();
        node.set_health(error);
        self.node_changed(node_key);
    }

    /// Nodes without a connection: their agents are started again; those silent for longer than the lease are killed, and
    /// what they had runs elsewhere.
    pub(super) fn watch_nodes(&mut self) {
        let now = self.cx.clock.monotonic();
        let silent: Vec<i64> =
            self.nodes.iter().filter(|(_, node)| node.connection.is_none()).map(|(key, _)| *key).collect();
        for key in silent {
            let Some(node) = self.nodes.get_mut(&key) else { continue };
            if node.lost_at.is_some_and(|at| now >= at) {
                node.lost_at = None;
                node.facts.lost = true;
                tracing::warn!(node = node.row.id, "a node is lost: no word from its agent for longer than its lease");
                self.node_changed(key);
                self.provider_kill(key);
            } else {
                self.ensure(key);
            }
        }
    }

    /// Lets the provider start the agent, unless it lives or the node is leaving.
    pub(super) fn ensure(&mut self, key: i64) {
        let Some(node) = self.nodes.get(&key) else { return };
        if node.facts.leaving || node.facts.rests() || self.provider_busy.contains(&key) {
            return;
        }
        let spec = NodeSpec { node: node.row.id.clone(), token: node.row.token.clone() };
        let (provider, done) = (self.provider.clone(), self.done.clone());
        self.provider.run(Box::new(move || {
            if let Err(error) = provider.ensure(&spec) {
                tracing::error!(node = spec.node, %error, "a node's agent cannot be started; it is tried again");
            }
            let _ = done.send(Done::Ensured(key, spec.node));
        }));
    }

    /// What was started may not be wanted any more: works of the provider overtake each other.
    fn ensured(&mut self, key: i64, id: &str) {
        match self.nodes.get(&key) {
            None => self.remove_stranger(id.to_owned()),
            Some(node) if node.facts.rests() => self.provider_kill(key),
            Some(_) => {}
        }
    }

    /// Removes what the provider has and the store does not know: a restored backup is older than nodes made after it.
    /// They would run on for ever, since no server takes them.
    pub(super) async fn remove_strangers(&self) -> Result<()> {
        // By their ids alone: a node whose row cannot be read is no stranger.
        let known: HashSet<String> = store::node::ids(&mut *self.cx.store.read().await?).await?.into_iter().collect();
        let (provider, done) = (self.provider.clone(), self.done.clone());
        self.provider.run(Box::new(move || {
            let listed = provider.list().inspect_err(|error| tracing::error!(%error, "the nodes cannot be listed"));
            for node in listed.unwrap_or_default().into_iter().filter(|node| !known.contains(node)) {
                remove_one(&*provider, node, &done);
            }
        }));
        Ok(())
    }

    fn remove_stranger(&self, id: String) {
        let (provider, done) = (self.provider.clone(), self.done.clone());
        self.provider.run(Box::new(move || remove_one(&*provider, id, &done)));
    }

    /// What the provider could not do.
    pub(super) fn try_again(&mut self) {
        for key in std::mem::take(&mut self.failed) {
            let Some(node) = self.nodes.get(&key) else { continue };
            self.dirty_pools.insert(node.row.pool_key);
            self.to_order.insert(key);
            if node.facts.lost || node.facts.rests() {
                self.provider_kill(key);
            }
        }
        std::mem::take(&mut self.strangers).into_iter().for_each(|id| self.remove_stranger(id));
    }

    /// Lets the provider kill the agent and all that it ran, then tells the driver.
    pub(super) fn provider_kill(&mut self, key: i64) {
        self.provider_works(key, Done::Killed(key), Files::Stay, |provider, node| provider.kill(node));
    }

    /// What is to be kept of the node's files is copied first.
    pub(super) fn provider_remove(&mut self, key: i64) {
        self.provider_works(key, Done::Removed(key), Files::Go, |provider, node| provider.remove(node));
    }

    pub(super) fn provider_works<F>(&mut self, key: i64, success: Done, files: Files, work: F)
    where
        F: FnOnce(&dyn Provider, &str) -> std::io::Result<()> + Send + 'static,
    {
        let Some(node) = self.nodes.get(&key) else { return };
        if !self.provider_busy.insert(key) {
            return;
        }
        let (id, provider, done) = (node.row.id.clone(), self.provider.clone(), self.done.clone());
        let keeps = files == Files::Go && node.connection.is_some() && !self.cx.installation.keep.is_nothing();
        let keeping = keeps.then(|| self.cx.clone());
        let worker = self.provider.clone();
        let works = Box::new(move || {
            let result = work(&*provider, &id);
            if let Err(error) = &result {
                tracing::error!(node = id, %error, "a node cannot be stopped; it is tried again");
            }
            // The driver is gone only when the server stops.
            let _ = done.send(if result.is_ok() { success } else { Done::Failed(key) });
        });
        let Some(cx) = keeping else { return worker.run(works) };
        tokio::spawn(async move {
            if tokio::time::timeout(KEEPING_TIME, kept::keep_files_of_node(&cx, key)).await.is_err() {
                tracing::warn!(node.key = key, "logs were not all kept: the node took too long to send them");
            }
            worker.run(works);
        });
    }

    /// What could not be saved comes again; until then the node stays as it is, and its agent is not started.
    pub(super) async fn provider_done(&mut self, done: &Done) -> Result<()> {
        match done {
            Done::Port(news) => self.port_told(news),
            Done::Failed(key) => {
                self.provider_busy.remove(key);
                self.failed.insert(*key);
            }
            Done::Ensured(key, id) => self.ensured(*key, id),
            Done::StrangerStays(id) => drop(self.strangers.insert(id.clone())),
            Done::Killed(key) => {
                self.give_back_all(*key).await?;
                self.provider_busy.remove(key);
                self.to_order.insert(*key);
                self.ensure(*key);
            }
            Done::CarriedOut(key, kind) => {
                self.give_back_all(*key).await?;
                self.order_carried_out(*key, *kind).await?;
                self.provider_busy.remove(key);
                self.ensure(*key);
            }
            Done::Removed(key) => {
                self.give_back_all(*key).await?;
                self.job_nodes_lose_node(*key).await?;
                self.node_removed(*key).await?;
                self.provider_busy.remove(key);
            }
        }
        Ok(())
    }

    /// Everything that a dead node had is over.
    async fn give_back_all(&mut self, key: i64) -> Result<()> {
        let Some(node) = self.nodes.get(&key) else { return Ok(()) };
        let held = self.world.pools.get(&node.row.pool_key).and_then(|p| p.nodes.get(&key)).map(|n| &n.held);
        let attempts: Vec<Attempt> = held.into_iter().flatten().map(|(task, h)| attempt(*task, h.attempt)).collect();
        self.save_reports(vec![(key, FromAgent::GaveBack { attempts })]).await
    }

    /// Saves nodes of which something changed, with the states that follow from it.
    pub(super) async fn save_nodes(&mut self) -> Result<()> {
        let now = self.now();
        let mut rows = Vec::new();
        for key in std::mem::take(&mut self.dirty_nodes) {
            let Some(node) = self.nodes.get_mut(&key) else { continue };
            let facts = &node.facts;
            let known = (node.connection.is_some() || facts.say_enough()).then(|| node::state(facts));
            // A node that has just fallen silent keeps the state it had until its lease is over.
            if let Some(state) = known.filter(|state| *state != node.row.state) {
                (node.row.state, node.row.since, node.unsaved) = (state, now, true);
            }
            if std::mem::take(&mut node.unsaved) {
                rows.push(node.row.clone());
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let saved = rows.clone();
        self.cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    for row in &rows {
                        store::node::save(conn, row).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        for row in saved {
            if let Some(pool) = self.pools.get(&row.pool_key) {
                self.cx.events.tell(pool.account.as_str(), Changed::Pool { pool: pool.id.clone() });
            }
        }
        Ok(())
    }
}

fn remove_one(provider: &dyn Provider, node: String, done: &UnboundedSender<Done>) {
    match provider.remove(&node) {
        Ok(()) => tracing::warn!(node, "a node that is not in the database was removed"),
        Err(error) => {
            tracing::error!(node, %error, "a node that is not in the database cannot be removed; it is tried again");
            let _ = done.send(Done::StrangerStays(node));
        }
    }
}

fn take_start_task(node: &mut super::driver::Node, report: StartTaskReport) {
    let failed =
        report.info.state == StartTaskState::Completed && report.info.result == Some(TaskExecutionResult::Failure);
    node.facts.start_task = match (report.ready, failed) {
        (true, _) => StartTaskFact::Done,
        (false, true) => StartTaskFact::Failed,
        (false, false) => StartTaskFact::Running,
    };
    node.row.ready = report.ready;
    node.unsaved = true;
    node.row.start_task_info = Some(report.info);
}
