//! Pools.

mod auto_scale_form;
mod auto_scale_panel;
mod auto_scale_run;
mod auto_scale_section;
mod create;
mod create_json;
mod create_sizing;
mod formula;
mod formula_editor;
mod graphs;
mod list;
mod network;
mod overview;
mod page;
mod pool_commands;
mod pool_form;
pub mod pool_state;
mod properties;
mod remedy;
mod resize_form;
mod resize_panel;

pub use create::{
    PoolCreatePage, PoolNodes, PoolPackages, PoolSettingsReview, PoolStart, Surroundings, first_form, use_surroundings,
};
pub use graphs::PoolCharts;
pub use list::PoolListPage;
pub use overview::PoolOverviewTab;
pub use page::{PoolContext, PoolPage, concerns};
pub use pool_form::{PoolFields, PoolForm};
pub use properties::PoolPropertiesTab;
