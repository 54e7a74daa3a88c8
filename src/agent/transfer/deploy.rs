//! Application packages: each is downloaded and unpacked in the working directory, as `0`, `1`, … in their order. What is
//! unpacked is put where tasks find it by [`super::install`].

use std::fs::{self, File};
use std::path::Path;

use super::download;
use super::failure::{self, Result};
use super::http::Client;
use super::unpack::{Limits, unpack};
use crate::api::agent::Package;

/// Where a package is unpacked, relative to the working directory.
pub fn folder(index: usize) -> String {
    index.to_string()
}

pub async fn all(client: &Client, packages: &[Package]) -> Result<()> {
    for (index, package) in packages.iter().enumerate() {
        let archive = format!("{index}.zip");
        let got = download::one(client, &package.url.0, &archive, 0o600).await;
        got.map_err(|error| failure::of_package(package, error.message.as_deref().unwrap_or(&error.code)))?;
        let opened = File::open(&archive).map_err(|error| failure::of_package(package, &error.to_string()))?;
        unpack(opened, Path::new(&folder(index)), Limits::USUAL)
            .map_err(|reason| failure::of_package(package, &format!("The package cannot be used: {reason}.")))?;
        let _ = fs::remove_file(&archive);
    }
    Ok(())
}
