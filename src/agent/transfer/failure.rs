//! Why a transfer failed, in Batch's codes. Addresses are named without their queries, which may be signatures.

use std::io;
use std::time::Duration;

use super::Kind;
use super::http::HttpError;
use super::images::INVALID_IMAGE;
use crate::agent::node_core::DISK_FULL;
use crate::agent::{mounts, packages};
use crate::api::agent::Package;
use crate::api::{ErrorCategory, NameValuePair, TaskFailureInformation};

pub type Result<T> = std::result::Result<T, TaskFailureInformation>;

pub fn failure(code: &str, message: String, details: &[(&str, &str)]) -> TaskFailureInformation {
    let pair = |(name, value): &(&str, &str)| NameValuePair {
        name: Some((*name).to_owned()),
        value: Some((*value).to_owned()),
    };
    TaskFailureInformation {
        category: ErrorCategory::UserError,
        code: code.to_owned(),
        message: Some(message),
        details: details.iter().map(pair).collect(),
    }
}

pub fn took_too_long(kind: Kind, limit: Duration) -> TaskFailureInformation {
    let hours = limit.as_secs() / 3600;
    let (code, what) = match kind {
        Kind::Upload => ("FileUploadMiscError", "Uploading the output files"),
        Kind::Download => ("ResourceDownloadTimedOut", "Downloading the resource files"),
        Kind::Deploy => (packages::ERROR, "Deploying the application packages"),
        Kind::Image => (INVALID_IMAGE, "Bringing container images to the node"),
        Kind::Mount => (mounts::ERROR, "Mounting the file systems"),
    };
    failure(code, format!("{what} took longer than {hours} hours."), &[])
}

/// A package could not be deployed.
pub fn of_package(package: &Package, reason: &str) -> TaskFailureInformation {
    let (application, version) = (package.application.as_str(), package.version.as_str());
    let message = format!("The application package {application} {version} could not be deployed. {reason}");
    failure(packages::ERROR, message, &[("ApplicationId", application), ("Version", version)])
}

/// The same, for want of room: it is tried again when there is some.
pub fn no_room_for_package(package: &Package) -> TaskFailureInformation {
    let (application, version) = (package.application.as_str(), package.version.as_str());
    let message =
        format!("The application package {application} {version} could not be deployed. The node's disk is full.");
    failure(DISK_FULL, message, &[("ApplicationId", application), ("Version", version)])
}

/// Mounting would reach all of the machine.
pub fn mounts_need_root() -> TaskFailureInformation {
    let message = "File systems are mounted only where the agent is root and may have a mount namespace of its own.";
    failure(mounts::ERROR, message.to_owned(), &[])
}

/// What it serves can no longer be read or written.
pub fn mount_server_ended() -> TaskFailureInformation {
    failure(mounts::ERROR, "A program that serves a file system of the pool has ended.".to_owned(), &[])
}

/// The process was killed or could not work.
pub fn ended_early(kind: Kind, exit: i32) -> TaskFailureInformation {
    let (code, what) = codes(kind);
    failure(code, format!("The process that {what} ended early (exit code {exit})."), &[])
}

/// The process could not be started.
pub fn not_started(kind: Kind, reason: &str) -> TaskFailureInformation {
    let (code, what) = codes(kind);
    failure(code, format!("The process that {what} could not be started: {reason}."), &[])
}

fn codes(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Upload => ("FileUploadMiscError", "uploads the output files"),
        Kind::Download => ("BlobDownloadMiscError", "downloads the resource files"),
        Kind::Deploy => (packages::ERROR, "deploys the application packages"),
        Kind::Image => (INVALID_IMAGE, "brings container images to the node"),
        Kind::Mount => (mounts::ERROR, "mounts the file systems"),
    }
}

/// A download from `url` for `path` (empty for the list of a container) failed.
pub fn of_download(error: &HttpError, url: &str, path: &str) -> TaskFailureInformation {
    let (code, what) = match error {
        HttpError::Status(404 | 410) => ("BlobNotFound", "The file is not there"),
        HttpError::Status(401 | 403 | 409) => ("BlobAccessDenied", "The server does not let the file be read"),
        HttpError::Forbidden(_) => ("BlobAccessDenied", "The operator of this node does not allow this address"),
        HttpError::TimedOut(_) => ("BlobDownloadTimedOut", "The server took too long"),
        _ => ("BlobDownloadMiscError", "The file could not be downloaded"),
    };
    let details = [("FilePath", path), ("BlobSource", crate::domain::storage::without_query(url))];
    failure(code, format!("{what}: {error}."), &details)
}

pub fn of_upload(error: &HttpError, container: &str, path: &str) -> TaskFailureInformation {
    let (code, what) = match error {
        HttpError::Status(404) => ("FileUploadContainerNotFound", "The container is not there"),
        HttpError::Status(401 | 403) => ("FileUploadAccessDenied", "The server does not let the container be written"),
        HttpError::Forbidden(_) => ("FileUploadAccessDenied", "The operator of this node does not allow this address"),
        _ => ("FileUploadMiscError", "The file could not be uploaded"),
    };
    let details = [("FilePath", path), ("ContainerUrl", crate::domain::storage::without_query(container))];
    failure(code, format!("{what}: {error}."), &details)
}

/// A downloaded file could not be put where it belongs; `code` is that of the step.
pub fn of_disk(code: &str, error: &io::Error, path: &str) -> TaskFailureInformation {
    if error.kind() == io::ErrorKind::StorageFull {
        return failure(DISK_FULL, format!("The node's disk is full: {path} was not written."), &[("FilePath", path)]);
    }
    failure(code, format!("{path} could not be written: {error}."), &[("FilePath", path)])
}
