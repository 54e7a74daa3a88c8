//! Resource files: each is written beside its place and moved there when it is whole.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::blob;
use super::failure::{self, Result};
use super::http::{Client, HttpError, next_piece};
use crate::agent::files::is_escape;
use crate::agent::sample::DISK_FULL_BYTES;
use crate::api::{ResourceFile, TaskFailureInformation};

/// Unless a resource file says otherwise. Source: ResourceFile, fileMode, 2024-07-01.20.0.
const USUAL_MODE: u32 = 0o770;

/// The free space is looked at each time so much was written, and must be enough for as much again.
pub(super) const LOOK_AFTER: u64 = 4 << 20;

/// Downloads below the working directory, in order; ends at the first failure.
pub async fn all(client: &Client, files: &[ResourceFile]) -> Result<()> {
    for file in files {
        let mode = file.file_mode.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok()).unwrap_or(USUAL_MODE);
        let path = file.file_path.as_deref().unwrap_or_default();
        if let Some(name) = &file.auto_storage_container_name {
            let message =
                format!("No storage account is linked to the account any more: there is no container {name}.");
            return Err(failure::failure("BlobAccessDenied", message, &[("FilePath", path)]));
        }
        if let Some(url) = &file.http_url {
            one(client, url, path, mode).await?;
        }
        if let Some(container) = &file.storage_container_url {
            let prefix = file.blob_prefix.as_deref().unwrap_or_default();
            let names = blob::list(client, container, prefix).await;
            for name in names.map_err(|error| failure::of_download(&error, container, path))? {
                let path =
                    if path.is_empty() { name.clone() } else { format!("{}/{name}", path.trim_end_matches('/')) };
                one(client, &blob::url_of(container, &name), &path, mode).await?;
            }
        }
    }
    Ok(())
}

/// A download failed on one of its two ends.
enum Broken {
    Network(HttpError),
    Disk(TaskFailureInformation),
}

pub(super) async fn one(client: &Client, url: &str, path: &str, mode: u32) -> Result<()> {
    // A container's list says what its writers please.
    if path.is_empty() || is_escape(path) {
        return Err(failure::of_disk("ResourceFileCreateFailed", &io::Error::other("it is outside of wd"), path));
    }
    if let Some(folder) = Path::new(path).parent() {
        let made = DirBuilder::new().recursive(true).mode(0o770).create(folder);
        made.map_err(|error| failure::of_disk("ResourceDirectoryCreateFailed", &error, path))?;
    }
    let draft = format!("{path}.{}.part", std::process::id());
    let mut on_disk = None;
    let outcome = client
        .with_retries(async || match write_to(client, url, path, &draft).await {
            Ok(()) => Ok(()),
            Err(Broken::Network(error)) => Err(error),
            Err(Broken::Disk(failure)) => {
                on_disk = Some(failure);
                Ok(())
            }
        })
        .await;
    let outcome = match on_disk {
        Some(failure) => Err(failure),
        None => outcome.map_err(|error| failure::of_download(&error, url, path)),
    };
    let outcome = outcome.and_then(|()| {
        fs::set_permissions(&draft, Permissions::from_mode(mode))
            .and_then(|()| fs::rename(&draft, path))
            .map_err(|error| failure::of_disk("ResourceFileCreateFailed", &error, path))
    });
    if outcome.is_err() {
        let _ = fs::remove_file(&draft);
    }
    outcome
}

async fn write_to(client: &Client, url: &str, path: &str, draft: &str) -> std::result::Result<(), Broken> {
    let mut response = client.get(url, &HeaderMap::new()).await.map_err(Broken::Network)?;
    let length = response.headers().get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse::<u64>().ok());
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft);
    let broken = |code| move |error: io::Error| Broken::Disk(failure::of_disk(code, &error, path));
    let mut file = file.map_err(broken("ResourceFileCreateFailed"))?;
    let write_failed = broken("ResourceFileWriteFailed");
    keep_room(&file, length.unwrap_or(0)).map_err(&write_failed)?;
    let (mut written, mut looked_at, mut md5) = (0, 0, Md5::new());
    while let Some(piece) = next_piece(response.body_mut()).await.map_err(Broken::Network)? {
        file.write_all(&piece).map_err(&write_failed)?;
        md5.update(&piece);
        written += piece.len() as u64;
        if written - looked_at >= LOOK_AFTER {
            looked_at = written;
            keep_room(&file, LOOK_AFTER).map_err(&write_failed)?;
        }
    }
    if let Some(length) = length.filter(|length| *length != written) {
        let reason = format!("the server sent {written} bytes of {length}");
        return Err(Broken::Network(HttpError::Failed(reason)));
    }
    if sum_of(response.headers()).is_some_and(|sum| sum[..] != md5.finalize()[..]) {
        let reason = "the file's MD5 is not the one that the server says";
        return Err(Broken::Network(HttpError::Failed(reason.into())));
    }
    Ok(())
}

/// The checksum of a whole answer, where the server knows one. Chosen here: what does not fit it is not taken, as AzCopy does.
fn sum_of(headers: &HeaderMap) -> Option<[u8; 16]> {
    STANDARD.decode(headers.get("content-md5")?).ok()?.try_into().ok()
}

/// A body without end must not fill the disk of everybody else.
pub(super) fn keep_room(file: &File, more: u64) -> io::Result<()> {
    let disk = rustix::fs::fstatvfs(file)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < DISK_FULL_BYTES.saturating_add(more) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
}
