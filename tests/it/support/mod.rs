//! What tests share.

pub mod program;
pub mod rest;
pub mod server;
pub mod world;
