//! A new size for a pool, as typed.

use crate::api::{NodeDeallocationOption, Pool, PoolResize};
use crate::portal::components::FieldErrors;
use crate::portal::pages::typed::{self, form};

form! {
    ResizeForm, ResizeFields {
        dedicated: String,
        low_priority: String,
        /// What happens to the tasks of nodes that go.
        deallocation: String,
    }
}

/// As many nodes as one pool can be asked for.
pub const MOST_NODES: i32 = 10_000;

impl ResizeForm {
    /// The size that the pool has been asked for last.
    pub fn of(pool: &Pool) -> Self {
        ResizeForm {
            dedicated: pool.settings.target_dedicated_nodes.unwrap_or_default().to_string(),
            low_priority: pool.settings.target_low_priority_nodes.unwrap_or_default().to_string(),
            deallocation: NodeDeallocationOption::Requeue.to_string(),
        }
    }

    /// The body of the request.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn to_resize(&self) -> Result<PoolResize, FieldErrors> {
        let mut errors = FieldErrors::default();
        let resize = PoolResize {
            target_dedicated_nodes: errors.take("targetDedicatedNodes", typed::number(&self.dedicated, 0..=MOST_NODES)),
            target_low_priority_nodes: errors
                .take("targetLowPriorityNodes", typed::number(&self.low_priority, 0..=MOST_NODES)),
            resize_timeout: None,
            node_deallocation_option: self.deallocation.parse().ok(),
        };
        errors.or(resize)
    }

    /// How many nodes of the pool's current ones would go.
    pub fn n_leaving(&self, pool: &Pool) -> i32 {
        let going =
            |text: &str, now: i32| typed::number(text, 0..=MOST_NODES).map_or(0, |target| (now - target).max(0));
        going(&self.dedicated, pool.current_dedicated_nodes)
            + going(&self.low_priority, pool.current_low_priority_nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(dedicated: &str, low_priority: &str) -> ResizeForm {
        ResizeForm { dedicated: dedicated.into(), low_priority: low_priority.into(), deallocation: "terminate".into() }
    }

    #[test]
    fn both_targets_and_the_choice_are_sent() {
        let resize = form("4", "0").to_resize().unwrap();
        assert_eq!((resize.target_dedicated_nodes, resize.target_low_priority_nodes), (Some(4), Some(0)));
        assert_eq!(resize.node_deallocation_option, Some(NodeDeallocationOption::Terminate));
    }

    #[test]
    fn errors_stand_at_their_fields() {
        let errors = form("-1", "x").to_resize().unwrap_err();
        assert!(errors.of("targetDedicatedNodes").is_some() && errors.of("targetLowPriorityNodes").is_some());
    }
}
