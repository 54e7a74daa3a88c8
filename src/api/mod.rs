//! Shapes on the wire: what Batch's clients, the portal and our node agents exchange. Serde only, for both targets.
//!
//! A shape is written once. Settings that a user sends are stored as they came and given back in full; what lives
//! (states, counts, times) is added by `service`. Unknown properties are refused where what people and programs wrote is
//! read (`body`), not by the shapes, so that newer servers and older pages can talk.

pub mod account;
pub mod activity;
pub mod agent;
pub mod application;
pub mod body;
pub mod bucket;
pub mod certificate;
pub mod error;
pub mod event;
pub mod external;
pub mod file;
pub mod history;
pub mod job;
pub mod job_schedule;
pub mod list;
pub mod management;
pub mod network;
pub mod node;
pub mod node_log;
pub mod node_user;
pub mod output_file;
pub mod pool;
pub mod reference;
pub mod resource_file;
pub mod service_event;
pub mod session;
pub mod shared;
pub mod statistics;
pub mod storage;
pub mod task;
pub mod time;
pub mod web_hook;

pub use account::*;
pub use activity::*;
pub use application::*;
pub use bucket::*;
pub use certificate::*;
pub use error::{Code, Error, ErrorValue};
pub use event::*;
pub use external::*;
pub use file::*;
pub use history::*;
pub use job::*;
pub use job_schedule::*;
pub use list::*;
pub use management::*;
pub use network::*;
pub use node::*;
pub use node_log::*;
pub use node_user::*;
pub use output_file::*;
pub use pool::*;
pub use reference::*;
pub use resource_file::*;
pub use service_event::*;
pub use session::*;
pub use shared::*;
pub use statistics::*;
pub use storage::*;
pub use task::*;
pub use time::{Duration, Timestamp};
pub use web_hook::*;
