//! What some tasks ask for beyond slots.

/// What a task demands of its node beside slots. Only job manager and multi-instance tasks do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// Nothing else runs there meanwhile.
    pub alone: bool,
    /// Not a low-priority node.
    pub dedicated: bool,
    /// So many empty nodes of one slot, at once; 0 for a task that is not multi-instance.
    pub instances: i32,
}
