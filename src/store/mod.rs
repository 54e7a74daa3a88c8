//! State on disk: SQL only, a file a resource, nothing decided. Functions take a connection and are batch-first; reads
//! go to a pool of readers, writes to the one writer of [`Store::write`].

pub mod access_token;
pub mod account;
pub mod activity;
pub mod application;
pub mod application_package;
pub mod blob;
pub mod certificate;
pub mod changes;
pub mod convert;
pub mod db;
pub mod dependency;
pub mod dependent_failure;
pub mod doctor;
pub mod endpoint;
pub mod filter;
pub mod job;
pub mod job_node;
pub mod job_schedule;
pub mod kept;
pub mod key;
pub mod listing;
pub mod meta;
pub mod metrics;
mod migrate;
pub mod network_access;
pub mod node;
pub mod node_sample;
pub mod node_user;
pub mod password_link;
pub mod pool;
pub mod pool_minute;
pub mod pool_sample;
pub mod pool_usage;
pub mod resource_group;
pub mod retention;
pub mod role_assignment;
pub mod service_event;
pub mod session;
pub mod storage;
pub mod subtask;
pub mod task;
pub mod task_cache;
pub mod user;
pub mod web_hook;

pub use db::{Conn, Error, Result, Store, Write};
