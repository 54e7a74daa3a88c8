//! `/portal/download/{account}/{job}/{task}/{path}` and `/portal/node-files/{account}/{pool}/{node}/{path}`: a task's or a node's
//! file, to be saved by the browser and never shown by it.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::headers::ErrorAnswer;
use super::server_functions::signed_in;
use crate::api::Code;
use crate::api::agent::MAX_READ_BYTES;
use crate::domain::ids::{AccountName, JobId, NodeId, PoolId, TaskId};
use crate::rest::range::Range;
use crate::service::file::{self, Place};
use crate::service::{Caller, Context, Error, Result};

/// A picture that is shown is not larger.
pub const LARGEST_PICTURE: u64 = 32 << 20;
/// What asks for a file as a picture.
const PICTURE: &str = "view=picture";

pub async fn task_file(State(cx): State<Context>, Path(names): Path<[String; 4]>, request: Request) -> Response {
    let found = async |caller: &Caller| {
        let account: AccountName = names[0].parse().map_err(|_| Error::from(Code::AccountNotFound))?;
        let job: JobId = names[1].parse().map_err(|_| Error::from(Code::JobNotFound))?;
        let task: TaskId = names[2].parse().map_err(|_| Error::from(Code::TaskNotFound))?;
        file::task_place(&cx, caller, &account, &job, &task).await
    };
    answer(&cx, request, &names[3], found).await
}

pub async fn node_file(State(cx): State<Context>, Path(names): Path<[String; 4]>, request: Request) -> Response {
    let found = async |caller: &Caller| {
        let account: AccountName = names[0].parse().map_err(|_| Error::from(Code::AccountNotFound))?;
        let pool: PoolId = names[1].parse().map_err(|_| Error::from(Code::PoolNotFound))?;
        let node: NodeId = names[2].parse().map_err(|_| Error::from(Code::NodeNotFound))?;
        file::node_place(&cx, caller, &account, &pool, &node).await
    };
    answer(&cx, request, &names[3], found).await
}

/// Finds the file; its length is what is sent, however much it grows meanwhile.
async fn answer(
    cx: &Context,
    request: Request,
    path: &str,
    find: impl AsyncFnOnce(&Caller) -> Result<Place>,
) -> Response {
    let (parts, _) = request.into_parts();
    let range = parts.headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let found = async {
        let caller = signed_in(cx, &parts).await?.ok_or(Code::Unauthorized)?;
        let place = find(&caller).await?;
        let found = file::stat(cx, &place, path).await?;
        let length = found.properties.filter(|_| !found.is_directory).ok_or(Code::FileNotFound)?.content_length;
        let range = range.map(|text| Range::parse(text, length)).transpose()?;
        Result::Ok((place, range, length))
    };
    let as_picture = parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == PICTURE));
    match found.await {
        Ok((place, _, length)) if as_picture => picture(cx, place, path, length).await,
        Ok((place, range, length)) => send(cx.clone(), place, path, range, length),
        Err(error) => ErrorAnswer(error.into()).into_response(),
    }
}

/// As the kind of picture that its first bytes say, whatever its name says: a page that is called a picture is not taken for
/// one.
async fn picture(cx: &Context, place: Place, path: &str, length: u64) -> Response {
    match file::read(cx, &place, path, 0, 16).await.map(|(_, head)| picture_kind(&head)) {
        Ok(Some(kind)) if length <= LARGEST_PICTURE => {
            let mut response = send(cx.clone(), place, path, None, length);
            response.headers_mut().remove(header::CONTENT_DISPOSITION);
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        }
        Ok(_) => ErrorAnswer(Code::InvalidInput.into()).into_response(),
        Err(error) => ErrorAnswer(error.into()).into_response(),
    }
}

/// Pictures of dots only: drawings (SVG) can hold programs.
pub fn picture_kind(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// Sends the file, or the part of it that is asked for.
fn send(cx: Context, place: Place, path: &str, part: Option<Range>, length: u64) -> Response {
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
    part_headers(&mut response, part, length);
    attachment(&mut response, path);
    response
}

/// Says which part of a file of this length the answer is.
pub fn part_headers(response: &mut Response, part: Option<Range>, length: u64) {
    let Range { start, end } = part.unwrap_or(Range { start: 0, end: length });
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
}

/// To be saved under a name, and nothing else.
pub fn attachment(response: &mut Response, name: &str) {
    guard(response);
    let name = name.rsplit('/').next().unwrap_or(name);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, disposition(name));
}

/// Whatever it is, it runs nothing and is kept nowhere. That its kind is not guessed all answers of the portal say.
pub fn guard(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
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

    #[test]
    fn only_what_begins_as_a_picture_is_shown_as_one() {
        for (head, expected) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"<svg xmlns=", None),
            (b"<!doctype html>", None),
            (b"", None),
        ] {
            assert_eq!(picture_kind(head), expected, "{head:?}");
        }
    }
}
