//! Compute nodes.

mod connect;
mod connect_form;
mod files;
mod heat_map;
mod heat_map_layout;
mod limits;
mod node_commands;
mod node_option;
pub mod node_state;
mod nodes_tab;
mod page;
mod usage;

pub use files::{NodeFilePage, NodeFilesPage};
pub use nodes_tab::NodesTab;
pub use page::NodePage;
