//! What becomes of the tasks on a node with which something else is to be done: Batch's options, in words.

use leptos::prelude::*;

use crate::portal::components::Choice;
use crate::portal::i18n::{Msg, msg, t};

/// Batch's word, what people read, and what happens then.
type Words = (&'static str, Msg, Msg);

/// Options of rebooting, reimaging, deallocating and removing. The first is the usual one, as in Batch.
pub const OF_NODES: &[Words] = &[
    ("requeue", msg::POOL_REQUEUE, msg::POOL_REQUEUE_EFFECT),
    ("terminate", msg::POOL_TERMINATE, msg::POOL_TERMINATE_EFFECT),
    ("taskcompletion", msg::POOL_TASK_COMPLETION, msg::NODE_TASK_COMPLETION_EFFECT),
    ("retaineddata", msg::POOL_RETAINED_DATA, msg::NODE_RETAINED_DATA_EFFECT),
];

/// Options of disabling scheduling. Chosen here: what disturbs least is the usual one.
pub const OF_SCHEDULING: &[Words] = &[
    ("taskcompletion", msg::NODE_TASKS_GO_ON, msg::NODE_TASKS_GO_ON_EFFECT),
    ("requeue", msg::POOL_REQUEUE, msg::POOL_REQUEUE_EFFECT),
    ("terminate", msg::POOL_TERMINATE, msg::POOL_TERMINATE_EFFECT),
];

/// A choice among these; the first is chosen to begin with.
pub fn choice(among: &[Words], chosen: &ArcRwSignal<String>) -> Choice {
    let first = among.first().map_or_else(String::new, |(word, ..)| (*word).to_owned());
    chosen.set(first);
    let text = |message: Msg| t(message).to_owned();
    Choice {
        label: text(msg::NODE_TASKS),
        options: among.iter().map(|(word, label, effect)| ((*word).to_owned(), text(*label), text(*effect))).collect(),
        chosen: chosen.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{DisableSchedulingOption, NodeDeallocationOption};

    #[test]
    fn every_option_of_batch_is_offered_once() {
        let words = |of: &[Words]| of.iter().map(|(word, ..)| *word).collect::<Vec<_>>();
        let (mut nodes, mut scheduling) = (words(OF_NODES), words(OF_SCHEDULING));
        nodes.sort_unstable();
        scheduling.sort_unstable();
        let mut all: Vec<_> = NodeDeallocationOption::ALL.iter().map(|option| option.as_str()).collect();
        all.sort_unstable();
        assert_eq!(nodes, all);
        let mut all: Vec<_> = DisableSchedulingOption::ALL.iter().map(|option| option.as_str()).collect();
        all.sort_unstable();
        assert_eq!(scheduling, all);
    }
}
