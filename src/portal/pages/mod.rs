//! The pages, a folder a resource.

pub mod account;
pub mod home;
pub mod key;
pub mod set_up;
pub mod settings;
pub mod sign_in;
