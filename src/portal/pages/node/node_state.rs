//! How the states of nodes look: words, tones, and what the heat map draws for those who do not tell colours apart.

use leptos::prelude::*;

use crate::api::NodeState;
use crate::portal::components::{StateBadge, Tone};
use crate::portal::i18n::{Msg, msg, t};

pub const fn label(state: NodeState) -> Msg {
    match state {
        NodeState::Creating => msg::NODE_STATE_CREATING,
        NodeState::Starting => msg::NODE_STATE_STARTING,
        NodeState::WaitingForStartTask => msg::NODE_STATE_WAITING_FOR_START_TASK,
        NodeState::StartTaskFailed => msg::NODE_STATE_START_TASK_FAILED,
        NodeState::Idle => msg::NODE_STATE_IDLE,
        NodeState::Running => msg::NODE_STATE_RUNNING,
        NodeState::Offline => msg::NODE_STATE_OFFLINE,
        NodeState::Rebooting => msg::NODE_STATE_REBOOTING,
        NodeState::Reimaging => msg::NODE_STATE_REIMAGING,
        NodeState::LeavingPool => msg::NODE_STATE_LEAVING_POOL,
        NodeState::Unusable => msg::NODE_STATE_UNUSABLE,
        NodeState::Unknown => msg::NODE_STATE_UNKNOWN,
        NodeState::Preempted => msg::NODE_STATE_PREEMPTED,
        NodeState::UpgradingOs => msg::NODE_STATE_UPGRADING_OS,
        NodeState::Deallocating => msg::NODE_STATE_DEALLOCATING,
        NodeState::Deallocated => msg::NODE_STATE_DEALLOCATED,
    }
}

pub const fn tone(state: NodeState) -> Tone {
    match state {
        NodeState::Idle => Tone::Neutral,
        NodeState::Running => Tone::Good,
        NodeState::Creating | NodeState::Starting | NodeState::WaitingForStartTask => Tone::Active,
        NodeState::Rebooting | NodeState::Reimaging | NodeState::UpgradingOs | NodeState::Deallocating => Tone::Active,
        NodeState::Offline | NodeState::LeavingPool | NodeState::Preempted | NodeState::Deallocated => Tone::Warning,
        NodeState::StartTaskFailed | NodeState::Unusable | NodeState::Unknown => Tone::Bad,
    }
}

/// The letter of a state on the heat map; states of one tone have different ones.
pub const fn letter(state: NodeState) -> &'static str {
    match state {
        NodeState::Creating => "C",
        NodeState::Starting => "S",
        NodeState::WaitingForStartTask => "W",
        NodeState::StartTaskFailed => "F",
        NodeState::Idle => "I",
        NodeState::Running => "R",
        NodeState::Offline => "O",
        NodeState::Rebooting => "B",
        NodeState::Reimaging => "M",
        NodeState::LeavingPool => "L",
        NodeState::Unusable => "X",
        NodeState::Unknown => "?",
        NodeState::Preempted => "P",
        NodeState::UpgradingOs => "U",
        NodeState::Deallocating => "D",
        NodeState::Deallocated => "Z",
    }
}

#[component]
pub fn NodeStateBadge(#[prop(into)] state: Signal<NodeState>) -> impl IntoView {
    view! { <StateBadge tone=Signal::derive(move || tone(state.get())) label=Signal::derive(move || t(label(state.get())).to_owned())/> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_own_letter() {
        let letters: std::collections::BTreeSet<_> = NodeState::ALL.iter().map(|state| letter(*state)).collect();
        assert_eq!(letters.len(), NodeState::ALL.len());
    }
}
