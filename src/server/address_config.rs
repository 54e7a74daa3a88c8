//! Ranges of addresses among the settings.

use anyhow::Context;

use crate::api::AddressRange;

/// Link-local addresses, and others where clouds answer their own machines: with those machines' secrets, too. Not loopback:
/// the built-in storage is there.
const METADATA_ADDRESSES: [&str; 5] =
    ["169.254.0.0/16", "fe80::/10", "168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::254/128"];

/// Where no files are exchanged with: what is said, else the usual.
pub fn forbidden(said: Option<Vec<String>>) -> anyhow::Result<Vec<AddressRange>> {
    let said = said.unwrap_or_else(|| METADATA_ADDRESSES.iter().map(ToString::to_string).collect());
    ranges(said, "forbid-download-to")
}

/// An empty text is none, so that a variable can take a list away.
pub fn ranges(said: Vec<String>, setting: &str) -> anyhow::Result<Vec<AddressRange>> {
    let said = said.iter().filter(|range| !range.is_empty());
    said.map(|range| range.parse().with_context(|| format!("{range:?} ({setting})"))).collect()
}
