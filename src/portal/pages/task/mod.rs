//! Tasks.

mod failure;
mod task_form;
mod task_state;
mod template;
mod waiting;

pub use failure::TaskFailure;
pub use task_state::{TaskStateBadge, look as task_look};
