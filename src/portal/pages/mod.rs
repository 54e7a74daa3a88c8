//! The pages, a folder a resource.

pub mod account;
pub mod activity;
pub mod file;
pub mod home;
pub mod job;
pub mod job_schedule;
mod json_view;
pub mod key;
pub mod node;
mod pairs_editor;
mod path_tabs;
pub mod place;
pub mod pool;
pub mod quota;
pub mod reference;
mod refusal;
mod route_ids;
pub mod set_up;
pub mod settings;
pub mod sign_in;
pub mod storage;
pub mod task;
pub mod token;
mod transfers;
mod typed;
pub mod user;
mod waiting;
