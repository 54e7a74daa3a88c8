//! Compute nodes.

mod heat_map;
mod heat_map_layout;
pub mod node_state;

pub use heat_map::HeatMap;
