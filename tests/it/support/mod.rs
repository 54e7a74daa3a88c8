//! What tests share.

pub mod rest;
pub mod world;
