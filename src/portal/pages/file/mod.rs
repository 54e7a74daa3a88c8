//! Files of tasks: the log viewer and the page of one file.

mod ansi;
mod hex;
mod log_buffer;
mod log_reader;
mod log_row;
mod log_rows;
mod log_search;
mod log_toolbar;
mod log_viewer;
mod page;

pub use log_reader::FileRef;
pub use log_viewer::LogViewer;
pub use page::FilePage;
