//! What the server says, and what the node does about it.

use std::sync::Arc;
use std::time::Duration;

use super::super::run_id::RunId;
use super::super::runs::Fate;
use super::super::server_client::{self, Frame, FromServer, Link};
use super::super::{clock, environment::NodeFacts, node_root, sample};
use super::health::user_name;
use super::{Node, Stop, send};
use crate::api::agent::{Attempt, FileAsk, FromAgent, Hello, RunTask, ToAgent, Welcome};

impl Node {
    pub(super) fn on_server(&mut self, news: FromServer) {
        self.last_sign = clock::instant();
        match news {
            FromServer::Connected(link) => {
                self.is_welcome = false;
                let hello = FromAgent::Hello(self.hello(&link));
                send(&link, &[hello]);
                self.link = Some(link);
            }
            FromServer::Lost => {
                self.link = None;
                self.is_welcome = false;
                self.watches.clear();
            }
            FromServer::Heard => self.last_word = self.last_sign,
            FromServer::Messages(messages) => {
                self.last_word = self.last_sign;
                for message in messages {
                    self.on_message(message);
                }
            }
        }
    }

    fn hello(&self, link: &Link) -> Hello {
        let waiting = self.queue.iter().map(|task| task.a);
        let running = self.runs.iter().filter_map(|(id, _)| id.attempt());
        Hello {
            node: self.config.node.clone(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            boot: self.boot.clone(),
            booted_at: self.booted_at,
            ip_address: link.ip_address.clone(),
            cores: sample::cores(),
            memory_mib: sample::memory_mib(),
            alive: waiting.chain(running).collect(),
            ended: self.ended.keys().copied().collect(),
            start_task: self.start_task.report(),
        }
    }

    fn on_message(&mut self, message: ToAgent) {
        match message {
            ToAgent::Welcome(welcome) => self.on_welcome(welcome),
            _ if !self.is_welcome => tracing::warn!("the server spoke before its welcome"),
            ToAgent::Run { tasks } => self.on_run(tasks),
            ToAgent::Recall { attempts } => self.on_recall(&attempts),
            ToAgent::Kill { attempts } => self.on_kill(&attempts),
            ToAgent::Ack { attempts } => attempts.iter().for_each(|attempt| self.forget_end(*attempt)),
            ToAgent::CleanUp { directories } => {
                self.clean_up_later.extend(directories);
                self.clean_up();
            }
            ToAgent::File { request, ask: ask @ FileAsk::UploadLogs { .. } } => self.read_log(request, ask),
            ToAgent::File { request, ask } => {
                let (files, user) = (Arc::clone(&self.files), self.user());
                let Some(frames) = self.link.as_ref().map(|link| link.frames.clone()) else { return };
                tokio::task::spawn_blocking(move || {
                    let (reply, data) = files.answer(request, &ask, user);
                    let _ = frames.send(Frame::Binary(server_client::file_frame(&reply, &data)));
                });
            }
            ToAgent::Watch { watch, path, from, secs } => {
                self.watches.set(watch, path, from, secs);
                self.measure_at.get_or_insert(clock::instant());
            }
            ToAgent::Users { users } => self.on_users(users),
            ToAgent::Reboot => self.stop(Stop::Reboot),
            ToAgent::Leave => self.stop(Stop::Leave),
        }
    }

    fn on_welcome(&mut self, welcome: Welcome) {
        let user = self.task_user(&welcome);
        if let Err(error) = node_root::lay_out(&self.root, user) {
            tracing::error!(%error, "the node's folders could not be made");
        }
        let facts = NodeFacts::of(&welcome, &self.config.node, &self.root, user_name(user), self.mark.clone());
        self.facts = Some(Arc::new(facts));
        self.is_welcome = true;
        self.start_task.set_once(welcome.start_task.clone(), clock::instant());
        let (stale, users) = (welcome.stale.clone(), welcome.users.clone());
        self.welcome = Some(welcome);
        self.health = self.unreachable_root();
        for attempt in &stale {
            self.forget_end(*attempt);
        }
        let is_here = |attempt: &Attempt| {
            self.runs.get(RunId::Task(*attempt)).is_some() || self.queue.iter().any(|task| task.a == *attempt)
        };
        let to_kill: Vec<Attempt> = stale.into_iter().filter(is_here).collect();
        self.on_kill(&to_kill);
        // All that was said on an earlier connection may be lost.
        self.outbox = self.ended.values().cloned().map(FromAgent::Ended).collect();
        self.outbox.extend(self.start_task.report().map(FromAgent::StartTask));
        self.outbox.extend(self.health.clone().map(|error| FromAgent::Health { error: Some(error) }));
        self.unannounced = self.runs.iter().filter(|(id, _)| id.attempt().is_some()).map(|(id, _)| id).collect();
        // Said anew, whether it changes by this or not.
        self.on_users(users);
        self.outbox.retain(|message| !matches!(message, FromAgent::Remote(_)));
        self.outbox.extend(self.remote.report());
        self.heartbeat_at = clock::instant();
        self.send_soon();
    }

    fn on_run(&mut self, tasks: Vec<RunTask>) {
        for task in tasks {
            let id = RunId::Task(task.a);
            let is_known = self.runs.get(id).is_some()
                || self.ended.contains_key(&task.a)
                || self.queue.iter().any(|t| t.a == task.a);
            if self.stop.is_some() {
                self.give_back(task.a);
            } else if !is_known && task.slots == 0 {
                // What takes no slot waits for none.
                self.queue.push_front(task);
            } else if !is_known {
                self.queue.push_back(task);
            }
        }
    }

    fn on_recall(&mut self, attempts: &[Attempt]) {
        for attempt in attempts {
            if self.take_from_queue(*attempt) {
                self.give_back(*attempt);
            }
        }
    }

    fn on_kill(&mut self, attempts: &[Attempt]) {
        let (kill_wait, now) = (self.kill_wait(), clock::instant());
        for attempt in attempts {
            let id = RunId::Task(*attempt);
            if self.runs.get(id).is_some() {
                self.runs.end(id, Fate::GiveBack, kill_wait, now);
            } else if !self.ended.contains_key(attempt) {
                self.take_from_queue(*attempt);
                self.give_back(*attempt);
            }
        }
    }

    fn take_from_queue(&mut self, attempt: Attempt) -> bool {
        let place = self.queue.iter().position(|task| task.a == attempt);
        place.and_then(|place| self.queue.remove(place)).is_some()
    }

    pub(super) fn give_back(&mut self, attempt: Attempt) {
        self.journal.forget(RunId::Task(attempt));
        self.given_back.push(attempt);
        self.send_soon();
    }

    fn forget_end(&mut self, attempt: Attempt) {
        if self.ended.remove(&attempt).is_some() {
            self.journal.forget(RunId::Task(attempt));
        }
    }

    pub(super) fn stop(&mut self, stop: Stop) {
        self.stop = Some(stop);
        for task in std::mem::take(&mut self.queue) {
            self.give_back(task.a);
        }
        let kill_wait = if stop == Stop::Leave { Duration::ZERO } else { self.kill_wait() };
        self.runs.end_all(kill_wait, clock::instant());
    }
}
