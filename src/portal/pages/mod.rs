//! The pages, a folder a resource.

pub mod home;
pub mod set_up;
pub mod settings;
pub mod sign_in;
