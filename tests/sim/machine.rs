//! A node's machine: the agent's real decisions and its real journal, with processes that are played.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fournil::agent::journal::{Journal, Paper};
use fournil::agent::node_core::{Core, Fate, Processes, Stop};
use fournil::agent::run_id::RunId;
use fournil::api::agent::{Attempt, Ended, FromAgent, Hello, RunTask, Sample, Usage};
use fournil::api::{ErrorCategory, NodeError, TaskFailureInformation, Timestamp};
use fournil::scheduler::provider::NodeSpec;
use fournil::service::context::Clock;

use crate::faults::Fault;
use crate::processes::{Part, Played, Process};
use crate::server::Told;
use crate::world::{Event, MILLI, Outcome, SEC, World};

const HEARTBEAT: Duration = Duration::from_secs(5);

/// What of the journal is on the disk.
#[derive(Debug, Default)]
pub struct Sheet {
    pub text: Vec<u8>,
    pub is_full: bool,
}

#[derive(Clone, Debug, Default)]
pub struct SimPaper(pub Arc<Mutex<Sheet>>);

impl Paper for SimPaper {
    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        let mut sheet = self.0.lock().unwrap();
        let fits = if sheet.is_full { text.len() / 2 } else { text.len() };
        sheet.text.extend_from_slice(&text[..fits]);
        if sheet.is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn replace(&mut self, text: &[u8]) -> io::Result<()> {
        let mut sheet = self.0.lock().unwrap();
        if sheet.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        sheet.text = text.to_vec();
        Ok(())
    }
}

pub struct Agent {
    pub core: Core<SimPaper>,
    boot: String,
    booted_at: Timestamp,
    heartbeat_at: Instant,
}

pub struct Machine {
    pub token: String,
    pub agent: Option<Agent>,
    pub runs: Played,
    pub paper: SimPaper,
    pub is_reachable: bool,
    /// The agent's connection, as far as it knows.
    pub wire: Option<u64>,
    /// What the provider could not do while it could not be reached.
    pub owed: Vec<Told>,
    n_boots: u32,
    wakes_at: Option<u64>,
}

impl Machine {
    pub fn disk_is_full(&self) -> bool {
        self.paper.0.lock().unwrap().is_full
    }
}

impl World {
    /// One work of the provider's, whichever comes first.
    pub fn provider_works(&mut self) {
        let Some(server) = &self.server else { return };
        let provider = server.provider.clone();
        let mut works = provider.works.lock().unwrap();
        if works.is_empty() {
            return;
        }
        let place = self.chance.below(0, works.len() as u64) as usize;
        let work = works.swap_remove(place);
        drop(works);
        let fails = !self.is_calm && self.chance.percent(3);
        *provider.fails.lock().unwrap() = fails;
        work();
        if fails {
            self.fault(Fault::ProviderFails, "");
        }
        let told = std::mem::take(&mut *provider.told.lock().unwrap());
        self.carry_out(told);
    }

    pub fn carry_out(&mut self, told: Vec<Told>) {
        for told in told {
            let (Told::Ensure(NodeSpec { node, .. }) | Told::Kill(node) | Told::Remove(node)) = &told;
            if let Some(machine) =
                self.machines.get_mut(node).filter(|machine| self.has_leases && !machine.is_reachable)
            {
                self.faults.fired(Fault::Unreachable);
                machine.owed.push(told);
                continue;
            }
            match told {
                Told::Ensure(spec) => {
                    if !self.machines.contains_key(&spec.node) {
                        self.say(|| format!("{} is made", spec.node));
                        self.machines.insert(spec.node.clone(), new_machine(spec.token));
                        self.faults.most_machines = self.faults.most_machines.max(self.machines.len());
                    }
                    self.start_agent(&spec.node);
                }
                Told::Kill(id) => {
                    self.say(|| format!("{id} is stopped"));
                    self.kill_machine(&id);
                }
                Told::Remove(id) => {
                    self.say(|| format!("{id} is removed"));
                    self.kill_machine(&id);
                    self.machines.remove(&id);
                }
            }
        }
    }

    /// Agent and processes die; the kernel ends the connection.
    fn kill_machine(&mut self, id: &str) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        machine.agent = None;
        let killed = machine.runs.kill_all();
        let wire = machine.wire.take();
        self.faults.lost_with(&killed);
        killed.into_iter().for_each(|run| self.checks.is_over(run));
        if let Some(wire) = wire {
            self.agent_closes(wire);
        }
    }

    /// Unless it lives. What an earlier agent left is killed before anything else.
    fn start_agent(&mut self, id: &str) {
        let (now, at) = (self.instant(), self.clock.now());
        let Some(machine) = self.machines.get_mut(id).filter(|machine| machine.agent.is_none()) else { return };
        let killed = machine.runs.kill_all();
        let text = String::from_utf8_lossy(&machine.paper.0.lock().unwrap().text).into_owned();
        // On a full disk it dies at once, and is started again.
        let opened = Journal::on(machine.paper.clone(), &text);
        machine.n_boots += 1;
        if let Ok((journal, past)) = opened {
            machine.agent = Some(Agent {
                core: Core::new(journal, past, now),
                boot: format!("{id}-{}", machine.n_boots),
                booted_at: at,
                heartbeat_at: now,
            });
        }
        machine.wakes_at = None;
        killed.into_iter().for_each(|run| self.checks.is_over(run));
        self.say(|| format!("{id}'s agent starts"));
        self.within(MILLI, 100 * MILLI, Event::AgentConnects(id.to_owned()));
    }

    /// The agent dies and leaves its processes to themselves.
    pub fn agent_dies(&mut self, id: &str) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        if machine.agent.take().is_some() {
            let wire = machine.wire.take();
            self.fault(Fault::AgentDies, id);
            if let Some(wire) = wire {
                self.agent_closes(wire);
            }
        }
    }

    /// Everything on it stops, and nobody is told.
    pub fn power_cut(&mut self, id: &str) {
        self.fault(Fault::PowerCut, id);
        let (is_lost, is_torn) = (self.chance.percent(30), self.chance.percent(30));
        let Some(machine) = self.machines.get_mut(id) else { return };
        machine.agent = None;
        let killed = machine.runs.kill_all();
        let wire = machine.wire.take();
        self.faults.lost_with(&killed);
        let mut sheet = machine.paper.0.lock().unwrap();
        let length = sheet.text.len();
        if is_lost {
            sheet.text.clear();
        } else if is_torn && length > 0 {
            let left = self.chance.below(0, length as u64) as usize;
            sheet.text.truncate(left);
        }
        drop(sheet);
        if is_lost {
            self.fault(Fault::JournalLost, id);
        } else if is_torn && length > 0 {
            self.fault(Fault::JournalTorn, id);
        }
        killed.into_iter().for_each(|run| self.checks.is_over(run));
        if let Some(wire) = wire {
            self.cut(wire, false);
        }
    }

    pub fn node_disk(&mut self, id: &str, is_full: bool) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        machine.paper.0.lock().unwrap().is_full = is_full;
        if is_full {
            self.fault(Fault::NodeDiskFull, id);
            self.within(SEC, 10 * SEC, Event::NodeDiskFreed(id.to_owned()));
        }
    }

    /// The agent's loop, once around.
    pub fn machine_turn(&mut self, id: &str) -> Outcome {
        let (now, at) = (self.instant(), self.clock.now());
        let Some(machine) = self.machines.get_mut(id) else { return Ok(()) };
        machine.wakes_at = None;
        let over = machine.runs.over(now);
        let Some(mut agent) = machine.agent.take() else {
            // Nobody was there to see it.
            over.into_iter().for_each(|(run, _)| self.checks.is_over(run));
            self.wake_later(id);
            return Ok(());
        };
        for (run, process) in over {
            if process.part == Part::Coordination && process.exit == 0 && process.fate == Fate::Report {
                self.is_held(id, &mut agent, run, process, now)?;
                continue;
            }
            self.checks.is_over(run);
            self.is_over(id, &mut agent, run, process, now);
        }
        let Some(machine) = self.machines.get_mut(id) else { return Ok(()) };
        let given_up = machine.runs.n_given_back();
        agent.core.end_if_forsaken(&mut machine.runs, now);
        if machine.runs.n_given_back() > given_up {
            self.fault(Fault::LeaseEnds, id);
        }
        if agent.core.start_task_to_begin(at, now).is_some() {
            let process = self.new_process(None, 0, at, now);
            self.begin_process(id, RunId::StartTask, process, i32::MAX)?;
        }
        let Some(machine) = self.machines.get_mut(id) else { return Ok(()) };
        for (task, slots) in agent.core.tasks_to_begin(&machine.runs, |_| false) {
            self.begin_task(id, &mut agent, &task, slots, at, now)?;
        }
        if now >= agent.heartbeat_at {
            agent.heartbeat_at = now + HEARTBEAT;
            let is_full = self.machines.get(id).is_some_and(Machine::disk_is_full);
            let runs = self.machines.get_mut(id).map(|machine| &mut machine.runs);
            runs.into_iter().for_each(|runs| agent.core.set_health(is_full.then(disk_full), runs, now));
            agent.core.say(FromAgent::Heartbeat { sample: Sample::default() }, now);
        }
        let Some(machine) = self.machines.get_mut(id) else { return Ok(()) };
        let is_done = agent.core.stopping().filter(|_| machine.runs.is_empty());
        if agent.core.is_flush_due(now) || is_done.is_some() {
            let messages = agent.core.flush(&machine.runs, machine.wire.is_some());
            if let Some(wire) = machine.wire.filter(|_| !messages.is_empty()) {
                self.send_to_server(wire, messages);
            }
        }
        match is_done {
            None => drop(self.machines.get_mut(id).map(|machine| machine.agent = Some(agent))),
            Some(stop) => self.agent_ends(id, stop),
        }
        self.wake_later(id);
        Ok(())
    }

    fn agent_ends(&mut self, id: &str, stop: Stop) {
        self.say(|| format!("{id}'s agent ends: {stop:?}"));
        if let Some(wire) = self.machines.get_mut(id).and_then(|machine| machine.wire.take()) {
            self.agent_closes(wire);
        }
        match stop {
            Stop::Leave => drop(self.machines.remove(id)),
            Stop::Reboot | Stop::Exit => self.start_agent(id),
        }
    }

    fn is_over(&mut self, id: &str, agent: &mut Agent, run: RunId, process: Process, now: Instant) {
        let at = self.clock.now();
        let failure = match process.fate {
            Fate::RanTooLong(_) => Some(failure("TaskEnded")),
            _ => (process.exit != 0).then(|| failure("FailureExitCode")),
        };
        match run {
            RunId::StartTask => agent.core.start_task_ended(Some(process.exit), failure, None, at, now),
            RunId::Mounts | RunId::Packages | RunId::Session(_) => {
                unreachable!("the simulation has neither file systems, application packages nor remote users")
            }
            RunId::Task(a) => {
                if process.fate != Fate::GiveBack {
                    self.checks.has_ended(a, process.exit);
                }
                if process.part == Part::Coordination && process.fate == Fate::Report {
                    self.faults.fired(Fault::CoordinationFails);
                }
                let (started, exit) = (Some(process.started), Some(process.exit));
                let ended = Ended { a, started, at, exit, failure, usage: Usage::default(), container: None };
                agent.core.task_is_over(process.fate, ended, now);
                self.say(|| format!("{id}: {run} has ended with {}, {:?}", process.exit, process.fate));
            }
        }
    }

    fn begin_task(
        &mut self,
        id: &str,
        agent: &mut Agent,
        task: &RunTask,
        slots: i32,
        at: Timestamp,
        now: Instant,
    ) -> Outcome {
        let run = RunId::Task(task.a);
        let is_full = self.machines.get(id).is_some_and(Machine::disk_is_full);
        if is_full && self.chance.percent(50) {
            let failure = Some(failure("DiskFull"));
            let ended =
                Ended { a: task.a, started: None, at, exit: None, failure, usage: Usage::default(), container: None };
            agent.core.report_end(ended, now);
            self.say(|| format!("{id}: {run} cannot begin"));
            return Ok(());
        }
        let mut process = self.new_process(task.max_wall_clock, slots, at, now);
        if let Some(instance) = &task.instance {
            (process.part, process.n_instances) = (Part::Coordination, instance.addresses.len());
        }
        let most = agent.core.welcome().map_or(0, |welcome| welcome.slots);
        self.begin_process(id, run, process, most)?;
        agent.core.begun(run, now);
        Ok(())
    }

    /// The coordination command of an instance has ended well.
    fn is_held(&mut self, id: &str, agent: &mut Agent, run: RunId, process: Process, now: Instant) -> Outcome {
        let Some(attempt) = run.attempt() else { return Ok(()) };
        self.say(|| format!("{id}: {run} is ready"));
        self.checks.is_ready(attempt, id)?;
        if !self.is_calm && self.chance.percent(8) {
            self.within(0, 200 * MILLI, Event::InstanceIsStruck(id.to_owned()));
        }
        if let Some(machine) = self.machines.get_mut(id) {
            machine.runs.begin(run, Process { part: Part::Held, ..process });
        }
        agent.core.say(FromAgent::Ready { a: attempt }, now);
        Ok(())
    }

    /// All instances are ready, says the server: the primary's command begins. It may be said more than once.
    pub fn go(&mut self, id: &str, attempt: Attempt) -> Outcome {
        let (now, at) = (self.instant(), self.clock.now());
        let run = RunId::Task(attempt);
        let waiting = self.machines.get_mut(id).and_then(|machine| machine.runs.take_waiting(run));
        let Some(before) = waiting else { return Ok(()) };
        self.say(|| format!("{id}: {run} goes on"));
        self.checks.goes(attempt, before.n_instances)?;
        self.faults.fired(Fault::AllReady);
        let process = self.new_process(None, before.slots, at, now);
        let process = Process { started: before.started, n_instances: before.n_instances, ..process };
        if let Some(machine) = self.machines.get_mut(id) {
            machine.runs.begin(run, process);
        }
        Ok(())
    }

    fn begin_process(&mut self, id: &str, run: RunId, process: Process, most: i32) -> Outcome {
        self.say(|| format!("{id}: {run} begins"));
        let Some(machine) = self.machines.get_mut(id) else { return Ok(()) };
        let slots = machine.runs.slots_in_use() + process.slots;
        machine.runs.begin(run, process);
        self.checks.begins(id, run, (slots, most))
    }

    fn new_process(
        &self,
        limit: Option<fournil::api::Duration>,
        slots: i32,
        started: Timestamp,
        now: Instant,
    ) -> Process {
        let longest = match self.chance.below(0, 100) {
            0..10 => 1,
            10..70 => 400 * MILLI,
            70..95 => 4 * SEC,
            _ if self.is_calm => 4 * SEC,
            _ => 20 * SEC,
        };
        let length = Duration::from_micros(self.chance.below(0, longest));
        let exit = if self.chance.percent(75) { 0 } else { self.chance.below(1, 4) as i32 };
        let limit = limit.filter(|limit| limit.to_std().is_some_and(|limit| limit < length));
        let (ends_at, exit, fate) = match limit.and_then(|limit| Some((limit.to_std()?, limit))) {
            Some((time, limit)) => (now + time, 143, Fate::RanTooLong(limit)),
            None => (now + length, exit, Fate::Report),
        };
        let stubborn = self.chance.below(0, 130).min(100) as u32;
        Process { part: Part::Command, n_instances: 0, fate, slots, started, ends_at, exit, stubborn, is_ending: false }
    }

    /// Wakes the machine when it next has something to do.
    pub fn wake_later(&mut self, id: &str) {
        let Some(machine) = self.machines.get(id) else { return };
        let decided = machine.agent.as_ref().map(|agent| {
            let core = agent.core.next_deadline(&machine.runs);
            core.map_or(agent.heartbeat_at, |core| core.min(agent.heartbeat_at))
        });
        let Some(deadline) = machine.runs.next_end().into_iter().chain(decided).min() else { return };
        let time = self.time_of(deadline).max(self.now);
        if machine.wakes_at.is_none_or(|at| time < at || at < self.now) {
            if let Some(machine) = self.machines.get_mut(id) {
                machine.wakes_at = Some(time);
            }
            self.at(time, Event::MachineWakes(id.to_owned()));
        }
    }

    pub fn instance_is_struck(&mut self, id: &str) {
        if !self.is_calm && self.machines.get(id).is_some_and(|machine| machine.runs.has_instances()) {
            self.power_cut(id);
        }
    }

    /// What its agent says first.
    pub fn hello(&self, id: &str) -> Option<Hello> {
        let machine = self.machines.get(id)?;
        let agent = machine.agent.as_ref()?;
        let facts = Hello {
            node: id.to_owned(),
            agent_version: "0".into(),
            boot: agent.boot.clone(),
            booted_at: agent.booted_at,
            ip_address: "127.0.0.1".into(),
            cores: 2,
            memory_mib: 1024,
            alive: Vec::new(),
            ended: Vec::new(),
            packages_deployed: false,
            start_task: None,
            limits: Default::default(),
        };
        Some(agent.core.hello(facts, &machine.runs))
    }
}

fn new_machine(token: String) -> Machine {
    Machine {
        token,
        agent: None,
        runs: Played::default(),
        paper: SimPaper::default(),
        is_reachable: true,
        wire: None,
        owed: Vec::new(),
        n_boots: 0,
        wakes_at: None,
    }
}

fn failure(code: &str) -> TaskFailureInformation {
    TaskFailureInformation { category: ErrorCategory::UserError, code: code.into(), message: None, details: Vec::new() }
}

fn disk_full() -> NodeError {
    NodeError { code: "DiskFull".into(), message: "It is full.".into(), error_details: Vec::new() }
}
