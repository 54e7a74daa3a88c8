//! What transfers need of blob storage: lists of a container's blobs, and where a blob is. The signature that a container's
//! URL carries opens all of it.

use axum::http::HeaderMap;
use serde::Deserialize;

use super::http::{Client, HttpError, Result, whole};

/// More than any page of a list takes: 5000 blobs with long names.
const LONGEST_PAGE: usize = 64 << 20;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    blobs: Blobs,
    #[serde(default)]
    next_marker: Option<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Blobs {
    #[serde(default)]
    blob: Vec<Blob>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Blob {
    name: Name,
}

/// A name that XML could not hold otherwise is percent-encoded.
#[derive(Debug, PartialEq, Deserialize)]
struct Name {
    #[serde(rename = "@Encoded", default)]
    encoded: Option<bool>,
    #[serde(rename = "$text", default)]
    text: String,
}

/// Names of all blobs of a container that begin with `prefix`, folders left out.
pub async fn list(client: &Client, container_url: &str, prefix: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut marker = String::new();
    loop {
        let query = format!("restype=container&comp=list&prefix={}&marker={}", encode(prefix), encode(&marker));
        let url = with_query(container_url, &query);
        let text = client
            .with_retries(async || {
                let mut response = client.get(&url, &HeaderMap::new()).await?;
                whole(response.body_mut(), LONGEST_PAGE).await
            })
            .await?;
        let page = read_page(&String::from_utf8_lossy(&text))?;
        names.extend(page.blobs.blob.into_iter().map(|blob| blob.name.decoded()).filter(|name| !name.ends_with('/')));
        match page.next_marker.filter(|next| !next.is_empty() && *next != marker) {
            Some(next) => marker = next,
            None => return Ok(names),
        }
    }
}

fn read_page(text: &str) -> Result<Page> {
    quick_xml::de::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| HttpError::BadAnswer(format!("the list of blobs cannot be read: {error}")))
}

impl Name {
    fn decoded(self) -> String {
        if self.encoded != Some(true) {
            return self.text;
        }
        let escaped = self.text.as_bytes();
        let (mut out, mut at) = (Vec::new(), 0);
        while at < escaped.len() {
            let digits = escaped.get(at + 1..at + 3).filter(|_| escaped[at] == b'%');
            let byte = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
            out.push(byte.unwrap_or(escaped[at]));
            at += if byte.is_some() { 3 } else { 1 };
        }
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// The URL of a blob in a container.
pub fn url_of(container_url: &str, name: &str) -> String {
    let (path, query) = container_url.split_once('?').unwrap_or((container_url, ""));
    let name: Vec<String> = name.split('/').map(encode).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{}/{}{query}", path.trim_end_matches('/'), name.join("/"))
}

/// The URL with more parameters.
pub fn with_query(url: &str, more: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = path.trim_end_matches('/');
    if query.is_empty() { format!("{path}?{more}") } else { format!("{path}?{query}&{more}") }
}

pub fn encode(text: &str) -> String {
    let piece = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_blobs_is_read() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"https://h/\" ContainerName=\"c\">\
            <Prefix>a</Prefix><Blobs><Blob><Name>a/b &amp; c.txt</Name><Properties><Etag>0x8</Etag><Content-Length>11</Content-Length>\
            </Properties></Blob><BlobPrefix><Name>x/</Name></BlobPrefix><Blob><Name Encoded=\"true\">a%2Fb%20%c3%a9</Name></Blob></Blobs>\
            <NextMarker>m</NextMarker></EnumerationResults>";
        let page = read_page(text).unwrap();
        let names: Vec<String> = page.blobs.blob.into_iter().map(|blob| blob.name.decoded()).collect();
        assert_eq!(names, ["a/b & c.txt", "a/b é"]);
        assert_eq!(page.next_marker.as_deref(), Some("m"));
        let empty = read_page("<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>").unwrap();
        assert!(empty.blobs.blob.is_empty() && empty.next_marker.unwrap_or_default().is_empty());
        assert!(read_page("<html>").is_err());
    }

    #[test]
    fn a_blobs_url_keeps_the_signature() {
        assert_eq!(url_of("http://h/c?sig=a%3D", "x/y z"), "http://h/c/x/y%20z?sig=a%3D");
        assert_eq!(url_of("http://h/c/", "é"), "http://h/c/%C3%A9");
        assert_eq!(with_query("http://h/c?sig=1", "comp=block"), "http://h/c?sig=1&comp=block");
        assert_eq!(with_query("http://h/c", "comp=list"), "http://h/c?comp=list");
    }
}
