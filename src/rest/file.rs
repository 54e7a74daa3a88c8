//! Files of tasks and nodes, passed on from the node's agent piece by piece: none is held in memory whole.

use std::io;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;

use super::call::{Call, PAGE, percent_encode};
use super::error::Result;
use super::path::Of;
use super::range::Range;
use super::reply;
use crate::api::{FileProperties, KeptCopy, NodeFile};
use crate::domain::ids::{JobId, NodeId, PoolId, TaskId};
use crate::domain::odata::FILE_FIELDS;
use crate::service::file::{self, Place};
use crate::service::{Context, slices};

/// How much of a file is asked of an agent at once.
const PIECE: u64 = 1 << 20;

pub fn routes() -> Router<Context> {
    Router::new()
        .route("/jobs/{job}/tasks/{task}/files", get(task_file_list))
        .route(
            "/jobs/{job}/tasks/{task}/files/{*path}",
            get(task_file_get).head(task_file_head).delete(task_file_delete),
        )
        .route("/pools/{pool}/nodes/{node}/files", get(node_file_list))
        .route(
            "/pools/{pool}/nodes/{node}/files/{*path}",
            get(node_file_get).head(node_file_head).delete(node_file_delete),
        )
}

type OfTask<T> = Of<(JobId, TaskId, T)>;
type OfNode<T> = Of<(PoolId, NodeId, T)>;

async fn task_file_list(call: Call, Of((job, task)): Of<(JobId, TaskId)>) -> Result {
    list(&call, &Folder::of_task(&call, &job, &task).await?).await
}

async fn task_file_get(call: Call, Of((job, task, path)): OfTask<String>) -> Result {
    read(call.clone(), Folder::of_task(&call, &job, &task).await?, path).await
}

async fn task_file_head(call: Call, Of((job, task, path)): OfTask<String>) -> Result {
    head(&call, &Folder::of_task(&call, &job, &task).await?, &path).await
}

async fn task_file_delete(call: Call, Of((job, task, path)): OfTask<String>) -> Result {
    file::may_delete(&call.caller, &call.account)?;
    delete(&call, &Folder::of_task(&call, &job, &task).await?, &path).await
}

async fn node_file_list(call: Call, Of((pool, node)): Of<(PoolId, NodeId)>) -> Result {
    list(&call, &Folder::of_node(&call, &pool, &node).await?).await
}

async fn node_file_get(call: Call, Of((pool, node, path)): OfNode<String>) -> Result {
    read(call.clone(), Folder::of_node(&call, &pool, &node).await?, path).await
}

async fn node_file_head(call: Call, Of((pool, node, path)): OfNode<String>) -> Result {
    head(&call, &Folder::of_node(&call, &pool, &node).await?, &path).await
}

async fn node_file_delete(call: Call, Of((pool, node, path)): OfNode<String>) -> Result {
    file::may_delete(&call.caller, &call.account)?;
    delete(&call, &Folder::of_node(&call, &pool, &node).await?, &path).await
}

/// Where a request looks for files, and the URL of that folder.
struct Folder {
    place: Place,
    url: String,
}

impl Folder {
    async fn of_task(call: &Call, job: &JobId, task: &TaskId) -> Result<Folder> {
        let place = file::task_place(&call.cx, &call.caller, &call.account, job, task).await?;
        Ok(Folder { place, url: call.url(&format!("/jobs/{job}/tasks/{task}/files")) })
    }

    async fn of_node(call: &Call, pool: &PoolId, node: &NodeId) -> Result<Folder> {
        let place = file::node_place(&call.cx, &call.caller, &call.account, pool, node).await?;
        Ok(Folder { place, url: call.url(&format!("/pools/{pool}/nodes/{node}/files")) })
    }

    fn url_of(&self, path: &str) -> String {
        let parts: Vec<String> = path.trim_matches('/').split('/').map(percent_encode).collect();
        format!("{}/{}", self.url, parts.join("/"))
    }
}

async fn list(call: &Call, folder: &Folder) -> Result {
    let page = call.list_query_with(&["recursive"], FILE_FIELDS, &[], PAGE)?;
    let recursive = call.query.flag("recursive")?;
    let mut files = file::list(&call.cx, &folder.place, recursive).await?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let fits = files.into_iter().filter(|file| slices::file_fits(page.slice.filter.as_ref(), file));
    let stretch = page
        .slice
        .cut(fits, |file| file.name.clone())
        .map(|files| files.into_iter().map(|file| NodeFile { url: folder.url_of(&file.name), ..file }).collect());
    Ok(call.list_reply("files", &page, stretch))
}

async fn head(call: &Call, folder: &Folder, path: &str) -> Result {
    call.no_query()?;
    let file = file::stat(&call.cx, &folder.place, path).await?;
    check(call, &file)?;
    let length = file.properties.as_ref().map_or(0, |p| p.content_length);
    Ok(with_headers(folder.place.kept_copy(path), Body::empty().into_response(), &file, &folder.url_of(path), length))
}

/// A ranged read is answered with 200 as well: Batch's clients know no other status here.
async fn read(call: Call, folder: Folder, path: String) -> Result {
    call.no_query()?;
    let file = file::stat(&call.cx, &folder.place, &path).await?;
    check(&call, &file)?;
    let length = file.properties.as_ref().map_or(0, |p| p.content_length);
    let (url, kept) = (folder.url_of(&path), folder.place.kept_copy(&path));
    let range = match call.header("ocp-range") {
        Some(text) => Range::parse(text, length)?,
        None => Range { start: 0, end: length },
    };
    if range.is_empty() {
        return Ok(with_headers(kept, Body::empty().into_response(), &file, &url, 0));
    }
    // The first piece is read before the answer begins, so that what goes wrong can still be said.
    let first = piece(&call, &folder.place, &path, &range).await?;
    let rest = Range { start: range.start + first.len() as u64, ..range };
    let body = Body::from_stream(pieces(call, folder.place, path, first, rest));
    Ok(with_headers(kept, body.into_response(), &file, &url, range.end - range.start))
}

async fn piece(call: &Call, place: &Place, path: &str, range: &Range) -> Result<Bytes> {
    let length = PIECE.min(range.end - range.start);
    Ok(file::read(&call.cx, place, path, range.start, length).await?.1.into())
}

/// `first`, then the rest of the range. A file that has become shorter meanwhile ends the answer with an error: its
/// length was promised.
fn pieces(
    call: Call,
    place: Place,
    path: String,
    first: Bytes,
    rest: Range,
) -> impl stream::Stream<Item = io::Result<Bytes>> {
    let start = (Some(first), rest);
    stream::unfold(Some((start, call, place, path)), |state| async move {
        let ((first, rest), call, place, path) = state?;
        if let Some(first) = first {
            return Some((Ok(first), Some(((None, rest), call, place, path))));
        }
        if rest.is_empty() {
            return None;
        }
        match piece(&call, &place, &path, &rest).await {
            Ok(bytes) if !bytes.is_empty() => {
                let rest = Range { start: rest.start + bytes.len() as u64, ..rest };
                Some((Ok(bytes), Some(((None, rest), call, place, path))))
            }
            Ok(_) => Some((Err(io::Error::other("the file has become shorter")), None)),
            Err(failure) => Some((Err(io::Error::other(failure.error)), None)),
        }
    })
}

async fn delete(call: &Call, folder: &Folder, path: &str) -> Result {
    call.query.allow(&["recursive"])?;
    let recursive = call.query.flag("recursive")?;
    file::delete(&call.cx, &folder.place, path, recursive).await?;
    Ok(reply::done(StatusCode::OK, &folder.url_of(path)))
}

fn check(call: &Call, file: &NodeFile) -> Result<()> {
    match &file.properties {
        Some(properties) => call.check(&e_tag(properties), properties.last_modified),
        None => Ok(()),
    }
}

/// Changes with the file's time or length.
fn e_tag(properties: &FileProperties) -> String {
    format!("0x{:X}{:X}", properties.last_modified.micros(), properties.content_length)
}

/// Batch has no header that says that a file is a kept copy: for that we have one of our own.
fn with_headers(kept: Option<KeptCopy>, mut response: Response, file: &NodeFile, url: &str, length: u64) -> Response {
    if let Some(properties) = &file.properties {
        response = reply::with_version(response, &e_tag(properties), properties.last_modified);
    }
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| reply::set(headers, name, value);
    let content_type = file.properties.as_ref().and_then(|p| p.content_type.as_deref());
    set(CONTENT_TYPE, content_type.unwrap_or("application/octet-stream"));
    set(CONTENT_LENGTH, &length.to_string());
    set(HeaderName::from_static("ocp-batch-file-isdirectory"), if file.is_directory { "true" } else { "false" });
    set(HeaderName::from_static("ocp-batch-file-url"), &percent_encode(url));
    if let Some(mode) = file.properties.as_ref().and_then(|p| p.file_mode.as_deref()) {
        set(HeaderName::from_static("ocp-batch-file-mode"), mode);
    }
    if let Some(KeptCopy { since, bytes_left_out }) = kept {
        let text = format!("since={since}; bytes-left-out={bytes_left_out}");
        set(HeaderName::from_static("fournil-kept-copy"), &text);
    }
    response
}
