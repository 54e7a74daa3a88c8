//! Why a transfer failed, in Batch's codes. Addresses are named without their queries, which may be signatures.

use std::io;
use std::time::Duration;

use super::http::HttpError;
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

pub fn took_too_long(is_upload: bool, limit: Duration) -> TaskFailureInformation {
    let hours = limit.as_secs() / 3600;
    match is_upload {
        true => {
            failure("FileUploadMiscError", format!("Uploading the output files took longer than {hours} hours."), &[])
        }
        false => failure(
            "ResourceDownloadTimedOut",
            format!("Downloading the resource files took longer than {hours} hours."),
            &[],
        ),
    }
}

/// The process was killed or could not work.
pub fn ended_early(is_upload: bool, exit: i32) -> TaskFailureInformation {
    let (code, what) = codes(is_upload);
    failure(code, format!("The process that {what} ended early (exit code {exit})."), &[])
}

/// The process could not be started.
pub fn not_started(is_upload: bool, reason: &str) -> TaskFailureInformation {
    let (code, what) = codes(is_upload);
    failure(code, format!("The process that {what} could not be started: {reason}."), &[])
}

fn codes(is_upload: bool) -> (&'static str, &'static str) {
    match is_upload {
        true => ("FileUploadMiscError", "uploads the output files"),
        false => ("BlobDownloadMiscError", "downloads the resource files"),
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
        return failure("DiskFull", format!("The node's disk is full: {path} was not written."), &[("FilePath", path)]);
    }
    failure(code, format!("{path} could not be written: {error}."), &[("FilePath", path)])
}
