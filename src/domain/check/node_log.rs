//! Uploads of nodes' logs.

use super::Check;
use super::files::url;
use crate::api::{Error, NodeUploadLogs};

pub fn node_upload_logs(upload: &NodeUploadLogs) -> Check {
    url("containerUrl", &upload.container_url)?;
    match upload.end_time {
        Some(end) if end < upload.start_time => {
            Err(Error::invalid_property("endTime", end.to_string(), "not before startTime"))
        }
        _ => Ok(()),
    }
}
