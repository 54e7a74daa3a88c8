//! The network between agents and server: one connection an agent, in order as TCP is, until it breaks. Then each side notices
//! when it does, and what was under way is lost or comes late.
//!
//! Frames of the agent's are doubled, and reports overtake each other, though TCP does neither: they must not matter. Frames
//! of the server's keep their order, for its words build on each other; they are doubled.

use fournil::api::agent::{FromAgent, ToAgent};
use fournil::store;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TryRecvError;

use crate::faults::Fault;
use crate::world::{Event, MILLI, Outcome, SEC, World};

pub struct Wire {
    machine: String,
    /// Of the server at its other end.
    n_start: u32,
    node_key: i64,
    /// The hub's number, when the greeting has arrived.
    number: Option<u64>,
    from_server: Option<UnboundedReceiver<ToAgent>>,
    is_cut: bool,
    /// What was under way to the server when it broke arrives all the same.
    comes_late: bool,
    /// The last frame arrives then.
    to_server_until: u64,
    to_agent_until: u64,
}

impl World {
    pub async fn connect(&mut self, id: &str) {
        let Some(machine) = self.machines.get(id).filter(|m| m.agent.is_some() && m.wire.is_none()) else { return };
        let (token, is_reachable) = (machine.token.clone(), machine.is_reachable);
        let node_key = match &self.server {
            Some(server) if is_reachable => {
                let mut conn = server.cx.store.read().await.unwrap();
                let row = store::node::with_id(&mut conn, id).await.unwrap();
                row.filter(|row| row.token == token).map(|row| row.key)
            }
            _ => None,
        };
        let (Some(node_key), Some(hello)) = (node_key, self.hello(id)) else {
            self.within(50 * MILLI, 2 * SEC, Event::AgentConnects(id.to_owned()));
            return;
        };
        let number = self.wires.len() as u64 + 1;
        let wire = Wire {
            machine: id.to_owned(),
            n_start: self.n_starts,
            node_key,
            number: None,
            from_server: None,
            is_cut: false,
            comes_late: false,
            to_server_until: 0,
            to_agent_until: 0,
        };
        self.wires.insert(number, wire);
        if let Some(machine) = self.machines.get_mut(id) {
            machine.wire = Some(number);
            if let Some(agent) = &mut machine.agent {
                agent.core.connection_changed();
            }
        }
        self.send_to_server(number, vec![FromAgent::Hello(hello)]);
    }

    fn delay(&self) -> u64 {
        let is_slow = !self.is_calm && self.chance.percent(3);
        self.chance.below(50, if is_slow { 3 * SEC } else { 20 * MILLI })
    }

    pub fn send_to_server(&mut self, number: u64, messages: Vec<FromAgent>) {
        let (delay, is_calm) = (self.delay(), self.is_calm);
        let (doubled, overtaken) = (!is_calm && self.chance.percent(4), !is_calm && self.chance.percent(4));
        let Some(wire) = self.wires.get_mut(&number).filter(|wire| !wire.is_cut) else { return };
        let is_report =
            |m: &FromAgent| matches!(m, FromAgent::Started { .. } | FromAgent::Ended(_) | FromAgent::GaveBack { .. });
        let at = (self.now + delay).max(wire.to_server_until + 1);
        if overtaken && messages.iter().all(is_report) {
            self.faults.fired(Fault::Reordered);
            self.at(at + 300 * MILLI, Event::ToServer { wire: number, messages });
            return;
        }
        wire.to_server_until = at;
        if doubled && messages.iter().all(|m| !matches!(m, FromAgent::Hello(_))) {
            self.faults.fired(Fault::Doubled);
            self.at(at, Event::ToServer { wire: number, messages: messages.clone() });
        }
        self.at(at, Event::ToServer { wire: number, messages });
    }

    pub fn arrives_at_server(&mut self, number: u64, mut messages: Vec<FromAgent>) {
        let n_starts = self.n_starts;
        let (Some(server), Some(wire)) = (&self.server, self.wires.get_mut(&number)) else { return };
        if wire.n_start != n_starts || (wire.is_cut && !wire.comes_late) {
            return;
        }
        if let Some(FromAgent::Hello(hello)) = messages.first_mut() {
            let (number, receiver) = server.hub.connect(wire.node_key, None, hello.clone());
            (wire.number, wire.from_server) = (Some(number), Some(receiver));
            return;
        }
        let Some(hub_number) = wire.number else { return };
        server.hub.said(wire.node_key, hub_number, messages);
        let is_old = self.machines.get(&wire.machine).is_some_and(|m| m.wire.is_some_and(|w| w != number));
        if is_old {
            let of = wire.machine.clone();
            self.fault(Fault::Late, &of);
        }
    }

    /// Takes what the server has said and puts it on its way.
    pub fn pump(&mut self) {
        let numbers: Vec<u64> =
            self.wires.iter().filter(|(_, wire)| wire.from_server.is_some()).map(|(number, _)| *number).collect();
        for number in numbers {
            let Some(receiver) = self.wires.get_mut(&number).and_then(|wire| wire.from_server.as_mut()) else {
                continue;
            };
            let mut messages = Vec::new();
            let is_closed = loop {
                match receiver.try_recv() {
                    Ok(message) => messages.push(message),
                    Err(TryRecvError::Empty) => break false,
                    Err(TryRecvError::Disconnected) => break true,
                }
            };
            if !messages.is_empty() {
                self.send_to_agent(number, messages);
            }
            if is_closed {
                let Some(wire) = self.wires.get_mut(&number) else { continue };
                wire.from_server = None;
                let at = wire.to_agent_until.max(self.now) + 1;
                self.at(at, Event::AgentNotices(number));
            }
        }
    }

    fn send_to_agent(&mut self, number: u64, messages: Vec<ToAgent>) {
        let (delay, doubled) = (self.delay(), !self.is_calm && self.chance.percent(4));
        let Some(wire) = self.wires.get_mut(&number).filter(|wire| !wire.is_cut) else { return };
        let at = (self.now + delay).max(wire.to_agent_until + 1);
        wire.to_agent_until = at;
        if doubled {
            self.faults.fired(Fault::Doubled);
            self.at(at, Event::ToAgent { wire: number, messages: messages.clone() });
        }
        self.at(at, Event::ToAgent { wire: number, messages });
    }

    /// The server shows on all connections that it lives, as its sockets do by themselves.
    pub fn show_life(&mut self) {
        if !self.has_leases {
            return;
        }
        let is_open = |wire: &Wire| wire.from_server.is_some() && !wire.is_cut;
        let open: Vec<u64> = self.wires.iter().filter(|(_, wire)| is_open(wire)).map(|(number, _)| *number).collect();
        open.into_iter().for_each(|number| self.send_to_agent(number, Vec::new()));
    }

    pub fn arrives_at_agent(&mut self, number: u64, messages: Vec<ToAgent>) -> Outcome {
        let now = self.instant();
        let Some(wire) = self.wires.get(&number).filter(|wire| !wire.is_cut) else { return Ok(()) };
        let id = wire.machine.clone();
        let Some(machine) = self.machines.get_mut(&id).filter(|machine| machine.wire == Some(number)) else {
            return Ok(());
        };
        let Some(agent) = &mut machine.agent else { return Ok(()) };
        agent.core.heard(now);
        let mut to_go = Vec::new();
        for message in messages {
            self.trace.heard(self.now, &id, message.clone());
            let is_welcome = matches!(message, ToAgent::Welcome(_));
            // Files and folders are not played.
            if let Some(ToAgent::Go { attempts }) = agent.core.on_message(message, &mut machine.runs, now) {
                to_go.extend(attempts);
            }
            if is_welcome {
                machine.runs.ready().into_iter().for_each(|a| agent.core.say(FromAgent::Ready { a }, now));
            }
        }
        for attempt in to_go {
            self.go(&id, attempt)?;
        }
        self.machine_turn(&id)
    }

    /// The connection breaks. `agent_lives`: somebody is there to notice.
    pub fn cut(&mut self, number: u64, agent_lives: bool) {
        let comes_late = self.chance.percent(50);
        let Some(wire) = self.wires.get_mut(&number).filter(|wire| !wire.is_cut) else { return };
        (wire.is_cut, wire.comes_late) = (true, comes_late);
        self.within(0, 20 * SEC, Event::ServerNotices(number));
        if agent_lives {
            self.within(0, 15 * SEC, Event::AgentNotices(number));
        }
    }

    /// The agent has ended: what it had said arrives, and then the end.
    pub fn agent_closes(&mut self, number: u64) {
        let Some(wire) = self.wires.get(&number) else { return };
        if !wire.is_cut {
            let at = wire.to_server_until.max(self.now) + 1;
            self.at(at, Event::ServerNotices(number));
        }
    }

    pub fn server_notices(&mut self, number: u64) {
        let n_starts = self.n_starts;
        let (Some(server), Some(wire)) = (&self.server, self.wires.get(&number)) else { return };
        if let Some(hub_number) = wire.number.filter(|_| wire.n_start == n_starts) {
            server.hub.disconnect(wire.node_key, hub_number);
        }
    }

    pub fn agent_notices(&mut self, number: u64) {
        let Some(wire) = self.wires.get(&number) else { return };
        let id = wire.machine.clone();
        let Some(machine) = self.machines.get_mut(&id).filter(|machine| machine.wire == Some(number)) else { return };
        machine.wire = None;
        if let Some(agent) = &mut machine.agent {
            agent.core.connection_changed();
        }
        self.agent_closes(number);
        self.within(25 * MILLI, 2 * SEC, Event::AgentConnects(id));
    }

    /// The server has died: agents are told by the end of their connections, after what it had said.
    pub fn server_side_ends(&mut self) {
        let now = self.now;
        let ends: Vec<(u64, u64)> = self
            .wires
            .iter_mut()
            .filter_map(|(number, wire)| {
                let had_server = wire.from_server.take().is_some() || wire.number.is_none();
                had_server.then(|| (*number, wire.to_agent_until.max(now) + 1))
            })
            .collect();
        for (number, at) in ends {
            self.at(at, Event::AgentNotices(number));
        }
    }

    pub fn partition(&mut self, id: &str) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        machine.is_reachable = false;
        let wire = machine.wire;
        self.fault(Fault::Partition, id);
        if let Some(wire) = wire {
            self.cut(wire, true);
        }
        self.within(SEC, 25 * SEC, Event::Reachable(id.to_owned()));
    }

    /// What the provider could not do meanwhile is done now.
    pub fn reachable(&mut self, id: &str) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        machine.is_reachable = true;
        let owed = std::mem::take(&mut machine.owed);
        self.carry_out(owed);
    }
}
