//! What tests share.

pub mod arm;
pub mod connector;
pub mod containers;
pub mod fault_proxy;
pub mod open_ssh;
pub mod people;
pub mod program;
pub mod provider;
pub mod real_server;
pub mod rest;
pub mod server;
pub mod span_collector;
pub mod world;
