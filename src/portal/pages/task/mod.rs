//! Tasks.

mod add;
mod batch_run;
mod bulk;
mod edit_panel;
mod ends;
mod ends_shown;
mod exit_editor;
mod failure;
mod files_tab;
mod list_tab;
mod overview;
mod page;
mod subtasks_tab;
mod task_commands;
mod task_fields;
mod task_form;
mod task_state;
mod template;

pub use add::TaskAddPage;
pub use failure::TaskFailure;
pub use list_tab::TaskListTab;
pub use page::TaskPage;
pub use task_state::{TaskStateBadge, look as task_look};
