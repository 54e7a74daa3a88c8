//! What the operator's settings say to the scheduler.

use crate::api::Duration;

/// How tasks are run on this installation.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Without a word from a node for so long its tasks run elsewhere.
    pub lease: Duration,
    /// How long agents go on with their tasks without a word from here. It and the kill wait are shorter than [`Self::lease`] by more
    /// than a word can be under way. Absent where the provider sees for itself that an agent is dead, as on this host: then
    /// tasks outlive the server.
    pub agent_lease_secs: Option<u32>,
    pub kill_wait_secs: u32,
    /// Tasks of each pool run under a user id of the pool's own: this plus the pool's number. Absent when the server is not
    /// root: then tasks run as the server's user.
    pub first_task_user: Option<u32>,
    /// The first of the user ids that nodes have beside: see `domain::task_user`. Absent in the same case.
    pub first_node_user: Option<u32>,
    /// Tasks use no more memory, processes and processor than their slots' part of their node, where the system lets it.
    pub limits_tasks: bool,
}

impl Settings {
    /// Chosen here: a lease of 30 s finds a lost node soon and survives a slow disk; Azure's agent waits as long.
    pub fn usual(first_task_user: Option<u32>, first_node_user: Option<u32>, limits_tasks: bool) -> Settings {
        let lease = Duration::from_secs(30);
        Settings { lease, agent_lease_secs: None, kill_wait_secs: 5, first_task_user, first_node_user, limits_tasks }
    }

    /// The user under which a pool's tasks run.
    pub fn task_user(&self, pool_key: i64) -> Option<u32> {
        self.first_task_user.map(|first| first + u32::try_from(pool_key).unwrap_or_default())
    }
}
