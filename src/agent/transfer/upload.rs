//! Output files: each becomes a block blob of the container that its rule names. What is done is written to standard output
//! and error, which are `fileuploadout.txt` and `fileuploaderr.txt` in the task's folder.

use std::collections::BTreeMap;
use std::io::{SeekFrom, Write};
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use hyper::body::Bytes;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::failure::{self, Result};
use super::find::{self, Found};
use super::http::{Client, HttpError};
use super::{blob, http};
use crate::api::{OutputFile, OutputFileContainer, TaskFailureInformation};

/// A file up to this length goes in one request, a longer one in blocks of at least this length.
const BLOCK_BYTES: u64 = 32 << 20;
/// Source: Put Block List, Azure Storage.
const MOST_BLOCKS: u64 = 50_000;
/// How much of a file is in memory at once.
const PIECE_BYTES: usize = 256 << 10;
/// The oldest version of Azure Storage's service that takes all that is sent here.
const VERSION: HeaderValue = HeaderValue::from_static("2020-10-02");

/// Uploads all that can be; says the first failure.
pub async fn all(
    client: &Client,
    files: &[OutputFile],
    variables: &BTreeMap<String, String>,
    root: &str,
) -> Result<()> {
    let mut outcome = Ok(());
    for rule in files {
        let done = by_rule(client, rule, variables, root).await;
        if let Err(failure) = &done {
            eprintln!("{}: {}", failure.code, failure.message.as_deref().unwrap_or_default());
        }
        outcome = outcome.and(done);
    }
    outcome
}

/// Uploads texts as blobs; ends at the first that cannot be.
pub async fn texts(client: &Client, container_url: &str, blobs: &[(String, String)]) -> Result<()> {
    let mut headers = HeaderMap::from_iter([(HeaderName::from_static("x-ms-version"), VERSION)]);
    headers.insert(HeaderName::from_static("x-ms-blob-type"), HeaderValue::from_static("BlockBlob"));
    headers.insert(HeaderName::from_static("content-type"), HeaderValue::from_static("text/plain; charset=utf-8"));
    for (name, text) in blobs {
        let url = blob::url_of(container_url, name);
        let put = async || client.put(&url, headers.clone(), text.len() as u64, Body::from(text.clone())).await;
        client.with_retries(put).await.map_err(|error| failure::of_upload(&error, container_url, name))?;
    }
    Ok(())
}

async fn by_rule(client: &Client, rule: &OutputFile, variables: &BTreeMap<String, String>, root: &str) -> Result<()> {
    let misc = |reason: String| failure::failure("FileUploadMiscError", reason, &[("FilePattern", &rule.file_pattern)]);
    let Some(container) = &rule.destination.container else { return Ok(()) };
    let working_directory = std::env::current_dir().map_err(|error| misc(error.to_string()))?;
    let task = working_directory.parent().unwrap_or(&working_directory).to_owned();
    let (pattern, variables, root) = (rule.file_pattern.clone(), variables.clone(), PathBuf::from(root));
    let found = tokio::task::spawn_blocking(move || find::find(&pattern, &variables, &task, &root)).await;
    let found = found.map_err(|error| misc(error.to_string()))?.map_err(|error| misc(format!("{error}.")))?;
    if found.files.is_empty() {
        say(&format!("{}: no file fits", rule.file_pattern));
    }
    let mut outcome = Ok(());
    for file in &found.files {
        let name = blob_name(&found, file, container.path.as_deref());
        let done = one(client, container, file, &name).await;
        match &done {
            Ok(length) => say(&format!("{} -> {name} ({length} bytes)", file.display())),
            Err(failure) => eprintln!("{} -> {name}: {}", file.display(), failure.code),
        }
        outcome = outcome.and(done.map(drop));
    }
    outcome
}

/// A log that cannot be written, on a full disk, stops nothing.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The rule's path is the name of a pattern's only file, else what names begin with; then come the folders below the
/// pattern's first wildcard. Source: OutputFileBlobContainerDestination, path, 2024-07-01.20.0.
fn blob_name(found: &Found, file: &Path, path: Option<&str>) -> String {
    let below = file.strip_prefix(&found.folder).unwrap_or(file).to_string_lossy().into_owned();
    match path.map(|path| path.trim_matches('/')).filter(|path| !path.is_empty()) {
        None => below,
        Some(path) if !found.has_wildcard => path.to_owned(),
        Some(path) => format!("{path}/{below}"),
    }
}

async fn one(
    client: &Client,
    container: &OutputFileContainer,
    file: &Path,
    name: &str,
) -> std::result::Result<u64, TaskFailureInformation> {
    let of = |error: HttpError| failure::of_upload(&error, &container.container_url, &file.to_string_lossy());
    let length = tokio::fs::metadata(file).await.map_err(|error| of(HttpError::BadAnswer(error.to_string())))?.len();
    let url = blob::url_of(&container.container_url, name);
    let headers = headers(container).map_err(of)?;
    if length <= BLOCK_BYTES {
        let mut headers = headers;
        headers.insert(HeaderName::from_static("x-ms-blob-type"), HeaderValue::from_static("BlockBlob"));
        put_part(client, &url, &headers, file, 0, length).await.map_err(of)?;
    } else {
        put_blocks(client, &url, &headers, file, length).await.map_err(of)?;
    }
    Ok(length)
}

async fn put_blocks(client: &Client, url: &str, headers: &HeaderMap, file: &Path, length: u64) -> http::Result<()> {
    let block = BLOCK_BYTES.max(length.div_ceil(MOST_BLOCKS));
    let mut ids = Vec::new();
    let version = HeaderMap::from_iter([(HeaderName::from_static("x-ms-version"), VERSION)]);
    for number in 0..length.div_ceil(block) {
        let id = STANDARD.encode(format!("{number:08}"));
        let url = blob::with_query(url, &format!("comp=block&blockid={}", blob::encode(&id)));
        let from = number * block;
        put_part(client, &url, &version, file, from, block.min(length - from)).await?;
        ids.push(format!("<Latest>{id}</Latest>"));
    }
    let list = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{}</BlockList>", ids.concat());
    let url = blob::with_query(url, "comp=blocklist");
    client
        .with_retries(async || client.put(&url, headers.clone(), list.len() as u64, Body::from(list.clone())).await)
        .await
}

/// A file that has become shorter meanwhile breaks the upload: what is stored is never a half of something.
async fn put_part(
    client: &Client,
    url: &str,
    headers: &HeaderMap,
    file: &Path,
    from: u64,
    length: u64,
) -> http::Result<()> {
    let unreadable = |error: std::io::Error| HttpError::BadAnswer(format!("the file cannot be read: {error}"));
    client
        .with_retries(async || {
            let mut source = File::open(file).await.map_err(unreadable)?;
            source.seek(SeekFrom::Start(from)).await.map_err(unreadable)?;
            client.put(url, headers.clone(), length, pieces(source, length)).await
        })
        .await
}

fn pieces(source: File, length: u64) -> Body {
    Body::from_stream(stream::try_unfold((source, length), |(mut source, left)| async move {
        if left == 0 {
            return Ok::<_, std::io::Error>(None);
        }
        let mut piece = vec![0; PIECE_BYTES.min(usize::try_from(left).unwrap_or(PIECE_BYTES))];
        let n = source.read(&mut piece).await?;
        if n == 0 {
            return Err(std::io::Error::other("the file has become shorter"));
        }
        piece.truncate(n);
        Ok(Some((Bytes::from(piece), (source, left - n as u64))))
    }))
}

fn headers(container: &OutputFileContainer) -> http::Result<HeaderMap> {
    let mut headers = HeaderMap::from_iter([(HeaderName::from_static("x-ms-version"), VERSION)]);
    for header in container.upload_headers.iter().flatten() {
        let name = header.name.as_deref().unwrap_or_default().parse::<HeaderName>();
        let value = HeaderValue::from_str(header.value.as_deref().unwrap_or_default());
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(HttpError::BadAnswer("a header of the upload is not legal".into()));
        };
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_named_by_path_and_pattern() {
        let check = |has_wildcard, file: &str, path: Option<&str>, expected: &str| {
            let found = Found { files: Vec::new(), folder: "/t/wd/out".into(), has_wildcard };
            assert_eq!(blob_name(&found, Path::new(file), path), expected);
        };
        check(true, "/t/wd/out/a/b.txt", None, "a/b.txt");
        check(true, "/t/wd/out/a/b.txt", Some("run1/"), "run1/a/b.txt");
        check(false, "/t/wd/out/b.txt", Some("run1/result"), "run1/result");
        check(false, "/t/wd/out/b.txt", None, "b.txt");
    }
}
