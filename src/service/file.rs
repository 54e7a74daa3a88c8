//! Files of tasks and nodes, read through the node's agent.

use super::context::FileWatch;
use super::{Caller, Context, Result, node, pool, task};
use crate::api::agent::{FileAsk, FileReply, MAX_READ_BYTES};
use crate::api::{self, Code, NodeFile, TaskState};
use crate::domain::ids::{AccountName, JobId, NodeId, PoolId, TaskId};
use crate::domain::permission::Permission;
use crate::domain::task::directory;
use crate::store;

/// A folder of a node: where a face of ours looks for files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub node_key: i64,
    /// Relative to the node's root; empty for the root itself.
    pub folder: String,
    /// The task may still write.
    pub is_live: bool,
}

impl Place {
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
    if store::node::with_key(&mut conn, node_key).await?.is_none() {
        return Err(Code::TaskFilesUnavailable.into());
    }
    Ok(Place { node_key, folder: directory(&job.id, &row.id), is_live: row.life.live_attempt().is_some() })
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
    Ok(Place { node_key: node.key, folder: String::new(), is_live: true })
}

/// The entries of the place's folder, or everything below it; names are relative to it.
pub async fn list(cx: &Context, place: &Place, recursive: bool) -> Result<Vec<NodeFile>> {
    let ask = FileAsk::List { path: place.folder.clone(), recursive };
    Ok(ask_node(cx, place, ask).await?.0.files)
}

/// One file or folder.
pub async fn stat(cx: &Context, place: &Place, path: &str) -> Result<NodeFile> {
    let (reply, _) = ask_node(cx, place, FileAsk::Stat { path: place.path(path) }).await?;
    only(reply)
}

/// At most `length` bytes from `offset`, and no more than an agent sends at once; and the file as it was then.
pub async fn read(cx: &Context, place: &Place, path: &str, offset: u64, length: u64) -> Result<(NodeFile, Vec<u8>)> {
    let ask = FileAsk::Read { path: place.path(path), offset, length: length.min(MAX_READ_BYTES) };
    let (reply, bytes) = ask_node(cx, place, ask).await?;
    Ok((only(reply)?, bytes))
}

pub async fn delete(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    place: &Place,
    path: &str,
    recursive: bool,
) -> Result<()> {
    caller.may(Some(account), Permission::JobWrite)?;
    ask_node(cx, place, FileAsk::Delete { path: place.path(path), recursive }).await.map(drop)
}

async fn ask_node(cx: &Context, place: &Place, ask: FileAsk) -> Result<(FileReply, Vec<u8>)> {
    let (reply, bytes) = cx.files.ask(place.node_key, ask).await?;
    match reply.error {
        Some(code) => Err(code.into()),
        None => Ok((reply, bytes)),
    }
}

fn only(reply: FileReply) -> Result<NodeFile> {
    reply.files.into_iter().next().ok_or_else(|| Code::FileNotFound.into())
}

pub async fn task_file_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    job: &JobId,
    id: &TaskId,
    recursive: bool,
) -> Result<Vec<NodeFile>> {
    let place = task_place(cx, caller, account, job, id).await?;
    list(cx, &place, recursive).await
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
    if place.is_live && end >= file_length {
        let watch = FileWatch {
            account: account.clone(),
            job: job.to_string(),
            task: id.to_string(),
            path: path.to_owned(),
            node_path: place.path(path),
            from: end,
        };
        cx.files.watch(place.node_key, watch);
    }
    let is_whole = end >= file_length && !place.is_live;
    let kept = whole_characters(&bytes, offset == 0, is_whole);
    let (offset, end) = (offset + kept.start as u64, offset + kept.end as u64);
    Ok(api::FileText { text: String::from_utf8_lossy(&bytes[kept]).into_owned(), offset, end, file_length })
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
