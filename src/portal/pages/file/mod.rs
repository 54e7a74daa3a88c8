//! Files of tasks and nodes, and blobs: the log viewer, other views, and the page of one file of a task.

mod ansi;
mod file_ref;
mod hex;
mod json_layout;
mod log_buffer;
mod log_reader;
mod log_row;
mod log_rows;
mod log_search;
mod log_toolbar;
mod log_viewer;
mod page;
mod table;
mod view;

pub use file_ref::FileRef;
pub use log_viewer::LogViewer;
pub use page::FilePage;
pub use table::{Download, FileRow, FileTable, FileTableFrame, FileTableRow, Target};
pub use view::FileView;
