//! Where nodes come from: what every provider of nodes can do. All of it is idempotent and may block.

use std::io;

/// A node as its provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    pub node: String,
    /// What its agent shows to the server.
    pub token: String,
}

pub trait Provider: Send + Sync + 'static {
    /// Starts the node's agent unless it lives. Its files of an earlier life stay.
    fn ensure(&self, node: &NodeSpec) -> io::Result<()>;
    /// Makes sure that the agent and everything it ran are dead.
    fn kill(&self, node: &str) -> io::Result<()>;
    /// As [`Provider::kill`], and removes the node's folder.
    fn remove(&self, node: &str) -> io::Result<()>;
    /// Nodes that the provider has, wanted or not.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Does work of these kinds beside the scheduler, which does not wait for it.
    fn run(&self, work: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(work);
    }
}
