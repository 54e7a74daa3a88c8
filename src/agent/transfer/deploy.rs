//! Application packages: each is downloaded and unpacked in the working directory, as `0`, `1`, … in their order. What is
//! unpacked is put where tasks find it by [`super::install`].

use std::fs::{self, File};
use std::path::Path;

use super::download::{self, LOOK_AFTER, keep_room};
use super::failure::{self, Result};
use super::http::Client;
use super::unpack::{Limits, unpack};
use crate::agent::node_core::DISK_FULL;
use crate::api::agent::Package;

/// Where a package is unpacked, relative to the working directory.
pub fn folder(index: usize) -> String {
    index.to_string()
}

fn archive(index: usize) -> String {
    format!("{index}.zip")
}

/// Why a package is not there.
struct Broken {
    reason: String,
    is_full: bool,
}

pub async fn all(client: &Client, packages: &[Package]) -> Result<()> {
    for (index, package) in packages.iter().enumerate() {
        if let Err(broken) = one(client, index, package).await {
            // At once: others need the room.
            (0..=index).for_each(take_away);
            return Err(match broken.is_full {
                true => failure::no_room_for_package(package),
                false => failure::of_package(package, &broken.reason),
            });
        }
    }
    Ok(())
}

async fn one(client: &Client, index: usize, package: &Package) -> std::result::Result<(), Broken> {
    let archive = archive(index);
    let got = download::one(client, &package.url.0, &archive, 0o600).await;
    got.map_err(|error| Broken { is_full: error.code == DISK_FULL, reason: error.message.unwrap_or(error.code) })?;
    let opened = File::open(&archive).map_err(|error| Broken { reason: error.to_string(), is_full: false })?;
    unpack(opened, Path::new(&folder(index)), Limits::USUAL).map_err(|reason| Broken {
        reason: format!("The package cannot be used: {reason}."),
        is_full: has_no_room(),
    })?;
    let _ = fs::remove_file(&archive);
    Ok(())
}

fn take_away(index: usize) {
    let _ = fs::remove_file(archive(index));
    let _ = fs::remove_dir_all(folder(index));
}

/// Whichever step of unpacking it was that met it.
fn has_no_room() -> bool {
    File::open(".").and_then(|here| keep_room(&here, LOOK_AFTER)).is_err()
}
