//! What the server keeps of the files of finished tasks when a node goes: copied from its agent, read like the node's own.

use std::io::SeekFrom;

use axum::body::Bytes;
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::{Context, Error, Result};
use crate::api::agent::{FileAsk, MAX_READ_BYTES};
use crate::api::{Code, Duration, KeptEntry, KeptPart, NodeFile, Timestamp};
use crate::domain::kept::{KeepOf, place_in_bundle, shown};
use crate::domain::task::directory;
use crate::store;
use crate::store::kept::{Candidate, KeptRow, NewKept};

/// Tasks of one node; those that ended last.
const MOST_TASKS: i64 = 10_000;
/// Tasks whose files are asked for at a time.
const AT_ONCE: usize = 8;
/// A bundle is closed when it has so many bytes, or so many tasks.
const BUNDLE_BYTES: usize = 8 << 20;
const BUNDLE_TASKS: usize = 500;

/// Copies what is to be kept of the node's finished tasks. A node that does not answer, or a disk that takes no more, ends it:
/// what was copied by then is kept.
pub async fn keep_files_of_node(cx: &Context, node_key: i64) {
    match try_keep(cx, node_key).await {
        Ok(0) => {}
        Ok(n_tasks) => tracing::info!(node.key = node_key, n_tasks, "logs of finished tasks are kept"),
        Err(error) => {
            tracing::warn!(node.key = node_key, error = &error as &dyn std::error::Error, "logs were not all kept");
        }
    }
}

async fn try_keep(cx: &Context, node_key: i64) -> Result<usize> {
    let keep = cx.installation.keep;
    if keep.is_nothing() {
        return Ok(0);
    }
    let mut conn = cx.store.read().await?;
    let tasks = store::kept::candidates(&mut conn, node_key, keep.of == KeepOf::Failed, MOST_TASKS).await?;
    drop(conn);
    let mut copies = stream::iter(tasks).map(|task| copy(cx, node_key, task)).buffered(AT_ONCE);
    let (mut bundle, mut n_tasks) = (Bundle::default(), 0);
    while let Some(copied) = copies.next().await {
        let copied = match copied {
            // The task's folder is not there any more; others may be.
            Err(error) if !matches!(error.public.code, Code::TaskFilesUnavailable) => continue,
            Err(error) => {
                bundle.close(cx).await?;
                return Err(error);
            }
            Ok(copied) => copied,
        };
        n_tasks += 1;
        bundle.take(copied);
        if bundle.bytes.len() >= BUNDLE_BYTES || bundle.tasks.len() >= BUNDLE_TASKS {
            std::mem::take(&mut bundle).close(cx).await?;
        }
    }
    bundle.close(cx).await?;
    Ok(n_tasks)
}

/// A task's entries, each with its kept bytes.
type Copied = (Candidate, Vec<(NodeFile, Option<(u64, Vec<u8>)>)>);

async fn copy(cx: &Context, node_key: i64, task: Candidate) -> Result<Copied> {
    let keep = cx.installation.keep;
    let folder = directory(&task.job, &task.task);
    let (reply, _) = cx.files.ask(node_key, FileAsk::List { path: folder.clone(), recursive: true }).await?;
    if let Some(code) = reply.error {
        return Err(code.into());
    }
    let mut entries = Vec::new();
    for file in keep.entries(reply.files) {
        let bytes = match keep.part(&file) {
            Some(part) => {
                let path = format!("{folder}/{}", file.name);
                Some((part.start, read_part(cx, node_key, &path, part).await?))
            }
            None => None,
        };
        entries.push((file, bytes));
    }
    Ok((task, entries))
}

async fn read_part(cx: &Context, node_key: i64, path: &str, part: std::ops::Range<u64>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while part.start + (bytes.len() as u64) < part.end {
        let offset = part.start + bytes.len() as u64;
        let length = (part.end - offset).min(MAX_READ_BYTES);
        let (reply, more) = cx.files.ask(node_key, FileAsk::Read { path: path.to_owned(), offset, length }).await?;
        if reply.error.is_some() || more.is_empty() {
            // Gone or shorter than a moment ago.
            break;
        }
        bytes.extend(more);
    }
    Ok(bytes)
}

/// What is written together.
#[derive(Default)]
struct Bundle {
    bytes: Vec<u8>,
    tasks: Vec<NewKept>,
}

impl Bundle {
    fn take(&mut self, (task, files): Copied) {
        let mut entries = Vec::with_capacity(files.len());
        for (file, bytes) in files {
            let part = bytes.map(|(first, bytes)| {
                let part = KeptPart { offset: self.bytes.len() as u64, length: bytes.len() as u64, first };
                self.bytes.extend(bytes);
                part
            });
            entries.push(KeptEntry { file, part });
        }
        self.tasks.push(NewKept { task_key: task.task_key, attempt: task.attempt, entries });
    }

    async fn close(self, cx: &Context) -> Result<()> {
        if self.tasks.is_empty() {
            return Ok(());
        }
        let length = self.bytes.len() as u64;
        let file = (length > 0).then(|| cx.random.hex(16));
        if let Some(file) = &file {
            let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from(self.bytes))]);
            let written = cx.blobs.write(file, length, body).await;
            if let Err(error) = written {
                tracing::warn!(%error, "a kept copy cannot be written");
                return Err(Code::ServerBusy.into());
            }
        }
        let (now, tasks) = (cx.clock.now(), self.tasks);
        let write = cx.store.write::<_, Error, _>(move |conn| {
            Box::pin(async move { Ok(store::kept::insert(conn, file.as_deref(), length, &tasks, now).await?) })
        });
        write.await?;
        kept_files_prune(cx).await
    }
}

/// Takes away what is kept for too long, or for deleted tasks, or beyond the room there is for it.
///
/// # Errors
/// Those of the store.
pub async fn kept_files_prune(cx: &Context) -> Result<()> {
    let keep = cx.installation.keep;
    let before = Timestamp::from_micros(cx.clock.now().micros() - Duration::from_days(i64::from(keep.days)).micros());
    let write = cx.store.write::<_, Error, _>(move |conn| {
        Box::pin(async move { Ok(store::kept::prune(conn, before, keep.total_bytes).await?) })
    });
    let files = write.await?;
    cx.blobs.remove(&files).await;
    Ok(())
}

/// The entries, or those of the folder itself only.
pub(super) fn list(row: &KeptRow, recursive: bool) -> Vec<NodeFile> {
    let mut files: Vec<NodeFile> = row.entries.iter().map(shown).collect();
    files.retain(|file| recursive || !file.name.contains('/'));
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// An entry that can be read, or a folder.
///
/// # Errors
/// `TaskFilesUnavailable` for a file of which only the name is kept.
pub(super) fn stat(row: &KeptRow, path: &str) -> Result<NodeFile> {
    let entry = entry(row, path)?;
    if entry.part.is_none() && !entry.file.is_directory {
        return Err(Code::TaskFilesUnavailable.into());
    }
    Ok(shown(entry))
}

pub(super) async fn read(
    cx: &Context,
    row: &KeptRow,
    path: &str,
    offset: u64,
    length: u64,
) -> Result<(NodeFile, Vec<u8>)> {
    let file = stat(row, path)?;
    let part = entry(row, path)?.part.as_ref().ok_or(Code::FileNotFound)?;
    let place = place_in_bundle(part, offset, length.min(MAX_READ_BYTES));
    let mut bytes = vec![0; usize::try_from(place.end - place.start).unwrap_or(0)];
    if let Some(name) = row.file.as_ref().filter(|_| !bytes.is_empty()) {
        let reading = async {
            let mut file = cx.blobs.open_file(name).await?;
            file.seek(SeekFrom::Start(place.start)).await?;
            file.read_exact(&mut bytes).await
        };
        // Pruned a moment ago.
        reading.await.map_err(|_| Error::from(Code::TaskFilesUnavailable))?;
    }
    Ok((file, bytes))
}

/// Takes a file, or a folder with what is in it, from what is kept.
pub(super) async fn delete(cx: &Context, row: &KeptRow, path: &str, recursive: bool) -> Result<()> {
    let gone = entry(row, path)?.file.clone();
    let below = format!("{}/", gone.name);
    let is_below = |entry: &KeptEntry| entry.file.name.starts_with(&below);
    if gone.is_directory && !recursive && row.entries.iter().any(is_below) {
        return Err(Code::OperationInvalidForCurrentState.into());
    }
    let stays = |entry: &&KeptEntry| entry.file.name != gone.name && !is_below(entry);
    let entries: Vec<KeptEntry> = row.entries.iter().filter(stays).cloned().collect();
    let task_key = row.task_key;
    let write = cx.store.write::<_, Error, _>(move |conn| {
        Box::pin(async move { Ok(store::kept::save_entries(conn, task_key, &entries).await?) })
    });
    write.await
}

pub(super) fn entry<'r>(row: &'r KeptRow, path: &str) -> Result<&'r KeptEntry> {
    let path = path.trim_matches('/');
    row.entries.iter().find(|entry| entry.file.name == path).ok_or_else(|| Code::FileNotFound.into())
}
