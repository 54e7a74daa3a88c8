//! Wiring: settings, state, routes, the portal's files, telemetry, shutdown, and the real clock and chance.
//! No rule of Batch lives here.

mod activity_export;
mod address_config;
pub mod admin;
mod admin_socket;
mod arguments;
mod blobs;
pub mod clock;
pub mod config;
mod container_config;
mod csrf;
pub mod data_dir;
mod download;
mod events;
mod file_config;
mod files;
mod headers;
mod hosts;
mod housekeeping;
pub mod ids;
mod keep_config;
mod list_export;
mod listen;
mod log_format;
mod metrics;
mod offline;
pub mod oidc;
mod oidc_config;
mod otlp;
pub mod otlp_config;
mod proxies;
mod remote_config;
pub mod request;
mod router;
mod server_functions;
mod service_event_export;
mod shutdown;
mod start;
pub mod telemetry;
mod tls;
mod web_hooks;

pub use files::Portal;
pub use offline::NoNodes;
pub use start::{Options, Server};
