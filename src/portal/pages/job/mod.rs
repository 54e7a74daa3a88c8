//! Jobs.

mod create;
mod create_json;
mod edit_form;
mod edit_panel;
mod job_commands;
mod job_counts;
mod job_form;
mod job_panels;
pub mod job_state;
mod list;
mod overview;
mod page;
mod place;
mod place_form;
mod preparation_tab;
mod properties;

pub use create::{
    JobCreatePage, JobEnvironment, JobLimits, JobManager, JobPreparation, JobReviewItems, JobRules, hint,
};
pub use job_form::{JobFields, JobForm, is_said};
pub use list::{JobListPage, JobTable};
pub use overview::JobOverviewTab;
pub use page::{JobContext, JobPage, concerns};
pub use place::{JobPlace, JobPriority, KnownPool, PLACE_FIELDS, Place, lifetime};
pub use place_form::as_named_here;
pub use preparation_tab::JobPreparationTab;
pub use properties::JobPropertiesTab;
