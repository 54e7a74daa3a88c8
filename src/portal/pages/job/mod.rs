//! Jobs.

mod job_form;
pub mod job_state;
