//! The log: one line an event, to standard error, as text or JSON.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use super::config::LogFormat;

/// Starts logging, for the whole process. A bare level is ours; the libraries below then tell their warnings.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let is_level = filter.parse::<tracing::level_filters::LevelFilter>().is_ok();
    let filter = if is_level { format!("warn,fournil={filter}") } else { filter.to_owned() };
    let filter = EnvFilter::try_new(&filter).with_context(|| format!("{filter:?} is no log level or filter"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|e| anyhow::anyhow!(e)).context("logging was started twice")
}
