//! One function for each operation: authorise, load, decide by `domain`, save in one transaction, tell who must know.
//! REST, the server functions and the admin program call these and nothing below.

pub mod access_token;
pub mod account;
pub mod auto_scale;
pub mod certificate;
pub mod consequences;
pub mod context;
mod error;
pub mod etag;
pub mod events;
pub mod file;
pub mod job;
mod job_node;
pub mod job_schedule;
mod job_tasks;
pub mod key;
pub mod ledger;
pub mod node;
pub mod node_log;
mod node_order;
pub mod node_user;
pub mod page;
pub mod pool;
mod pool_change;
pub mod pool_usage;
pub mod rates;
pub mod reference;
pub mod remote_access;
pub mod resource_group;
pub mod session;
pub mod slices;
mod statistics;
pub mod storage;
pub mod task;
mod task_list;
mod task_questions;
pub mod user;

pub use context::{Caller, Context, RequestId, Who};
pub use error::{Error, Result};
