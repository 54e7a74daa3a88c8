//! The real store, services and scheduler, with nodes that the test plays: cases read as what happens to them.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use fournil::api::agent::{Attempt, Ended, FromAgent, Hello, RunTask, ToAgent, Usage, Welcome};
use fournil::api::{self, ErrorCategory, TaskFailureInformation, Timestamp};
use fournil::domain::ids::{AccountName, JobId, NodeId, PoolId, TaskId};
use fournil::domain::kept::Keep;
use fournil::domain::vm_size;
use fournil::scheduler::hub::Hub;
use fournil::scheduler::provider::{NodeSpec, Provider};
use fournil::scheduler::{Driver, Inputs, Settings};
use fournil::server::ids::SystemRandom;
use fournil::service::context::{Clock, Installation, Shared, Signals};
use fournil::service::{Caller, Context, account, events, job, pool, task};
use fournil::store::{self, Store};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

const PATIENCE: Duration = Duration::from_secs(20);

/// From where the nodes that are played come.
pub const HERE: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Stands still until the test moves it.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn at(start: Timestamp) -> Arc<TestClock> {
        Arc::new(TestClock(AtomicI64::new(start.micros())))
    }

    pub fn forward(&self, by: api::Duration) {
        self.0.fetch_add(by.micros(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        fournil::server::clock::SystemClock.monotonic()
    }
}

/// Remembers which nodes are wanted.
#[derive(Default)]
pub struct FakeProvider {
    pub wanted: Mutex<HashMap<String, String>>,
    pub killed: Mutex<Vec<String>>,
    /// While it is shut, nodes are not killed: what lasts for moments can be looked at.
    shut: Mutex<bool>,
    opened: Condvar,
}

impl FakeProvider {
    pub fn hold(&self) {
        *self.shut.lock().unwrap() = true;
    }

    pub fn go_on(&self) {
        *self.shut.lock().unwrap() = false;
        self.opened.notify_all();
    }

    /// A test that failed meanwhile does not wait for ever.
    fn pass(&self) {
        let shut = self.shut.lock().unwrap();
        drop(self.opened.wait_timeout_while(shut, std::time::Duration::from_secs(20), |shut| *shut).unwrap());
    }
}

impl Provider for FakeProvider {
    fn ensure(&self, node: &NodeSpec) -> io::Result<()> {
        self.wanted.lock().unwrap().insert(node.node.clone(), node.token.clone());
        Ok(())
    }

    fn kill(&self, node: &str) -> io::Result<()> {
        self.pass();
        self.killed.lock().unwrap().push(node.to_owned());
        Ok(())
    }

    fn remove(&self, node: &str) -> io::Result<()> {
        self.pass();
        self.wanted.lock().unwrap().remove(node);
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.wanted.lock().unwrap().keys().cloned().collect())
    }
}

pub struct World {
    pub cx: Context,
    pub clock: Arc<TestClock>,
    pub provider: Arc<FakeProvider>,
    pub hub: Hub,
    pub caller: Caller,
    pub account: AccountName,
    /// Nodes that the test plays.
    played: Mutex<HashSet<i64>>,
    driver: JoinHandle<()>,
    folder: tempfile::TempDir,
}

impl World {
    /// With an account and nothing else.
    pub async fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let world = World::open(folder, TestClock::at(Timestamp::from_secs(1_800_000_000)), Arc::default()).await;
        let create = api::AccountCreate { name: "test".into(), location: "local".into(), ..Default::default() };
        account::account_create(&world.cx, &world.caller, create).await.unwrap();
        world
    }

    async fn open(folder: tempfile::TempDir, clock: Arc<TestClock>, provider: Arc<FakeProvider>) -> World {
        let store = Store::open(folder.path()).await.unwrap();
        let (signals, receiver) = Signals::new();
        let events = events::Hub::new();
        let (hub, node_events) = Hub::new(events.clone());
        let vm_sizes = vm_size::of_machine(2, 4096);
        let installation = Installation {
            subscription_id: "00000000-0000-0000-0000-000000000000".into(),
            base_url: "http://127.0.0.1:1".into(),
            locations: vec![api::Location { name: "local".into(), display_name: "Here".into(), vm_sizes }],
            version: "0".into(),
            build_id: "b".into(),
            elevation_allowed: false,
            forbidden_addresses: Vec::new(),
            // Nodes that are played answer for no file.
            keep: Keep::NOTHING,
            activity_life: api::Duration::from_days(90),
            service_event_life: api::Duration::from_days(30),
            web_hook_allow: Vec::new(),
            remote: Default::default(),
            external_name: None,
            containers: Default::default(),
        };
        let blobs = fournil::blob::BlobFiles::open(&folder.path().join("storage")).unwrap();
        let cx = Context::new(Shared {
            metrics: Arc::new(fournil::service::metrics::Metrics::new(store.timings())),
            blobs,
            store,
            traces: Default::default(),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            events,
            signals,
            files: Arc::new(hub.clone()),
            identity: Arc::default(),
            signing_keys: Arc::default(),
            signer: Arc::new(fournil::auth::Signer::new().unwrap()),
            rates: Arc::default(),
            buckets: Arc::default(),
            installation: Arc::new(installation),
        });
        let inputs = Inputs { signals: receiver, node_events };
        let lease = api::Duration::from_millis(300);
        let settings = Settings {
            lease,
            agent_lease_secs: None,
            kill_wait_secs: 1,
            first_task_user: None,
            first_node_user: None,
            limits_tasks: true,
        };
        let driver = tokio::spawn(Driver::run(cx.clone(), hub.clone(), provider.clone(), settings, inputs));
        let account = "test".parse().unwrap();
        World { cx, clock, provider, hub, caller: Caller::system(), account, played: Mutex::default(), driver, folder }
    }

    /// The server dies without a word and starts again on what it had stored.
    pub async fn restart(self) -> World {
        self.driver.abort();
        let _ = self.driver.await;
        // A writer that is dead does not write behind the next one's back.
        self.cx.store.close().await;
        World::open(self.folder, self.clock, self.provider).await
    }

    pub async fn pool(&self, id: &str, nodes: i32, slots: i32) {
        let create = api::PoolCreate {
            id: id.into(),
            vm_size: "local_2".into(),
            target_dedicated_nodes: Some(nodes),
            task_slots_per_node: Some(slots),
            ..Default::default()
        };
        pool::pool_create(&self.cx, &self.caller, &self.account, create).await.unwrap();
    }

    pub async fn job(&self, id: &str, pool: &str) {
        self.job_with(id, pool, |_| ()).await;
    }

    pub async fn job_with(&self, id: &str, pool: &str, change: impl FnOnce(&mut api::JobCreate)) {
        let mut create = api::JobCreate { id: id.into(), ..Default::default() };
        create.pool_info.pool_id = Some(pool.into());
        change(&mut create);
        job::job_create(&self.cx, &self.caller, &self.account, create).await.unwrap();
    }

    /// Adds tasks that only say their ids.
    pub async fn tasks(&self, job: &str, ids: &[&str]) {
        let tasks = ids.iter().map(|id| simple(id)).collect();
        self.add(job, tasks).await;
    }

    pub async fn add(&self, job: &str, tasks: Vec<api::TaskCreate>) {
        let job = job.parse().unwrap();
        let results = task::task_add_collection(&self.cx, &self.caller, &self.account, &job, tasks).await.unwrap();
        assert!(results.iter().all(|r| r.status == api::TaskAddStatus::Success), "{results:?}");
    }

    /// The next node that the provider was asked for and that is not connected yet, now connected.
    pub async fn node(&self) -> FakeNode {
        let (key, id) = self.until("a node is wanted", async || self.wanted_node().await).await;
        self.connect(key, id, "boot-1", Vec::new(), Vec::new()).await
    }

    async fn wanted_node(&self) -> Option<(i64, String)> {
        let wanted: Vec<String> = self.provider.wanted.lock().unwrap().keys().cloned().collect();
        let mut conn = self.cx.store.read().await.unwrap();
        for id in wanted {
            let row = store::node::with_id(&mut conn, &id).await.unwrap();
            if let Some(row) = row.filter(|row| self.played.lock().unwrap().insert(row.key)) {
                return Some((row.key, id));
            }
        }
        None
    }

    /// A node's agent comes (again), with what it has.
    pub async fn connect(
        &self,
        key: i64,
        id: String,
        boot: &str,
        alive: Vec<Attempt>,
        ended: Vec<Attempt>,
    ) -> FakeNode {
        let hello = Hello { alive, ended, ..self.hello(&id, boot) };
        let (connection, receiver) = self.hub.connect(key, Some(HERE), hello);
        let mut node = FakeNode { key, id, connection, hub: self.hub.clone(), receiver, now: self.clock.clone() };
        let ToAgent::Welcome(_) = node.hears().await else { panic!("a node is welcomed first") };
        node
    }

    /// What an agent says first that has nothing.
    pub fn hello(&self, id: &str, boot: &str) -> Hello {
        Hello {
            node: id.into(),
            agent_version: "0".into(),
            boot: boot.into(),
            booted_at: self.clock.now(),
            ip_address: "127.0.0.1".into(),
            cores: 2,
            memory_mib: 1024,
            alive: Vec::new(),
            ended: Vec::new(),
            packages_deployed: false,
            start_task: None,
            limits: Default::default(),
        }
    }

    /// An agent comes and is sent away without a word.
    pub async fn is_cut_off(&self, key: i64, hello: Hello) {
        let (_, mut receiver) = self.hub.connect(key, Some(HERE), hello);
        let heard = tokio::time::timeout(PATIENCE, receiver.recv()).await.expect("it is sent away");
        assert!(heard.is_none(), "{heard:?}");
    }

    /// What a node that comes is welcomed with; then it goes again.
    pub async fn welcomed(&self, key: i64, hello: Hello) -> Welcome {
        let (_, mut receiver) = self.hub.connect(key, Some(HERE), hello);
        match tokio::time::timeout(PATIENCE, receiver.recv()).await.expect("it is welcomed") {
            Some(ToAgent::Welcome(welcome)) => welcome,
            other => panic!("a node is welcomed first, and not told {other:?}"),
        }
    }

    /// Waits until the condition gives something.
    pub async fn until<T, F: Future<Output = Option<T>>>(&self, what: &str, condition: impl Fn() -> F) -> T {
        let wait = async {
            loop {
                if let Some(value) = condition().await {
                    return value;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("in vain: {what}"))
    }

    /// Every counter equals a recount, and nothing contradicts itself.
    pub async fn is_sound(&self) {
        let mut conn = self.cx.store.read().await.unwrap();
        let broken = store::doctor::broken_rules(&mut conn).await.unwrap();
        assert!(broken.is_empty(), "{broken:#?}");
    }

    pub async fn task(&self, job: &str, id: &str) -> api::Task {
        let (job, id): (JobId, TaskId) = (job.parse().unwrap(), id.parse().unwrap());
        task::task_get(&self.cx, &self.caller, &self.account, &job, &id).await.unwrap()
    }

    pub async fn until_task(&self, job: &str, id: &str, condition: impl Fn(&api::Task) -> bool) -> api::Task {
        self.until("a task", async || Some(self.task(job, id).await).filter(|task| condition(task))).await
    }

    pub async fn job_get(&self, id: &str) -> Option<api::JobSummary> {
        job::job_get(&self.cx, &self.caller, &self.account, &id.parse().unwrap()).await.ok()
    }

    pub async fn until_job(&self, id: &str, state: api::JobState) -> api::JobSummary {
        self.until("a job's state", async || self.job_get(id).await.filter(|job| job.job.state == state)).await
    }

    pub async fn pool_get(&self, id: &str) -> Option<api::PoolSummary> {
        let id: PoolId = id.parse().unwrap();
        pool::pool_get(&self.cx, &self.caller, &self.account, &id).await.ok()
    }

    pub async fn until_pool(&self, id: &str, condition: impl Fn(&api::PoolSummary) -> bool) -> api::PoolSummary {
        self.until("a pool", async || self.pool_get(id).await.filter(|pool| condition(pool))).await
    }

    pub async fn node_state(&self, pool: &str, id: &str) -> api::NodeState {
        let (pool, id): (PoolId, NodeId) = (pool.parse().unwrap(), id.parse().unwrap());
        fournil::service::node::node_get(&self.cx, &self.caller, &self.account, &pool, &id).await.unwrap().state
    }
}

pub fn simple(id: &str) -> api::TaskCreate {
    api::TaskCreate { id: id.into(), command_line: "/bin/true".into(), ..Default::default() }
}

/// A node whose agent is the test.
pub struct FakeNode {
    pub key: i64,
    pub id: String,
    connection: u64,
    hub: Hub,
    receiver: mpsc::UnboundedReceiver<ToAgent>,
    now: Arc<TestClock>,
}

impl FakeNode {
    /// The next message.
    pub async fn hears(&mut self) -> ToAgent {
        tokio::time::timeout(PATIENCE, self.receiver.recv())
            .await
            .expect("the node is told something")
            .expect("connected")
    }

    /// The server ends the connection.
    pub async fn is_cut_off(&mut self) {
        let end = async { while self.receiver.recv().await.is_some() {} };
        tokio::time::timeout(PATIENCE, end).await.expect("the connection is ended");
    }

    /// The next tasks to run; what else is said meanwhile is passed over.
    pub async fn runs(&mut self) -> Vec<RunTask> {
        loop {
            if let ToAgent::Run { tasks } = self.hears().await {
                return tasks;
            }
        }
    }

    /// The next attempts to kill.
    pub async fn kills(&mut self) -> Vec<Attempt> {
        loop {
            if let ToAgent::Kill { attempts } = self.hears().await
                && !attempts.is_empty()
            {
                return attempts;
            }
        }
    }

    /// The next folders to remove.
    pub async fn cleans_up(&mut self) -> Vec<String> {
        loop {
            if let ToAgent::CleanUp { directories } = self.hears().await {
                return directories;
            }
        }
    }

    pub fn says(&self, message: FromAgent) {
        self.hub.said(self.key, self.connection, vec![message]);
    }

    pub fn started(&self, task: &RunTask) {
        self.says(FromAgent::Started { a: task.a, at: self.now.now() });
    }

    pub fn ended(&self, task: &RunTask, exit: i32) {
        self.says(FromAgent::Ended(end(task.a, exit, self.now.now())));
    }

    pub fn gave_back(&self, attempts: Vec<Attempt>) {
        self.says(FromAgent::GaveBack { attempts });
    }

    pub fn disconnects(self) -> (i64, String) {
        self.hub.disconnect(self.key, self.connection);
        (self.key, self.id)
    }
}

pub fn end(a: Attempt, exit: i32, at: Timestamp) -> Ended {
    let failure = (exit != 0).then(|| TaskFailureInformation {
        category: ErrorCategory::UserError,
        code: "FailureExitCode".into(),
        message: None,
        details: Vec::new(),
    });
    Ended {
        a,
        started: Some(at),
        at,
        exit: Some(exit),
        failure,
        usage: Usage { user_micros: 500, ..Usage::default() },
        container: None,
    }
}
