//! Pools.

mod overview;
mod page;
mod pool_commands;
mod pool_form;
mod pool_state;
mod remedy;
mod resize_form;
mod resize_panel;

pub use overview::PoolOverviewTab;
pub use page::{PoolContext, PoolPage, PoolPropertiesTab};
