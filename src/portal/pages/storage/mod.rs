//! The installation's storage: its accounts and their keys, containers, and the blobs in them.

mod account;
mod blob;
mod bucket;
mod container;
mod keys;
mod link_form;
mod link_panel;
mod list;
mod place;
mod share;
mod upload;

pub use account::StorageAccountPage;
pub use blob::BlobPage;
pub use container::ContainerPage;
pub use list::StorageListPage;
