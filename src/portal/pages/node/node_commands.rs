//! What can be done to a node: the bar of its page and the menu of its row show the same list.

use leptos::prelude::*;

use super::node_option::{self, choice};
use crate::api::{
    self, Code, Node, NodeDeallocate, NodeDisableScheduling, NodePreempt, NodeReboot, NodeReimage, NodeRemove,
    NodeState, SchedulingState,
};
use crate::domain::node as rules;
use crate::domain::permission::Permission;
use crate::portal::components::{Command, Confirmation, Icon};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::NodeRef;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{
    node_deallocate, node_disable_scheduling, node_enable_scheduling, node_preempt, node_reboot, node_reimage,
    node_start, pool_remove_nodes,
};

/// What the commands need to know of the node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeFacts {
    pub state: NodeState,
    pub scheduling: SchedulingState,
    pub dedicated: bool,
}

impl NodeFacts {
    /// Before the node is read: nothing is shown of it.
    pub const UNKNOWN: NodeFacts =
        NodeFacts { state: NodeState::Unknown, scheduling: SchedulingState::Enabled, dedicated: true };

    pub fn of(node: &Node) -> Self {
        NodeFacts { state: node.state, scheduling: node.scheduling_state, dedicated: node.is_dedicated }
    }
}

/// Something that is done to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Reboot,
    Reimage,
    DisableScheduling,
    EnableScheduling,
    Deallocate,
    Start,
    Preempt,
    Remove,
}

impl Deed {
    const ALL: [Deed; 8] = [
        Deed::Reboot,
        Deed::DisableScheduling,
        Deed::EnableScheduling,
        Deed::Deallocate,
        Deed::Start,
        Deed::Reimage,
        Deed::Preempt,
        Deed::Remove,
    ];

    const fn label(self) -> Msg {
        match self {
            Deed::Reboot => msg::NODE_REBOOT,
            Deed::Reimage => msg::NODE_REIMAGE,
            Deed::DisableScheduling => msg::NODE_DISABLE_SCHEDULING,
            Deed::EnableScheduling => msg::NODE_ENABLE_SCHEDULING,
            Deed::Deallocate => msg::NODE_DEALLOCATE,
            Deed::Start => msg::NODE_START,
            Deed::Preempt => msg::NODE_PREEMPT,
            Deed::Remove => msg::NODE_REMOVE,
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Deed::Reboot => Icon::Refresh,
            Deed::Reimage | Deed::Remove => Icon::Delete,
            Deed::DisableScheduling => Icon::Pause,
            Deed::EnableScheduling | Deed::Start => Icon::Play,
            Deed::Deallocate | Deed::Preempt => Icon::Stop,
        }
    }

    /// The question before it and what follows; nothing for what can be undone at once.
    const fn question(self) -> Option<(Msg, Msg)> {
        match self {
            Deed::Reboot => Some((msg::NODE_REBOOT_TITLE, msg::NODE_REBOOT_EFFECT)),
            Deed::Reimage => Some((msg::NODE_REIMAGE_TITLE, msg::NODE_REIMAGE_EFFECT)),
            Deed::DisableScheduling => Some((msg::NODE_DISABLE_TITLE, msg::NODE_DISABLE_EFFECT)),
            Deed::Deallocate => Some((msg::NODE_DEALLOCATE_TITLE, msg::NODE_DEALLOCATE_EFFECT)),
            Deed::Preempt => Some((msg::NODE_PREEMPT_TITLE, msg::NODE_PREEMPT_EFFECT)),
            Deed::Remove => Some((msg::NODE_REMOVE_TITLE, msg::NODE_REMOVE_EFFECT)),
            Deed::EnableScheduling | Deed::Start => None,
        }
    }

    const fn notes(self) -> (Msg, Msg) {
        match self {
            Deed::Reboot => (msg::NODE_REBOOTING_NOTE, msg::NODE_REBOOT_BEGUN),
            Deed::Reimage => (msg::NODE_REIMAGING_NOTE, msg::NODE_REIMAGE_BEGUN),
            Deed::DisableScheduling => (msg::NODE_DISABLING, msg::NODE_DISABLED),
            Deed::EnableScheduling => (msg::NODE_ENABLING, msg::NODE_ENABLED),
            Deed::Deallocate => (msg::NODE_DEALLOCATING_NOTE, msg::NODE_DEALLOCATE_BEGUN),
            Deed::Start => (msg::NODE_STARTING_NOTE, msg::NODE_START_BEGUN),
            Deed::Preempt => (msg::NODE_PREEMPTING, msg::NODE_PREEMPTED_NOTE),
            Deed::Remove => (msg::NODE_REMOVING_NOTE, msg::NODE_REMOVE_BEGUN),
        }
    }

    fn refusal(self, node: NodeFacts) -> Option<Code> {
        match self {
            Deed::Reboot | Deed::Reimage | Deed::Deallocate => rules::restart_refusal(node.state),
            Deed::DisableScheduling => {
                rules::scheduling_refusal(node.state, node.scheduling, SchedulingState::Disabled)
            }
            Deed::EnableScheduling => rules::scheduling_refusal(node.state, node.scheduling, SchedulingState::Enabled),
            Deed::Start => rules::start_refusal(node.state),
            Deed::Preempt => rules::preempt_refusal(node.state, node.dedicated),
            // Whether its pool is being resized the server says.
            Deed::Remove => (node.state == NodeState::LeavingPool).then_some(Code::OperationNotValidOnNode),
        }
    }

    /// Asks the server to do it. `tasks`: what becomes of those that run there, in Batch's word.
    fn request(self, here: NodeRef, tasks: &str) -> impl Future<Output = Result<(), api::Error>> + use<> {
        let NodeRef { account, pool, node } = here;
        let (option, disable_option) = (tasks.parse().ok(), tasks.parse().ok());
        async move {
            match self {
                Deed::Reboot => node_reboot(account, pool, node, NodeReboot { node_reboot_option: option }).await,
                Deed::Reimage => node_reimage(account, pool, node, NodeReimage { node_reimage_option: option }).await,
                Deed::DisableScheduling => {
                    let body = NodeDisableScheduling { node_disable_scheduling_option: disable_option };
                    node_disable_scheduling(account, pool, node, body).await
                }
                Deed::EnableScheduling => node_enable_scheduling(account, pool, node).await,
                Deed::Deallocate => {
                    let body = NodeDeallocate { node_deallocate_option: option };
                    node_deallocate(account, pool, node, body).await
                }
                Deed::Start => node_start(account, pool, node).await,
                Deed::Preempt => node_preempt(account, pool, node, NodePreempt::default()).await,
                Deed::Remove => {
                    let node_list = vec![node.to_string()];
                    let body = NodeRemove { node_list, resize_timeout: None, node_deallocation_option: option };
                    pool_remove_nodes(account, pool, body).await
                }
            }
        }
    }
}

/// The commands; `changed` follows a success.
pub fn node_commands(here: NodeRef, facts: Signal<NodeFacts>, changed: Callback<()>) -> Vec<Command> {
    let (session, notifications) = (use_session(), use_notifications());
    let command = |deed: Deed| {
        let (run, ask) = (here.clone(), here.clone());
        // Not the row's own: it can be drawn anew while the user is asked.
        let tasks = ArcRwSignal::new(String::new());
        let chosen = tasks.clone();
        let perform = move || {
            let names = [("node", run.node.as_str())];
            let (doing, done) = deed.notes();
            notifications.run(
                tf(doing, &names),
                tf(done, &names),
                deed.request(run.clone(), &tasks.get_untracked()),
                move |()| {
                    changed.try_run(());
                },
            );
        };
        let command = Command::new(deed.label(), deed.icon(), perform)
            .refused(move || refusal::of(session, Permission::PoolWrite, deed.refusal(facts.get())));
        let command =
            if matches!(deed, Deed::Reimage | Deed::Preempt | Deed::Remove) { command.danger() } else { command };
        let usual = if deed == Deed::DisableScheduling { node_option::OF_SCHEDULING } else { node_option::OF_NODES };
        match deed.question() {
            Some(question) => {
                let command = command.confirmed(move || confirmation(deed, question, &ask));
                // A machine that is taken away asks nobody what becomes of its tasks.
                if deed == Deed::Preempt { command } else { command.choosing(move || choice(usual, &chosen)) }
            }
            None => command,
        }
    };
    Deed::ALL.into_iter().map(command).collect()
}

fn confirmation(deed: Deed, (title, effect): (Msg, Msg), here: &NodeRef) -> Confirmation {
    Confirmation {
        title: tf(title, &[("node", here.node.as_str())]),
        effect: t(effect).to_owned(),
        button: t(deed.label()).to_owned(),
        typed: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn possible(state: NodeState, scheduling: SchedulingState) -> Vec<Deed> {
        let facts = NodeFacts { state, scheduling, dedicated: true };
        Deed::ALL.into_iter().filter(|deed| deed.refusal(facts).is_none()).collect()
    }

    #[test]
    fn what_can_be_done_follows_from_the_nodes_state() {
        use SchedulingState::{Disabled, Enabled};
        let restarts = [Deed::Reboot, Deed::Deallocate, Deed::Reimage, Deed::Remove];
        let has_all = |deeds: &[Deed]| restarts.iter().all(|deed| deeds.contains(deed));
        let idle = possible(NodeState::Idle, Enabled);
        assert!(has_all(&idle) && idle.contains(&Deed::DisableScheduling) && !idle.contains(&Deed::EnableScheduling));
        let offline = possible(NodeState::Offline, Disabled);
        assert!(has_all(&offline) && offline.contains(&Deed::EnableScheduling));
        assert_eq!(possible(NodeState::Rebooting, Enabled), [Deed::DisableScheduling, Deed::Remove]);
        assert_eq!(possible(NodeState::Deallocated, Enabled), [Deed::DisableScheduling, Deed::Start, Deed::Remove]);
        assert_eq!(possible(NodeState::LeavingPool, Enabled), []);
        let low_priority = NodeFacts { state: NodeState::Idle, scheduling: Enabled, dedicated: false };
        assert!(!idle.contains(&Deed::Preempt) && Deed::Preempt.refusal(low_priority).is_none());
    }

    #[test]
    fn what_stops_tasks_asks_first() {
        let asks: Vec<Deed> = Deed::ALL.into_iter().filter(|deed| deed.question().is_some()).collect();
        let expected =
            [Deed::Reboot, Deed::DisableScheduling, Deed::Deallocate, Deed::Reimage, Deed::Preempt, Deed::Remove];
        assert_eq!(asks, expected);
    }
}
