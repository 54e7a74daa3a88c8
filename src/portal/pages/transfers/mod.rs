//! Files that come to a node before a command and leave it afterwards: edited in the forms of tasks and pools, shown on their
//! pages. Containers and blobs of the installation's storage can be picked, which makes a signed URL.

mod output_editor;
mod output_rows;
mod picker;
mod shown;
mod source_editor;
mod source_rows;

pub use output_editor::OutputEditor;
pub use output_rows::{OutputRow, output_files, output_rows};
pub use shown::{OutputFiles, ResourceFiles};
pub use source_editor::SourceEditor;
pub use source_rows::{SourceRow, resource_files, source_rows};
