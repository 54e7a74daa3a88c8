//! Job schedules.

mod create;
mod edit_panel;
mod jobs_tab;
mod list;
mod overview;
mod page;
mod parts;
mod properties;
mod schedule_commands;
mod schedule_form;
mod schedule_state;

pub use create::JobScheduleCreatePage;
pub use jobs_tab::JobScheduleJobsTab;
pub use list::JobScheduleListPage;
pub use overview::JobScheduleOverviewTab;
pub use page::JobSchedulePage;
pub use properties::JobSchedulePropertiesTab;
