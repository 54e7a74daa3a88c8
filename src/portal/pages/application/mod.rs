//! Applications of an account and their versions, and the references to them in the forms of pools and tasks.

mod commands;
mod create;
mod edit_panel;
mod form;
mod list;
mod page;
mod reference_editor;
mod reference_rows;
mod references_shown;
mod upload_panel;
mod version_commands;
mod versions;

pub use create::ApplicationCreatePage;
pub use list::ApplicationListPage;
pub use page::ApplicationPage;
pub use reference_editor::ReferenceEditor;
pub use reference_rows::{ReferenceRow, reference_rows, references};
pub use references_shown::References;
