//! The rules, without I/O, for both targets: which change is legal, what follows from it, what it costs.
//! No async, clock, randomness, SQL or environment: time and ids are arguments.

pub mod account;
pub mod activity;
pub mod application;
pub mod auto_scale;
pub mod certificate;
pub mod check;
pub mod condition;
pub mod dependency;
pub mod endpoint;
pub mod exit;
pub mod file_pattern;
pub mod ids;
pub mod job;
pub mod job_manager;
pub mod job_node;
pub mod job_rules;
pub mod job_schedule;
pub mod kept;
pub mod multi_instance;
pub mod node;
pub mod odata;
pub mod permission;
pub mod placement;
pub mod pool;
pub mod preemption;
pub mod quota;
pub mod retention;
pub mod scope;
pub mod steady;
pub mod storage;
pub mod storage_access;
pub mod task;
pub mod usage;
pub mod vm_size;
pub mod waiting;
