//! What happens by itself: tasks go to nodes, pools follow their targets, jobs end.
//!
//! One driver owns the world in memory (see `domain::placement`). It is woken by signals of operations, by what agents say
//! and by a slow tick; each time it takes everything that waits, saves what it means in one transaction, plans, saves the
//! plan, and tells the nodes. Every step is level-triggered: it looks at what is, so a lost signal only costs a tick. When
//! anything fails, the world is built again from the store.

mod clean_ups;
mod connect;
mod contradictions;
mod dependencies;
mod driver;
mod early_starts;
mod evaluate_autoscale;
mod forwarder;
mod gangs;
pub mod hub;
mod job_nodes;
mod jobs;
mod known;
mod let_in;
mod load;
pub mod local_provider;
mod node_orders;
mod nodes;
mod place_tasks;
mod pools;
mod preparation;
pub mod provider;
mod releases;
mod remote;
mod retention;
mod run_schedules;
mod sample_nodes;
mod sample_pools;
mod settings;
mod spans;
mod task_reports;
mod tick;

pub use connect::routes;
pub use driver::{Beat, Driver, Inputs, Settings};
