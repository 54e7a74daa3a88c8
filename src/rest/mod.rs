//! Batch's REST face: the data plane of accounts. It decodes a request, calls one function of `service`, and answers in
//! Batch's form. No rule lives here.
//!
//! A request passes these layers: [`error::finish`] (headers of every answer, bodies of failures), [`trace`], [`auth::authenticate`]
//! (before anything else is read), [`call::prepare`] (api-version, query, time), then the handler of its route.

mod activity;
mod application;
mod auth;
pub mod body;
mod call;
mod certificate;
mod error;
mod file;
mod image;
mod job;
mod job_schedule;
mod node;
mod node_user;
mod path;
mod pool;
mod pool_usage;
pub mod query;
pub mod range;
mod reply;
pub mod request_info;
mod router;
mod service_event;
pub mod storage;
mod task;
pub mod trace;

pub use router::{owns, routes};
