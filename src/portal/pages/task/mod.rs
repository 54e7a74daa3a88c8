//! Tasks.

mod task_form;
mod task_state;
mod template;
mod waiting;
