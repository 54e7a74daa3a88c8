//! Files of tasks.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::api;
use crate::domain::ids::{AccountName, JobId, NodeId, PoolId, TaskId};
#[cfg(feature = "ssr")]
use crate::server::request;
#[cfg(feature = "ssr")]
use crate::service;

/// The files in a task's folder.
#[server(prefix = "/portal/fn", endpoint = "task_file_list", input = Json)]
pub async fn task_file_list(
    account: AccountName,
    job: JobId,
    task: TaskId,
    recursive: bool,
) -> Result<api::TaskFiles, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::file::task_file_list(&cx, &caller, &account, &job, &task, recursive).await?)
}

/// A part of a file as text. An `offset` of `u64::MAX` asks for the last `length` bytes.
/// Who reads to the end of a file of a running task is told by a `File` event when it grows, for a minute.
#[server(prefix = "/portal/fn", endpoint = "task_file_text", input = Json)]
pub async fn task_file_text(
    account: AccountName,
    job: JobId,
    task: TaskId,
    path: String,
    offset: u64,
    length: u64,
) -> Result<api::FileText, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::file::task_file_text(&cx, &caller, &account, &job, &task, &path, offset, length).await?)
}

/// What is in a folder of a node; the empty one is its root.
#[server(prefix = "/portal/fn", endpoint = "node_file_list", input = Json)]
pub async fn node_file_list(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    path: String,
) -> Result<Vec<api::NodeFile>, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::file::node_file_list(&cx, &caller, &account, &pool, &node, path).await?)
}

/// As [`task_file_text`], of any file of a node.
#[server(prefix = "/portal/fn", endpoint = "node_file_text", input = Json)]
pub async fn node_file_text(
    account: AccountName,
    pool: PoolId,
    node: NodeId,
    path: String,
    offset: u64,
    length: u64,
) -> Result<api::FileText, api::Error> {
    let (cx, caller) = request::context()?;
    Ok(service::file::node_file_text(&cx, &caller, &account, &pool, &node, &path, offset, length).await?)
}
