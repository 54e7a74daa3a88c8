//! Who may use blob storage: Azure Storage's SharedKey signature, and shared access signatures ([`sas`]).

pub mod sas;

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::shared_key::{Signed, percent_decode};
use crate::api::{Duration, Secret, Timestamp};

/// Source: authorize with Shared Key, Azure Storage.
const DATE_WINDOW: Duration = Duration::from_mins(15);

/// Whether one of the keys made the signature of the text.
pub fn is_signed(text: &str, signature: &str, keys: &[&Secret]) -> bool {
    let Ok(signature) = STANDARD.decode(signature) else { return false };
    // All keys are tried: the time says nothing of which one it is.
    keys.iter().fold(false, |found, key| found | bool::from(sign(key, text).ct_eq(&signature[..])))
}

/// The signature of a text, in base64.
pub fn signature(key: &Secret, text: &str) -> String {
    STANDARD.encode(sign(key, text))
}

fn sign(key: &Secret, text: &str) -> Vec<u8> {
    let key = STANDARD.decode(&key.0).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// What a client signs of a request. Its path is the whole one: the first part of it names the account once more, as with
/// every storage that has the account in the path. Source: authorize with Shared Key, format of 2015-02-21 and later.
pub fn string_to_sign(signed: &Signed<'_>, account: &str) -> String {
    let get = |name: &str| text(signed.headers, name);
    let length = Some(get("content-length")).filter(|length| length != "0").unwrap_or_default();
    // A client that sets x-ms-date signs it below.
    let date = if signed.headers.contains_key("x-ms-date") { String::new() } else { get("date") };
    let lines = [
        signed.method.to_owned(),
        get("content-encoding"),
        get("content-language"),
        length,
        get("content-md5"),
        get("content-type"),
        date,
        get("if-modified-since"),
        get("if-match"),
        get("if-none-match"),
        get("if-unmodified-since"),
        get("range"),
    ];
    let mut names: Vec<&str> = signed.headers.keys().map(|n| n.as_str()).filter(|n| n.starts_with("x-ms-")).collect();
    names.sort_unstable();
    let own: String = names.into_iter().map(|name| format!("{name}:{}\n", get(name))).collect();
    format!("{}\n{own}/{account}{}{}", lines.join("\n"), signed.path, canonical_query(signed.query))
}

/// The request's date lies within the window around `now`.
pub fn has_fresh_date(headers: &HeaderMap, now: Timestamp) -> bool {
    let date = Some(text(headers, "x-ms-date")).filter(|date| !date.is_empty());
    let date = Timestamp::from_http_date(&date.unwrap_or_else(|| text(headers, "date")));
    date.is_some_and(|date| date.since(now).micros().abs() <= DATE_WINDOW.micros())
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    value.unwrap_or_default().trim().to_owned()
}

/// `\nname:value` for each parameter, sorted by name; values of one name sorted and joined by commas.
fn canonical_query(query: &str) -> String {
    let mut params: Vec<(String, String)> = pairs(query).collect();
    params.sort();
    let same_name = params.chunk_by(|a, b| a.0 == b.0);
    same_name
        .map(|same| {
            let values: Vec<&str> = same.iter().map(|(_, value)| value.as_str()).collect();
            format!("\n{}:{}", same[0].0, values.join(","))
        })
        .collect()
}

/// A query's parameters, decoded, with names in lower case.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode(name, false).to_ascii_lowercase(), percent_decode(value, false))
    })
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn the_text_is_azures() {
        let headers: HeaderMap = [
            ("content-length", "0"),
            ("content-type", "text/plain"),
            ("x-ms-version", "2024-11-04"),
            ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"),
            ("if-none-match", "*"),
            ("date", "ignored"),
        ]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
        let signed = Signed {
            method: "GET",
            path: "/storage/acc/c/a%20b",
            query: "restype=container&comp=list&Prefix=a%2Fb&include=snapshots&include=metadata&marker=",
            headers: &headers,
        };
        assert_eq!(
            string_to_sign(&signed, "acc"),
            "GET\n\n\n\n\ntext/plain\n\n\n\n*\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2024-11-04\n\
             /acc/storage/acc/c/a%20b\ncomp:list\ninclude:metadata,snapshots\nmarker:\nprefix:a/b\nrestype:container"
        );
    }

    #[test]
    fn either_key_signs_and_no_other() {
        let keys = [Secret(STANDARD.encode("one")), Secret(STANDARD.encode("two")), Secret(STANDARD.encode("three"))];
        for (key, good) in keys.iter().zip([true, true, false]) {
            assert_eq!(is_signed("text", &signature(key, "text"), &[&keys[0], &keys[1]]), good);
        }
        assert!(!is_signed("text", "no base64", &[&keys[0]]) && !is_signed("text", "", &[&keys[0]]));
    }
}
