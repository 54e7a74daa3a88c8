//! What the server says, and what the node does about it.

use std::sync::Arc;

use super::super::server_client::{self, Frame, FromServer, Link};
use super::super::{clock, environment::NodeFacts, node_root, sample};
use super::health::user_name;
use super::{Node, send};
use crate::api::agent::{FileAsk, FromAgent, Hello, ToAgent, Welcome};

impl Node {
    pub(super) fn on_server(&mut self, news: FromServer) {
        self.last_sign = clock::instant();
        match news {
            FromServer::Connected(link) => {
                self.core.connection_changed();
                let hello = FromAgent::Hello(self.hello(&link));
                send(&link, &[hello]);
                self.link = Some(link);
            }
            FromServer::Lost => {
                self.link = None;
                self.core.connection_changed();
                self.watches.clear();
            }
            FromServer::Heard => self.core.heard(self.last_sign),
            FromServer::Messages(messages) => {
                self.core.heard(self.last_sign);
                for message in messages {
                    self.on_message(message);
                }
            }
        }
    }

    fn hello(&self, link: &Link) -> Hello {
        let facts = Hello {
            node: self.config.node.clone(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            boot: self.boot.clone(),
            booted_at: self.booted_at,
            ip_address: link.ip_address.clone(),
            cores: sample::cores(),
            memory_mib: sample::memory_mib(),
            limits: self.groups.statement(),
            alive: Vec::new(),
            ended: Vec::new(),
            packages_deployed: false,
            start_task: None,
        };
        self.core.hello(facts, &self.runs)
    }

    fn on_message(&mut self, message: ToAgent) {
        let now = clock::instant();
        if let ToAgent::Welcome(welcome) = &message {
            let users = welcome.users.clone();
            self.prepare_for(welcome);
            let _ = self.core.on_message(message, &mut self.runs, now);
            self.on_users(users);
            // Said anew on each connection, whether it changes by this or not.
            if let Some(report) = self.remote.report() {
                self.core.say(report, now);
            }
            for a in self.ready_instances() {
                self.core.say(FromAgent::Ready { a }, now);
            }
            return;
        }
        match self.core.on_message(message, &mut self.runs, now) {
            None => {}
            Some(ToAgent::Go { attempts }) => attempts.iter().for_each(|attempt| self.go(*attempt)),
            Some(ToAgent::CleanUp { directories }) => {
                self.clean_up_later.extend(directories);
                self.clean_up();
            }
            Some(ToAgent::File { request, ask: ask @ FileAsk::UploadLogs { .. } }) => self.read_log(request, ask),
            Some(ToAgent::File { request, ask }) => {
                let (files, users) = (Arc::clone(&self.files), self.users());
                let Some(frames) = self.link.as_ref().map(|link| link.frames.clone()) else { return };
                tokio::task::spawn_blocking(move || {
                    let (reply, data) = files.answer(request, &ask, users);
                    let _ = frames.send(Frame::Binary(server_client::file_frame(&reply, &data)));
                });
            }
            Some(ToAgent::Watch { watch, path, from, secs }) => {
                self.watches.set(watch, path, from, secs);
                self.measure_at.get_or_insert(now);
            }
            Some(ToAgent::Users { users }) => self.on_users(users),
            Some(_) => tracing::warn!("a message of the server's that nobody takes"),
        }
    }

    /// What tasks find here follows from the server's welcome.
    fn prepare_for(&mut self, welcome: &Welcome) {
        let user = self.task_user(welcome);
        if let Err(error) = node_root::lay_out(&self.root, user) {
            tracing::error!(%error, "the node's folders could not be made");
        }
        if let Some(own) = welcome.own_users.filter(|_| user.is_some()) {
            self.reclaim_users(own);
        }
        let facts = NodeFacts::of(welcome, &self.config.node, &self.root, user_name(user), self.mark.clone());
        self.facts = Some(Arc::new(facts));
        self.groups.set_size(welcome.size, welcome.slots);
        let health = self.health(user);
        self.core.set_health(health, &mut self.runs, clock::instant());
        self.heartbeat_at = clock::instant();
    }
}
