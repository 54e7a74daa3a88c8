//! The portal's face: Leptos server functions, a file a resource. Each finds the caller, calls one `service` function of
//! the same name and answers with REST's own shapes and errors. No rule lives here.

pub mod account;
pub mod activity;
pub mod application;
pub mod external;
pub mod file;
pub mod job;
pub mod job_schedule;
pub mod key;
pub mod node;
mod node_user;
pub mod place;
pub mod pool;
pub mod reference;
pub mod role_assignment;
pub mod service_event;
pub mod session;
pub mod storage;
pub mod task;
pub mod token;
pub mod user;
pub mod web_hook;

pub use account::*;
pub use activity::*;
pub use application::*;
pub use external::*;
pub use file::*;
pub use job::*;
pub use job_schedule::*;
pub use key::*;
pub use node::*;
pub use node_user::*;
pub use place::*;
pub use pool::*;
pub use reference::*;
pub use role_assignment::*;
pub use service_event::*;
pub use session::*;
pub use storage::*;
pub use task::*;
pub use token::*;
pub use user::*;
pub use web_hook::*;
