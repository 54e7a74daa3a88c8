//! One world: what happens in it, one thing after the other, in the order of its own time.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fournil::api::agent::{FromAgent, ToAgent};
use fournil::scheduler::Beat;
use tempfile::TempDir;

use crate::chance::Chance;
use crate::checks::Checks;
use crate::faults::{Fault, Faults};
use crate::machine::Machine;
use crate::network::Wire;
use crate::server::{self, Server, SimClock, SimProvider};
use crate::users::Users;

pub type Outcome = Result<(), String>;

/// Of the world's own time.
pub const MILLI: u64 = 1_000;
pub const SEC: u64 = 1_000_000;

const TICK: u64 = SEC;
const TICKS_TO_FULL_PASS: u64 = 30;
/// After the last misfortune and the last word everything must be at rest within so long, and so much longer for each task:
/// they may have to run one after the other.
const MOST_REST: u64 = 300 * SEC;
const MOST_REST_OF_TASK: u64 = 3 * SEC;
const LINES_KEPT: usize = 400;
const LONGEST_MESSAGE: usize = 240;

#[derive(Clone, Debug)]
pub enum Event {
    Tick,
    Pass,
    Rebuild,
    ServerStarts,
    ProviderWorks,
    MachineWakes(String),
    AgentConnects(String),
    ToServer {
        wire: u64,
        messages: Vec<FromAgent>,
    },
    ToAgent {
        wire: u64,
        messages: Vec<ToAgent>,
    },
    ServerNotices(u64),
    AgentNotices(u64),
    UserActs,
    Misfortune,
    /// A machine with an instance of a task on several nodes is struck: a flat rate seldom meets one.
    InstanceIsStruck(String),
    Reachable(String),
    NodeDiskFreed(String),
    ServerDiskFreed,
    Calm,
    LookForRest,
}

/// What has happened, as far as it is worth a line. A message is written out only where somebody reads it: that takes longer than
/// all that the world does with it.
#[derive(Default)]
pub struct Trace {
    lines: VecDeque<(u64, Line)>,
    keeps_all: bool,
}

enum Line {
    Said(String),
    Heard(String, Box<ToAgent>),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Said(line) => f.write_str(line),
            Line::Heard(node, message) => {
                let message: String = format!("{message:?}").chars().take(LONGEST_MESSAGE).collect();
                write!(f, "{node} hears {message}")
            }
        }
    }
}

impl Trace {
    pub fn say(&mut self, now: u64, line: String) {
        self.keep(now, Line::Said(line));
    }

    pub fn heard(&mut self, now: u64, node: &str, message: ToAgent) {
        self.keep(now, Line::Heard(node.to_owned(), Box::new(message)));
    }

    fn keep(&mut self, now: u64, line: Line) {
        if !self.keeps_all && self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back((now, line));
    }

    pub fn lines(&self) -> Vec<String> {
        let line = |(now, line): &(u64, Line)| format!("{:9.3} {line}", *now as f64 / SEC as f64);
        self.lines.iter().map(line).collect()
    }

    pub fn text(&self) -> String {
        self.lines().iter().map(|line| format!("{line}\n")).collect()
    }
}

pub struct World {
    pub chance: Chance,
    pub faults: Faults,
    pub trace: Trace,
    pub now: u64,
    start: Instant,
    pub clock: Arc<SimClock>,
    queue: BTreeMap<(u64, u64), Event>,
    n_events: u64,
    pub server: Option<Server>,
    /// How often a server has started.
    pub n_starts: u32,
    /// The driver must build its world before it goes on.
    is_broken: bool,
    is_pass_due: bool,
    is_provider_due: bool,
    n_ticks: u64,
    /// Whether everything is looked at now and then, as a real server does; without it each change must be noticed.
    has_full_passes: bool,
    /// Nodes are far away: nobody but their agents can end what runs there while they cannot be reached, and those do it when
    /// their leases are over. Otherwise the provider sees for itself that an agent is dead, as on one host.
    pub has_leases: bool,
    folder: TempDir,
    pub machines: BTreeMap<String, Machine>,
    pub wires: BTreeMap<u64, Wire>,
    pub is_calm: bool,
    calm_since: u64,
    pub users: Users,
    pub checks: Checks,
    /// More than a hundred nodes rather than a few.
    pub is_large: bool,
    is_over: bool,
}

impl World {
    pub fn new(seed: u64) -> World {
        let chance = Chance::new(seed);
        // They cost thirty times as much as others.
        let is_large = seed % if seed < 300 { 60 } else { 300 } == 59;
        let shm = std::path::Path::new("/dev/shm");
        let folder = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
        #[expect(clippy::disallowed_methods, reason = "only differences count, and those are the world's own")]
        let start = Instant::now();
        World {
            has_full_passes: chance.percent(50),
            has_leases: chance.percent(50),
            users: Users::new(&chance, is_large),
            chance,
            faults: Faults { n_worlds: 1, ..Faults::default() },
            trace: Trace::default(),
            now: 0,
            start,
            clock: SimClock::new(),
            queue: BTreeMap::new(),
            n_events: 0,
            server: None,
            n_starts: 0,
            is_broken: false,
            is_pass_due: false,
            is_provider_due: false,
            n_ticks: 0,
            folder: folder.unwrap(),
            machines: BTreeMap::new(),
            wires: BTreeMap::new(),
            is_calm: false,
            calm_since: 0,
            checks: Checks::default(),
            is_large,
            is_over: false,
        }
    }

    pub fn run(&mut self) -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let outcome = runtime.block_on(self.live());
        runtime.block_on(async {
            if let Some(server) = self.server.take() {
                drop(server.driver);
                server.cx.store.close().await;
            }
        });
        outcome
    }

    /// Everything that happens, in words.
    pub fn history(mut self) -> Vec<String> {
        self.trace.keeps_all = true;
        if let Err(what) = self.run() {
            self.say(|| what);
        }
        self.trace.lines()
    }

    pub fn instant(&self) -> Instant {
        self.start + Duration::from_micros(self.now)
    }

    /// When something of the machines' clocks is in the world's time.
    pub fn time_of(&self, instant: Instant) -> u64 {
        instant.saturating_duration_since(self.start).as_micros() as u64
    }

    pub fn say(&mut self, line: impl FnOnce() -> String) {
        let line = line();
        self.trace.say(self.now, line);
    }

    /// A misfortune has happened.
    pub fn fault(&mut self, fault: Fault, of: &str) {
        self.faults.fired(fault);
        self.say(|| format!("!! {fault:?} {of}"));
    }

    pub fn at(&mut self, time: u64, event: Event) {
        self.n_events += 1;
        self.queue.insert((time.max(self.now), self.n_events), event);
    }

    pub fn within(&mut self, from: u64, to: u64, event: Event) {
        let delay = self.chance.below(from, to);
        self.at(self.now + delay, event);
    }

    async fn live(&mut self) -> Outcome {
        server::new_data(self.folder.path()).await;
        self.start_server().await?;
        self.at(TICK, Event::Tick);
        self.at(0, Event::UserActs);
        self.within(SEC, 3 * SEC, Event::Misfortune);
        let length = self.chance.below(8, 30) * SEC;
        self.at(length, Event::Calm);
        while let Some(((time, _), event)) = self.queue.pop_first() {
            self.now = time;
            self.clock.set(time);
            self.happens(event).await?;
            self.look_at_server().await?;
            if self.is_over {
                return Ok(());
            }
        }
        Err("nothing is left that could happen".into())
    }

    async fn happens(&mut self, event: Event) -> Outcome {
        match event {
            Event::Tick => {
                self.at(self.now + TICK, Event::Tick);
                self.n_ticks += 1;
                self.show_life();
                let is_full = self.has_full_passes && self.n_ticks.is_multiple_of(TICKS_TO_FULL_PASS);
                self.pass(if is_full { Beat::Everything } else { Beat::Tick }).await?;
            }
            Event::Pass => {
                self.is_pass_due = false;
                self.pass(Beat::None).await?;
            }
            Event::Rebuild => self.begin().await,
            Event::ServerStarts => self.start_server().await?,
            Event::ProviderWorks => {
                self.is_provider_due = false;
                self.provider_works();
            }
            Event::MachineWakes(id) => self.machine_turn(&id)?,
            Event::AgentConnects(id) => self.connect(&id).await,
            Event::ToServer { wire, messages } => self.arrives_at_server(wire, messages),
            Event::ToAgent { wire, messages } => self.arrives_at_agent(wire, messages)?,
            Event::ServerNotices(wire) => self.server_notices(wire),
            Event::AgentNotices(wire) => self.agent_notices(wire),
            Event::UserActs => self.user_acts().await?,
            Event::Misfortune => self.misfortune(),
            Event::InstanceIsStruck(id) => self.instance_is_struck(&id),
            Event::Reachable(id) => self.reachable(&id),
            Event::NodeDiskFreed(id) => self.node_disk(&id, false),
            Event::ServerDiskFreed => self.server_disk(false),
            Event::Calm => self.become_calm(),
            Event::LookForRest => self.look_for_rest().await?,
        }
        Ok(())
    }

    async fn pass(&mut self, beat: Beat) -> Outcome {
        if self.is_broken {
            return Ok(());
        }
        let Some(server) = &mut self.server else { return Ok(()) };
        if let Err(error) = server.driver.step(beat).await {
            self.say(|| {
                format!(
                    "the scheduler failed: {error} {:?}",
                    std::error::Error::source(&error).map(ToString::to_string)
                )
            });
            self.must_be_explained(&error.to_string())?;
            self.break_down();
            return Ok(());
        }
        let is_looked_at = self.chance.percent(if self.is_large { 1 } else { 4 });
        if is_looked_at { self.check().await } else { Ok(()) }
    }

    /// A failure must have a cause that was put there.
    fn must_be_explained(&self, what: &str) -> Outcome {
        let Some(server) = &self.server else { return Ok(()) };
        let doom = server.doom.lock().unwrap();
        if doom.is_dead || doom.disk_is_full {
            Ok(())
        } else {
            Err(format!("the scheduler failed without a cause: {what}"))
        }
    }

    fn break_down(&mut self) {
        self.is_broken = true;
        self.at(self.now + 500 * MILLI, Event::Rebuild);
    }

    async fn begin(&mut self) {
        let Some(server) = &mut self.server else { return };
        self.is_broken = false;
        if let Err(error) = server.driver.begin().await {
            self.say(|| format!("the scheduler cannot begin: {error}"));
            self.break_down();
        }
    }

    async fn start_server(&mut self) -> Outcome {
        if self.server.is_some() {
            return Ok(());
        }
        self.n_starts += 1;
        self.say(|| "the server starts".into());
        let provider = Arc::new(SimProvider::default());
        *provider.machines.lock().unwrap() = self.machines.keys().cloned().collect();
        let lease = self.has_leases.then_some(server::AGENT_LEASE_SECS);
        let server = Server::start(self.folder.path(), self.clock.clone(), self.chance.clone(), provider, lease).await;
        self.server = Some(server);
        if self.n_starts > 1 {
            self.check_store().await?;
        }
        if self.n_starts > 1 && !self.is_calm && self.chance.percent(20) {
            self.doom();
        }
        self.begin().await;
        Ok(())
    }

    /// A server that has died goes; one that has something to do will do it.
    async fn look_at_server(&mut self) -> Outcome {
        let Some(server) = &self.server else { return Ok(()) };
        if server.doom.lock().unwrap().is_dead {
            self.server_dies().await;
            return Ok(());
        }
        self.pump();
        let Some(server) = &self.server else { return Ok(()) };
        let has_works = !server.provider.works.lock().unwrap().is_empty();
        if server.driver.has_news() && !std::mem::replace(&mut self.is_pass_due, true) {
            let is_slow = !self.is_calm && self.chance.percent(1);
            if is_slow {
                self.faults.fired(Fault::Slow);
            }
            self.within(0, if is_slow { 4 * SEC } else { 4 * MILLI }, Event::Pass);
        }
        if has_works && !std::mem::replace(&mut self.is_provider_due, true) {
            let is_slow = !self.is_calm && self.chance.percent(5);
            let usual = if self.is_large { 3 * MILLI } else { 30 * MILLI };
            self.within(MILLI, if is_slow { 3 * SEC } else { usual }, Event::ProviderWorks);
        }
        Ok(())
    }

    async fn server_dies(&mut self) {
        let Some(server) = self.server.take() else { return };
        self.fault(Fault::ServerDies, "");
        let works = std::mem::take(&mut *server.provider.works.lock().unwrap());
        for work in works {
            if self.chance.percent(50) {
                work();
            } else {
                self.faults.fired(Fault::ProviderForgets);
            }
        }
        let told = std::mem::take(&mut *server.provider.told.lock().unwrap());
        self.carry_out(told);
        drop(server.driver);
        server.cx.store.close().await;
        (self.is_broken, self.is_pass_due) = (false, false);
        self.queue.retain(|_, event| !matches!(event, Event::Pass | Event::Rebuild));
        self.server_side_ends();
        let is_long = self.chance.percent(20);
        self.within(MILLI, if is_long { 15 * SEC } else { SEC }, Event::ServerStarts);
    }

    /// From now on nothing goes wrong and nobody wants anything.
    fn become_calm(&mut self) {
        self.is_calm = true;
        self.calm_since = self.now;
        self.say(|| "-- from now on nothing goes wrong".into());
        let machines: Vec<String> = self.machines.keys().cloned().collect();
        for id in machines {
            self.reachable(&id);
            self.node_disk(&id, false);
        }
        if let Some(server) = &self.server {
            let mut doom = server.doom.lock().unwrap();
            (doom.dies, doom.disk_is_full) = (None, false);
        }
        self.at(self.now + 5 * SEC, Event::LookForRest);
    }

    async fn look_for_rest(&mut self) -> Outcome {
        self.open_account().await;
        let unrest = self.unrest().await;
        if unrest.is_empty() {
            self.check().await?;
            self.check_rest().await?;
            self.is_over = true;
        } else if self.now > self.calm_since + MOST_REST + self.users.n_tasks * MOST_REST_OF_TASK {
            return Err(format!("it does not come to rest:\n  {}", unrest.join("\n  ")));
        } else {
            self.at(self.now + 5 * SEC, Event::LookForRest);
        }
        Ok(())
    }
}
