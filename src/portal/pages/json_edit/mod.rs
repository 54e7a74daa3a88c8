//! Something that is there, changed as the JSON that REST gives of it. Before anything is sent the form says what will be done,
//! and which properties cannot become what the text says.

mod form;
mod tab;
mod words;

pub use self::form::{Editing, JsonEdit};
pub use self::tab::JsonTab;
pub use self::words::{of_job, of_job_schedule, of_pool};
