//! `fournil admin node …`: what only the operator of the machines says to nodes.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::to_value;
use crate::api::{Duration, NodePreempt};
use crate::domain::ids::{AccountName, NodeId, PoolId};
use crate::service::{Caller, Context, Result, node};

#[derive(Subcommand, Debug)]
pub enum NodeCommand {
    /// Takes a low-priority node away for a time; its tasks run again elsewhere, and its files are lost
    Preempt {
        account: AccountName,
        pool: PoolId,
        node: NodeId,
        /// Until it comes back, a day at most
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        away: u32,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum NodeRequest {
    Preempt { account: AccountName, pool: PoolId, node: NodeId, preempt: NodePreempt },
}

impl From<NodeCommand> for NodeRequest {
    fn from(command: NodeCommand) -> Self {
        let NodeCommand::Preempt { account, pool, node, away } = command;
        let preempt = NodePreempt { away: Some(Duration::from_secs(away.into())) };
        NodeRequest::Preempt { account, pool, node, preempt }
    }
}

pub async fn perform(cx: &Context, request: NodeRequest) -> Result<Value> {
    let NodeRequest::Preempt { account, pool, node, preempt } = request;
    Ok(to_value(node::node_preempt(cx, &Caller::system(), &account, &pool, &node, preempt).await?))
}

/// The outcome for people.
pub fn print(request: &NodeRequest) -> String {
    let NodeRequest::Preempt { pool, node, .. } = request;
    format!(
        "Took the node {node} away from the pool {pool}. It comes back by itself while the pool asks for it.
"
    )
}
