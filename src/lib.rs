//! Fournil: a self-hosted batch service that speaks Azure Batch's REST API, and its web portal.
//! The modules in reading order; who may use whom is said in ARCHITECTURE.md and checked by `tests/it/tidy.rs`.

pub mod api;
pub mod autoscale;
pub mod domain;

pub mod server_fns;

#[cfg(feature = "ssr")]
pub mod agent;
#[cfg(feature = "ssr")]
pub mod arm;
#[cfg(feature = "ssr")]
pub mod auth;
#[cfg(feature = "ssr")]
pub mod blob;
#[cfg(feature = "ssr")]
pub mod rest;
#[cfg(feature = "ssr")]
pub mod scheduler;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod trace;

#[cfg(feature = "csr")]
pub mod portal;
