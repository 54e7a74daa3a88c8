//! The server: the real store, services and scheduler, stepped by hand. It dies where a test wants it.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use fournil::api::{self, Timestamp};
use fournil::domain::ids::AccountName;
use fournil::domain::kept::Keep;
use fournil::domain::vm_size;
use fournil::scheduler::hub::Hub;
use fournil::scheduler::provider::{NodeSpec, Provider};
use fournil::scheduler::{Driver, Inputs, Settings};
use fournil::service::context::{Clock, Installation, Shared, Signals};
use fournil::service::metrics::Metrics;
use fournil::service::{Caller, Context, account, events};
use fournil::store::Store;
use fournil::store::db::Verdict;

use crate::chance::Chance;

pub const ACCOUNT: &str = "sim";
pub const LEASE: Duration = Duration::from_secs(8);
pub const KILL_WAIT_SECS: u32 = 2;
/// Of agents where nodes are far away: with the kill wait, and the longest that a word is under way, shorter than the server's.
pub const AGENT_LEASE_SECS: u32 = 2;

/// Moves only by hand; the wall clock can be set apart from it.
pub struct SimClock {
    micros: AtomicU64,
    step: AtomicI64,
}

impl SimClock {
    pub fn new() -> Arc<SimClock> {
        Arc::new(SimClock { micros: AtomicU64::new(0), step: AtomicI64::new(0) })
    }

    pub fn set(&self, micros: u64) {
        self.micros.store(micros, Ordering::Relaxed);
    }

    pub fn step(&self, secs: i64) {
        self.step.store(secs * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let since = self.micros.load(Ordering::Relaxed) as i64 + self.step.load(Ordering::Relaxed);
        Timestamp::from_micros(1_800_000_000_000_000 + since)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}

/// What the provider has been told to do with a node's machine; carried out by the world.
#[derive(Clone, Debug)]
pub enum Told {
    Ensure(NodeSpec),
    Kill(String),
    Remove(String),
}

/// Passes on what the scheduler wants, when its turn has come.
#[derive(Default)]
pub struct SimProvider {
    pub works: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    pub told: Mutex<Vec<Told>>,
    /// Machines that there are.
    pub machines: Mutex<Vec<String>>,
    pub fails: Mutex<bool>,
}

impl SimProvider {
    fn tell(&self, told: Told) -> io::Result<()> {
        if *self.fails.lock().unwrap() {
            return Err(io::Error::other("it does not want to"));
        }
        self.told.lock().unwrap().push(told);
        Ok(())
    }
}

impl Provider for SimProvider {
    fn ensure(&self, node: &NodeSpec) -> io::Result<()> {
        self.tell(Told::Ensure(node.clone()))
    }

    fn kill(&self, node: &str) -> io::Result<()> {
        self.tell(Told::Kill(node.to_owned()))
    }

    fn remove(&self, node: &str) -> io::Result<()> {
        self.tell(Told::Remove(node.to_owned()))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.machines.lock().unwrap().clone())
    }

    fn run(&self, work: Box<dyn FnOnce() + Send>) {
        self.works.lock().unwrap().push(work);
    }
}

/// What becomes of commits.
#[derive(Debug, Default)]
pub struct Doom {
    /// After so many further commits the server dies so.
    pub dies: Option<(u64, Verdict)>,
    pub disk_is_full: bool,
    pub is_dead: bool,
    pub n_commits: u64,
}

impl Doom {
    fn judge(&mut self) -> Verdict {
        if self.disk_is_full {
            return Verdict::Refuse;
        }
        self.n_commits += 1;
        match &mut self.dies {
            Some((0, how)) => {
                self.is_dead = true;
                *how
            }
            Some((left, _)) => {
                *left -= 1;
                Verdict::Commit
            }
            None => Verdict::Commit,
        }
    }
}

pub struct Server {
    pub cx: Context,
    pub hub: Hub,
    pub driver: Driver,
    pub caller: Caller,
    pub account: AccountName,
    pub doom: Arc<Mutex<Doom>>,
    pub provider: Arc<SimProvider>,
}

impl Server {
    pub async fn start(
        folder: &Path,
        clock: Arc<SimClock>,
        chance: Chance,
        provider: Arc<SimProvider>,
        agent_lease_secs: Option<u32>,
    ) -> Server {
        let doom = Arc::new(Mutex::new(Doom::default()));
        let judge = doom.clone();
        let store = Store::open_judged(folder, Arc::new(move || judge.lock().unwrap().judge())).await.unwrap();
        let (signals, receiver) = Signals::new();
        let events = events::Hub::new();
        let (hub, node_events) = Hub::new(events.clone());
        let cx = Context::new(Shared {
            blobs: fournil::blob::BlobFiles::open(&folder.join("storage")).unwrap(),
            metrics: Arc::new(Metrics::new(store.timings())),
            store,
            traces: Default::default(),
            clock,
            random: Arc::new(chance),
            events,
            signals,
            files: Arc::new(hub.clone()),
            identity: Arc::default(),
            signing_keys: Arc::default(),
            signer: Arc::new(fournil::auth::Signer::new().unwrap()),
            rates: Arc::default(),
            buckets: Arc::default(),
            installation: installation(),
        });
        let inputs = Inputs { signals: receiver, node_events };
        let lease = api::Duration::from_secs(LEASE.as_secs() as i64);
        let settings = Settings {
            lease,
            agent_lease_secs,
            kill_wait_secs: KILL_WAIT_SECS,
            first_task_user: None,
            first_node_user: None,
            limits_tasks: true,
        };
        let driver = Driver::new(cx.clone(), hub.clone(), provider.clone(), settings, inputs);
        Server { cx, hub, driver, caller: Caller::system(), account: ACCOUNT.parse().unwrap(), doom, provider }
    }
}

/// What costs time to make, once for all worlds.
fn installation() -> Arc<Installation> {
    static MADE: OnceLock<Arc<Installation>> = OnceLock::new();
    let make = || {
        let vm_sizes = vm_size::of_machine(2, 4096);
        Arc::new(Installation {
            subscription_id: "00000000-0000-0000-0000-000000000000".into(),
            base_url: "http://127.0.0.1:1".into(),
            locations: vec![api::Location { name: "local".into(), display_name: "Here".into(), vm_sizes }],
            version: "0".into(),
            build_id: "b".into(),
            elevation_allowed: false,
            forbidden_addresses: Vec::new(),
            keep: Keep::NOTHING,
            activity_life: api::Duration::from_days(90),
            service_event_life: api::Duration::from_days(30),
            web_hook_allow: Vec::new(),
            remote: Default::default(),
            external_name: None,
            containers: Default::default(),
        })
    };
    MADE.get_or_init(make).clone()
}

/// A database with an account and nothing else, made once and copied for each world.
pub async fn new_data(folder: &Path) {
    static MADE: OnceLock<Vec<u8>> = OnceLock::new();
    let file = folder.join("fournil.db");
    if let Some(bytes) = MADE.get() {
        std::fs::write(file, bytes).unwrap();
        return;
    }
    let server = Server::start(folder, SimClock::new(), Chance::new(0), Arc::default(), None).await;
    let create = api::AccountCreate { name: ACCOUNT.into(), location: "local".into(), ..Default::default() };
    account::account_create(&server.cx, &server.caller, create).await.unwrap();
    server.cx.store.close().await;
    let _ = MADE.set(std::fs::read(file).unwrap());
}
