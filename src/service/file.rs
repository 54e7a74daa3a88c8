//! Files of tasks and nodes, read through the node's agent, or from what the server has kept of them.

use std::sync::Arc;

use super::context::FileWatch;
use super::{Caller, Context, Result, kept, node, pool, task};
use crate::api::agent::{FileAsk, FileReply, MAX_READ_BYTES};
use crate::api::{self, Code, NodeFile, TaskState};
use crate::domain::ids::{AccountName, JobId, NodeId, PoolId, TaskId};
use crate::domain::permission::Permission;
use crate::domain::task::directory;
use crate::store;
use crate::store::kept::KeptRow;

/// A folder: where a face of ours looks for files.
#[derive(Clone, Debug)]
pub struct Place {
    at: At,
    /// Relative to the node's root; empty for the root itself.
    folder: String,
    /// The task may still write.
    is_live: bool,
}

#[derive(Clone, Debug)]
enum At {
    Node(i64),
    /// The node has gone, or has lost its files.
    Kept(Arc<KeptRow>),
}

impl Place {
    /// Whether a file that was found is a kept copy, and of which part.
    pub fn kept_copy(&self, path: &str) -> Option<api::KeptCopy> {
        let At::Kept(row) = &self.at else { return None };
        let part = kept::entry(row, path).ok()?.part.as_ref()?;
        Some(api::KeptCopy { since: row.kept, bytes_left_out: part.first })
    }

    fn kept_files(&self) -> Option<api::KeptFiles> {
        let At::Kept(row) = &self.at else { return None };
        let readable = row.entries.iter().filter(|entry| entry.part.is_some());
        Some(api::KeptFiles { since: row.kept, names: readable.map(|entry| entry.file.name.clone()).collect() })
    }

    fn path(&self, path: &str) -> String {
        let path = path.trim_start_matches('/');
        if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }
}

/// Where a task's files are.
///
/// # Errors
/// `OperationInvalidForCurrentState` before its first run, `TaskFilesUnavailable` when its node is gone,
/// `TaskFilesCleanedup` when their time was over.
pub async fn task_place(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
) -> Result<Place> {
    caller.may(Some(account), Permission::JobRead)?;
    let mut conn = cx.store.read().await?;
    let (job, row) = task::find(&mut conn, account, job, id).await?;
    if row.files_gone {
        return Err(Code::TaskFilesCleanedup.into());
    }
    let has_run = row.life.started.is_some() || row.life.retries + row.life.requeues > 0;
    let Some(node_key) = row.life.node_key.filter(|_| has_run || row.life.state() != TaskState::Active) else {
        return Err(Code::OperationInvalidForCurrentState.into());
    };
    let folder = directory(&job.id, &row.id);
    // Files are copied when the node is about to lose them: where there is a copy, nothing is left on the node, or soon.
    if let Some(kept) = store::kept::find(&mut conn, row.key, row.life.attempt).await? {
        return Ok(Place { at: At::Kept(Arc::new(kept)), folder, is_live: false });
    }
    if store::node::with_key(&mut conn, node_key).await?.is_none() {
        return Err(Code::TaskFilesUnavailable.into());
    }
    Ok(Place { at: At::Node(node_key), folder, is_live: row.life.live_attempt().is_some() })
}

/// The root of a node.
pub async fn node_place(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    id: &NodeId,
) -> Result<Place> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let pool = pool::find(&mut conn, account, pool).await?;
    let node = node::find(&mut conn, &pool, id).await?;
    Ok(Place { at: At::Node(node.key), folder: String::new(), is_live: true })
}

/// The entries of the place's folder, or everything below it; names are relative to it.
pub async fn list(cx: &Context, place: &Place, recursive: bool) -> Result<Vec<NodeFile>> {
    match &place.at {
        At::Kept(row) => Ok(kept::list(row, recursive)),
        At::Node(node) => {
            Ok(ask_node(cx, *node, FileAsk::List { path: place.folder.clone(), recursive }).await?.0.files)
        }
    }
}

/// One file or folder.
pub async fn stat(cx: &Context, place: &Place, path: &str) -> Result<NodeFile> {
    match &place.at {
        At::Kept(row) => kept::stat(row, path),
        At::Node(node) => only(ask_node(cx, *node, FileAsk::Stat { path: place.path(path) }).await?.0),
    }
}

/// At most `length` bytes from `offset`, and no more than an agent sends at once; and the file as it was then.
pub async fn read(cx: &Context, place: &Place, path: &str, offset: u64, length: u64) -> Result<(NodeFile, Vec<u8>)> {
    let node = match &place.at {
        At::Kept(row) => return kept::read(cx, row, path, offset, length).await,
        At::Node(node) => *node,
    };
    let ask = FileAsk::Read { path: place.path(path), offset, length: length.min(MAX_READ_BYTES) };
    let (reply, bytes) = ask_node(cx, node, ask).await?;
    Ok((only(reply)?, bytes))
}

/// Whether the caller deletes files in the account at all: asked before anything is looked for, so that whoever may not learns
/// nothing of what there is.
///
/// # Errors
/// `InsufficientAccountPermissions`.
pub fn may_delete(caller: &Caller, account: &AccountName) -> Result<()> {
    caller.may(Some(account), Permission::JobWrite)
}

/// Deletes a file or folder; see [`may_delete`].
pub async fn delete(cx: &Context, place: &Place, path: &str, recursive: bool) -> Result<()> {
    match &place.at {
        At::Kept(row) => kept::delete(cx, row, path, recursive).await,
        At::Node(node) => ask_node(cx, *node, FileAsk::Delete { path: place.path(path), recursive }).await.map(drop),
    }
}

async fn ask_node(cx: &Context, node_key: i64, ask: FileAsk) -> Result<(FileReply, Vec<u8>)> {
    let (reply, bytes) = cx.files.ask(node_key, ask).await?;
    match reply.error {
        Some(code) => Err(code.into()),
        None => Ok((reply, bytes)),
    }
}

fn only(reply: FileReply) -> Result<NodeFile> {
    reply.files.into_iter().next().ok_or_else(|| Code::FileNotFound.into())
}

/// What is in a folder of a node.
///
/// # Errors
/// `PathNotFound`, `TaskFilesUnavailable` when the node does not answer.
pub async fn node_file_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    id: &NodeId,
    folder: String,
) -> Result<Vec<NodeFile>> {
    let place = Place { folder, ..node_place(cx, caller, account, pool, id).await? };
    list(cx, &place, false).await
}

/// A part of a node's file as text, as [`task_file_text`] gives a task's.
#[expect(clippy::too_many_arguments, reason = "what a page asks for, one by one, as its server function has it")]
pub async fn node_file_text(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    pool: &PoolId,
    id: &NodeId,
    path: &str,
    offset: u64,
    length: u64,
) -> Result<api::FileText> {
    let place = node_place(cx, caller, account, pool, id).await?;
    let offset = match offset {
        u64::MAX => file_length(&stat(cx, &place, path).await?).saturating_sub(length),
        offset => offset,
    };
    let (file, bytes) = read(cx, &place, path, offset, length).await?;
    Ok(to_text(&bytes, offset, file_length(&file), true))
}

pub async fn task_file_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
    recursive: bool,
) -> Result<api::TaskFiles> {
    let place = task_place(cx, caller, account, job, id).await?;
    Ok(api::TaskFiles { files: list(cx, &place, recursive).await?, kept: place.kept_files() })
}

/// A part of a file as text. An `offset` of `u64::MAX` asks for the last `length` bytes. Who has read to the end of a
/// running task's file is told by an event when it grows, for a minute.
#[expect(clippy::too_many_arguments, reason = "what a page asks for, one by one, as its server function has it")]
pub async fn task_file_text(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
    path: &str,
    offset: u64,
    length: u64,
) -> Result<api::FileText> {
    let place = task_place(cx, caller, account, job, id).await?;
    let offset = match offset {
        u64::MAX => file_length(&stat(cx, &place, path).await?).saturating_sub(length),
        offset => offset,
    };
    let (file, bytes) = read(cx, &place, path, offset, length).await?;
    let (end, file_length) = (offset + bytes.len() as u64, file_length(&file));
    if let At::Node(node_key) = place.at
        && place.is_live
        && end >= file_length
    {
        let watch = FileWatch {
            account: account.clone(),
            job: job.to_string(),
            task: id.to_string(),
            path: path.to_owned(),
            node_path: place.path(path),
            from: end,
        };
        cx.files.watch(node_key, watch);
    }
    Ok(api::FileText { kept: place.kept_copy(path), ..to_text(&bytes, offset, file_length, place.is_live) })
}

/// Bytes that were read from `offset` on as text; of a file that may grow nothing is torn at its end either.
pub(super) fn to_text(bytes: &[u8], offset: u64, file_length: u64, is_live: bool) -> api::FileText {
    let is_whole = offset + bytes.len() as u64 >= file_length && !is_live;
    let kept = whole_characters(bytes, offset == 0, is_whole);
    let (offset, end) = (offset + kept.start as u64, offset + kept.end as u64);
    let text = String::from_utf8_lossy(&bytes[kept]).into_owned();
    api::FileText { text, offset, end, file_length, kept: None }
}

/// The part without a character of UTF-8 that is torn at its start or end: the part before or after has all of it. Nothing
/// comes before the start of a file, nor after the end of one that nobody writes.
fn whole_characters(bytes: &[u8], is_start: bool, is_end: bool) -> std::ops::Range<usize> {
    let is_continuation = |b: &u8| b & 0xc0 == 0x80;
    let start = if is_start { 0 } else { bytes.iter().take(3).take_while(|b| is_continuation(b)).count() };
    let n_tail = bytes.iter().rev().take(3).take_while(|b| is_continuation(b)).count();
    let needs = match bytes.len().checked_sub(n_tail + 1).map(|at| bytes[at]) {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => 0,
    };
    let is_torn = !is_end && needs > n_tail + 1;
    let end = if is_torn { bytes.len() - n_tail - 1 } else { bytes.len() };
    start.min(end)..end
}

fn file_length(file: &NodeFile) -> u64 {
    file.properties.as_ref().map_or(0, |p| p.content_length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_text_are_torn_between_characters_only() {
        let check = |bytes: &[u8], is_start, is_end, expected: &[u8]| {
            assert_eq!(&bytes[whole_characters(bytes, is_start, is_end)], expected, "{bytes:?}");
        };
        let text = "aé€😀".as_bytes();
        check(text, false, false, text);
        check(&text[..2], false, false, b"a");
        check(&text[..2], false, true, &text[..2]);
        check(&text[2..], false, false, "€😀".as_bytes());
        check(&text[2..], true, false, &text[2..]);
        check(&text[..text.len() - 1], true, false, "aé€".as_bytes());
        check(&text[..text.len() - 3], true, false, "aé€".as_bytes());
        check(b"", false, false, b"");
        // An older encoding: nothing can be completed.
        check(b"caf\xe9s", true, false, b"caf\xe9s");
        check(b"\xff\xff", true, false, b"\xff\xff");
    }
}
