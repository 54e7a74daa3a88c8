//! `/portal/download/{account}/{job}/{task}/{path}`: a task's file, to be saved by the browser and never shown by it.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::headers::ErrorAnswer;
use super::server_functions::signed_in;
use crate::api::Code;
use crate::api::agent::MAX_READ_BYTES;
use crate::domain::ids::{AccountName, JobId, TaskId};
use crate::rest::range::Range;
use crate::service::file::{self, Place};
use crate::service::{Context, Error, Result};

pub async fn serve(State(cx): State<Context>, Path(names): Path<[String; 4]>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let range = parts.headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let answer = match signed_in(&cx, &parts).await {
        Ok(Some(caller)) => open(&cx, &caller, &names).await,
        Ok(None) => Err(Code::Unauthorized.into()),
        Err(error) => Err(error),
    };
    let (place, length) = match answer {
        Ok(found) => found,
        Err(error) => return ErrorAnswer(error.into()).into_response(),
    };
    match range.map(|text| Range::parse(text, length)).transpose() {
        Ok(range) => send(cx, place, &names[3], range, length),
        Err(error) => ErrorAnswer(error).into_response(),
    }
}

/// Finds the file; its length is what is sent, however much it grows meanwhile.
async fn open(cx: &Context, caller: &crate::service::Caller, names: &[String; 4]) -> Result<(Place, u64)> {
    let account: AccountName = names[0].parse().map_err(|_| Error::from(Code::AccountNotFound))?;
    let job: JobId = names[1].parse().map_err(|_| Error::from(Code::JobNotFound))?;
    let task: TaskId = names[2].parse().map_err(|_| Error::from(Code::TaskNotFound))?;
    let place = file::task_place(cx, caller, &account, &job, &task).await?;
    let found = file::stat(cx, &place, &names[3]).await?;
    let length = found.properties.filter(|_| !found.is_directory).ok_or(Code::FileNotFound)?.content_length;
    Ok((place, length))
}

/// Sends the file, or the part of it that is asked for.
fn send(cx: Context, place: Place, path: &str, part: Option<Range>, length: u64) -> Response {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Range { start, end } = part.unwrap_or(Range { start: 0, end: length });
    let body = Body::from_stream(stream::try_unfold(
        (cx, place, path.to_owned(), start),
        move |(cx, place, path, from)| async move {
            if from >= end {
                return Ok::<_, std::io::Error>(None);
            }
            let read = file::read(&cx, &place, &path, from, (end - from).min(MAX_READ_BYTES)).await;
            let (_, bytes) = read.map_err(|error| std::io::Error::other(error.to_string()))?;
            if bytes.is_empty() {
                return Err(std::io::Error::other("the file has become shorter"));
            }
            let next = from + bytes.len() as u64;
            Ok(Some((Bytes::from(bytes), (cx, place, path, next))))
        },
    ));
    let mut response = body.into_response();
    // An empty range has no bytes to name: the answer is then the whole of nothing.
    if part.is_some_and(|part| !part.is_empty()) {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {start}-{}/{length}", end - 1);
        let range = HeaderValue::from_str(&range).expect("numbers are legal in headers");
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(end - start));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, disposition(name));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The name to save under, whatever bytes it has.
fn disposition(name: &str) -> HeaderValue {
    let encoded: String = name
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{encoded}")).expect("percent-encoded text is ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_break_out_of_its_header() {
        let check = |name: &str, expected: &str| {
            assert_eq!(disposition(name), format!("attachment; filename*=UTF-8''{expected}"))
        };
        check("stdout.txt", "stdout.txt");
        check("a\"; x=\r\n#é", "a%22%3B%20x%3D%0D%0A%23%C3%A9");
    }
}
