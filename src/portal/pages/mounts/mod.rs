//! File systems that a pool's nodes mount: in its form and on its page.

mod editor;
mod rows;
mod shown;

pub use editor::MountEditor;
pub use rows::{MountRow, mounts};
pub use shown::Mounts;
