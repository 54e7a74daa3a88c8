//! Users: they want things at random times, and remember what they were answered. And the misfortunes that come beside them.

use std::collections::{BTreeMap, BTreeSet};

use fournil::api::Code;
use fournil::service;
use fournil::store::db::Verdict;

use crate::chance::Chance;
use crate::faults::Fault;
use crate::wishes;
use crate::world::{Event, MILLI, Outcome, SEC, World};

/// What users know: names they gave, and what has been promised to them.
pub struct Users {
    pub n_pools: u64,
    pub n_jobs: u64,
    /// Of a new pool.
    pub least_nodes: u64,
    pub most_nodes: u64,
    /// Limits of a job's tasks at a time. A few at a time would take a large world an hour.
    pub parallel: &'static [i32],
    /// They use `retaineddata` as well. All files go soon in such a world, and its clock is not set: a node would wait for hours.
    pub wait_for_files: bool,
    /// They have tasks that run on several nodes at once, and pools for them.
    pub use_gangs: bool,
    /// The account's network rules let no agent in, as far as is known.
    pub is_shut: bool,
    pub n_tasks: u64,
    /// Tasks that were added with a 2xx and that nobody has wished away: job and task.
    pub added: BTreeSet<(String, String)>,
    pub pools: BTreeSet<String>,
    pub jobs: BTreeSet<String>,
    /// Jobs whose end was promised, and pools and jobs whose deletion was.
    pub to_end: BTreeSet<String>,
    pub to_vanish: BTreeSet<String>,
    /// Jobs with tasks, for those who look for one.
    pub tasks: BTreeMap<String, Vec<String>>,
    /// Of a busy world they want more than of a quiet one.
    haste: u64,
}

impl Users {
    pub fn new(chance: &Chance, is_large: bool) -> Users {
        let use_gangs = chance.percent(50);
        Users {
            n_pools: if is_large { 2 } else { chance.below(1, 4) },
            n_jobs: chance.below(1, 6),
            least_nodes: if is_large { 100 } else { 0 },
            most_nodes: match (is_large, use_gangs) {
                (true, _) => 200,
                (false, true) => chance.below(3, 6),
                (false, false) => chance.below(1, 5),
            },
            parallel: if is_large { &[-1, 30, 100] } else { &[-1, -1, 1, 2, 5] },
            wait_for_files: chance.percent(25),
            use_gangs,
            is_shut: false,
            n_tasks: 0,
            added: BTreeSet::new(),
            pools: BTreeSet::new(),
            jobs: BTreeSet::new(),
            to_end: BTreeSet::new(),
            to_vanish: BTreeSet::new(),
            tasks: BTreeMap::new(),
            haste: chance.below(20, if is_large { 150 } else { 700 }),
        }
    }
}

impl World {
    pub async fn user_acts(&mut self) -> Outcome {
        if self.is_calm {
            return Ok(());
        }
        let is_first = self.users.pools.is_empty() || self.users.tasks.is_empty();
        let pause = if is_first { 20 * MILLI } else { self.users.haste * MILLI };
        self.within(MILLI, pause * 2, Event::UserActs);
        if self.server.is_none() {
            return Ok(());
        }
        let name = self.next_wish();
        let (answer, of) = self.wish(name).await;
        let word = match &answer {
            Ok(()) => "taken".to_owned(),
            Err(error) => format!("{:?}", error.public.code),
        };
        self.say(|| format!("a user wants {name} {of}: {word}"));
        match answer {
            Ok(()) => self.faults.word_taken(name),
            Err(error) => self.must_be_a_refusal(name, &error)?,
        }
        Ok(())
    }

    fn next_wish(&self) -> &'static str {
        match (self.users.pools.is_empty(), self.users.jobs.is_empty(), self.users.tasks.is_empty()) {
            (true, ..) => "pool_create",
            (_, true, _) => "job_create",
            (.., true) => "task_add",
            _ => wishes::any(&self.chance),
        }
    }

    /// Only a server that dies or cannot write has a fault of its own.
    fn must_be_a_refusal(&self, name: &str, error: &service::Error) -> Outcome {
        let is_own = matches!(error.public.code, Code::InternalError | Code::ServerBusy);
        let doom = self.server.as_ref().map(|server| server.doom.lock().unwrap());
        let is_explained = doom.is_none_or(|doom| doom.is_dead || doom.disk_is_full);
        if is_own && !is_explained { Err(format!("{name} failed: {error} {:?}", error.cause)) } else { Ok(()) }
    }

    /// Something goes wrong.
    pub fn misfortune(&mut self) {
        if self.is_calm {
            return;
        }
        self.within(20 * MILLI, if self.is_large { 500 * MILLI } else { 5 * SEC }, Event::Misfortune);
        let machines: Vec<String> = self.machines.keys().cloned().collect();
        let machine = self.chance.one(&machines);
        match (self.chance.below(0, 100), machine) {
            // With many machines there are many misfortunes, and the server has to do something between two of its own.
            (4..20, _) if self.is_large => {}
            (0..20, _) => self.doom(),
            (20..26, _) => self.server_disk(true),
            (26..34, _) if !self.users.wait_for_files => {
                let secs = self.chance.below(0, 7200) as i64 - 3600;
                self.clock.step(secs);
                self.fault(Fault::ClockStep, &format!("{secs} s"));
            }
            (34..50, Some(id)) => {
                let wire = self.machines.get(&id).and_then(|machine| machine.wire);
                if let Some(wire) = wire {
                    self.fault(Fault::Cut, &id);
                    self.cut(wire, true);
                }
            }
            (50..62, Some(id)) => self.partition(&id),
            (62..76, Some(id)) => self.agent_dies(&id),
            (76..90, Some(id)) => self.power_cut(&id),
            (90..100, Some(id)) => self.node_disk(&id, true),
            _ => {}
        }
    }

    /// The server will die within its next commits.
    pub fn doom(&mut self) {
        let after = self.chance.below(0, 8);
        let how = self.chance.pick(&[Verdict::Die, Verdict::CommitAndDie]);
        if let Some(server) = &self.server {
            server.doom.lock().unwrap().dies = Some((after, how));
            self.say(|| format!("the server will die after {after} commits: {how:?}"));
        }
    }

    pub fn server_disk(&mut self, is_full: bool) {
        let Some(server) = &self.server else { return };
        server.doom.lock().unwrap().disk_is_full = is_full;
        if is_full {
            self.fault(Fault::ServerDiskFull, "");
            self.within(50 * MILLI, 6 * SEC, Event::ServerDiskFreed);
        }
    }
}
