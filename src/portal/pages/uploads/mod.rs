//! A file goes up block by block, and becomes a blob or an application package when all are there: what breaks off half-way
//! leaves nothing to see.

mod row;

use leptos::prelude::*;

pub use row::UploadRow;

use crate::api::{self, BlobCommit, Code};
use crate::domain::ids::AccountName;
use crate::portal::pages::file::FileRef;
use crate::portal::paths;
use crate::server_fns::{application_package_commit, blob_commit};

/// Small enough for the server's limit on bodies of the portal, and to see that it goes on.
const BLOCK_BYTES: u64 = 2 << 20;
/// So often a block is sent before the file is given up.
const TRIES: u32 = 3;

#[derive(Clone, Debug, PartialEq)]
pub enum UploadState {
    Waiting,
    Sending,
    Done,
    Failed(api::Error),
}

/// What a file becomes.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Blob {
        storage: String,
        container: String,
        name: String,
        /// Of a blob of this name, if there is one.
        replace: bool,
    },
    Package {
        account: AccountName,
        application: String,
        version: String,
    },
}

impl Target {
    /// Where blocks are put.
    fn url(&self) -> String {
        match self {
            Target::Blob { storage, container, name, .. } => {
                let (storage, container, name) = (storage.clone(), container.clone(), name.clone());
                FileRef::Blob { storage, container, name }.download_url()
            }
            Target::Package { account, application, version } => paths::package_blocks(account, application, version),
        }
    }

    /// Makes it of its blocks.
    async fn commit(self, blocks: Vec<String>, content_type: Option<String>) -> Result<(), api::Error> {
        match self {
            Target::Blob { storage, container, name, replace } => {
                let commit = BlobCommit { name, blocks, content_type, replace };
                blob_commit(storage, container, commit).await.map(drop)
            }
            Target::Package { account, application, version } => {
                application_package_commit(account, application, version, blocks).await.map(drop)
            }
        }
    }
}

#[derive(Clone)]
pub struct Upload {
    /// Digits of its own, in the ids of its blocks too: two uploads to one name do not mix.
    pub id: u32,
    pub name: String,
    pub size: u64,
    pub sent: RwSignal<u64>,
    pub state: RwSignal<UploadState>,
    target: Target,
    file: StoredValue<web_sys::File, LocalStorage>,
}

impl Upload {
    pub fn new(file: web_sys::File, name: String, target: Target) -> Upload {
        Upload {
            id: (js_sys::Math::random() * f64::from(u32::MAX)) as u32,
            name,
            size: file.size() as u64,
            sent: RwSignal::new(0),
            state: RwSignal::new(UploadState::Waiting),
            target,
            file: StoredValue::new_local(file),
        }
    }
}

/// The first that waits.
pub fn next(all: &[Upload]) -> Option<Upload> {
    all.iter().find(|upload| upload.state.get_untracked() == UploadState::Waiting).cloned()
}

pub async fn send(upload: Upload) -> Result<(), api::Error> {
    upload.state.try_set(UploadState::Sending);
    let url = upload.target.url();
    let mut blocks = Vec::new();
    let mut start = 0;
    while start < upload.size {
        let end = (start + BLOCK_BYTES).min(upload.size);
        let id = block_id(upload.id, blocks.len());
        put_block(&upload, &format!("{url}?block={id}"), start, end).await?;
        blocks.push(id);
        start = end;
        upload.sent.try_set(end);
    }
    let content_type = upload.file.try_with_value(|file| file.type_()).filter(|kind| !kind.is_empty());
    upload.target.commit(blocks, content_type).await
}

async fn put_block(upload: &Upload, url: &str, start: u64, end: u64) -> Result<(), api::Error> {
    let mut outcome = Err(Code::ServerBusy.into());
    for _ in 0..TRIES {
        outcome = try_put_block(upload, url, start, end).await;
        match &outcome {
            Err(error) if error.code == Code::ServerBusy => gloo_timers::future::TimeoutFuture::new(1000).await,
            _ => break,
        }
    }
    outcome
}

async fn try_put_block(upload: &Upload, url: &str, start: u64, end: u64) -> Result<(), api::Error> {
    let failed = |error: gloo_net::Error| api::Error::new(Code::ServerBusy).with("Reason", error.to_string());
    let slice = upload.file.try_with_value(|file| file.slice_with_f64_and_f64(start as f64, end as f64));
    let Some(Ok(slice)) = slice else { return Err(Code::OperationTimedOut.into()) };
    let request = gloo_net::http::Request::put(url).header("Content-Type", "application/octet-stream").body(slice);
    let answer = request.map_err(failed)?.send().await.map_err(failed)?;
    if answer.ok() {
        return Ok(());
    }
    let text = answer.text().await.map_err(failed)?;
    Err(serde_json::from_str(&text).unwrap_or_else(|_| Code::InternalError.into()))
}

/// Sixteen hexadecimal digits and so, as it happens, base64: the same length for all.
fn block_id(upload: u32, index: usize) -> String {
    format!("{upload:08x}{index:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_blocks_are_of_one_length_and_in_base64() {
        for (upload, index) in [(0, 0), (u32::MAX, 49_999)] {
            let id = block_id(upload, index);
            assert_eq!((id.len(), id.len() % 4), (16, 0));
        }
        assert_ne!(block_id(1, 2), block_id(2, 1));
    }
}
