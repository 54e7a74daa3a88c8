//! What tests share.

pub mod rest;
pub mod program;
pub mod server;
pub mod world;
