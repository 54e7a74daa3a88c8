//! Batch's SharedKey signature: HMAC-SHA256 of a request's method, headers and URL with the account's key.
//!
//! Clients differ in details of the text that they sign, so a small set of candidates is tried ([`candidates`]). What
//! they differ in never changes what a request means to us: query names are read without regard to case, empty values
//! are as good as absent.

use std::borrow::Cow;

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::api::{Duration, Timestamp};

/// How far a request's date may be from the server's clock, either way.
pub const DATE_WINDOW: Duration = Duration::from_mins(15);

/// What is signed of a request, as it stood on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    pub method: &'a str,
    /// Percent-encoding kept.
    pub path: &'a str,
    /// Without the question mark; empty when there is none.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
}

/// The content of an `Authorization: SharedKey …` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// As the caller typed it.
    pub account: String,
    pub signature: Vec<u8>,
}

/// The header is not of the form `SharedKey {account}:{signature in base64}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the Authorization header is not of the form SharedKey, a space, the account, a colon and a signature in base64"
)]
pub struct Malformed;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDate {
    #[error("the request has neither an ocp-date nor a Date header")]
    Missing,
    #[error("the request's date is not of the form Mon, 23 Nov 2026 21:18:55 GMT")]
    Unreadable,
    #[error("the request's date is more than 15 minutes from the server's clock")]
    TooFarOff,
}

impl Credentials {
    /// Reads what follows the scheme.
    pub fn parse(header: &str) -> Result<Credentials, Malformed> {
        let (account, signature) = header.trim().split_once(':').ok_or(Malformed)?;
        let signature = STANDARD.decode(signature).map_err(|_| Malformed)?;
        if account.is_empty() || signature.len() != 32 {
            return Err(Malformed);
        }
        Ok(Credentials { account: account.to_owned(), signature })
    }
}

/// Which of the keys the request was signed with: its index. Every key and candidate is tried until one fits; each
/// comparison takes the same time wherever the signatures differ.
pub fn verify(signed: &Signed<'_>, credentials: &Credentials, keys: &[&[u8]]) -> Option<usize> {
    let fits = |key: &[u8], text: &str| sign(key, text).ct_eq(credentials.signature.as_slice()).into();
    candidates(signed, &credentials.account).find_map(|text| keys.iter().position(|key| fits(key, &text)))
}

/// The signature of a text.
pub fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The request's date lies within the window around `now`.
pub fn check_date(headers: &HeaderMap, now: Timestamp) -> Result<(), BadDate> {
    let text = header(headers, "ocp-date").or_else(|| header(headers, "date")).ok_or(BadDate::Missing)?;
    let date = Timestamp::from_http_date(&text).ok_or(BadDate::Unreadable)?;
    if date.since(now).micros().abs() <= DATE_WINDOW.micros() { Ok(()) } else { Err(BadDate::TooFarOff) }
}

/// The texts that a client may have signed, each once; the one of the written rule comes first. They are made as they are
/// needed: it is nearly always the first.
pub fn candidates<'a>(signed: &'a Signed<'a>, account: &'a str) -> impl Iterator<Item = String> + 'a {
    let lower = account.to_ascii_lowercase();
    let accounts = if lower == account { vec![lower] } else { vec![account.to_owned(), lower] };
    let actual_length = header(signed.headers, "content-length").unwrap_or_default();
    // Some sign an empty line or `0` for a request without a body, whatever they send.
    let lengths = match &*actual_length {
        "" => vec!["".into(), "0".into()],
        "0" => vec!["0".into(), "".into()],
        _ => vec![actual_length],
    };
    let mut choices = Vec::new();
    for form in QueryForm::all(signed.query) {
        for length in &lengths {
            choices.extend(accounts.iter().map(|account| (form, length.clone(), account.clone())));
        }
    }
    let mut seen: Vec<String> = Vec::new();
    choices
        .into_iter()
        .map(|(form, length, account)| string_to_sign(signed, &length, &account, &canonical_query(signed.query, form)))
        .filter(move |text| {
            let is_new = !seen.contains(text);
            if is_new {
                seen.push(text.clone());
            }
            is_new
        })
}

fn string_to_sign(signed: &Signed<'_>, content_length: &str, account: &str, query: &str) -> String {
    let get = |name| header(signed.headers, name).unwrap_or_default();
    // A client that sets ocp-date signs it below, among the ocp headers.
    let date = if signed.headers.contains_key("ocp-date") { Cow::Borrowed("") } else { get("date") };
    let mut lines = vec![signed.method.into(), get("content-encoding"), get("content-language"), content_length.into()];
    lines.extend([get("content-md5"), get("content-type"), date, get("if-modified-since"), get("if-match")]);
    lines.extend([get("if-none-match"), get("if-unmodified-since"), get("range")]);
    let mut text = lines.join("\n") + "\n";
    let mut own: Vec<&str> = signed.headers.keys().map(|n| n.as_str()).filter(|n| n.starts_with("ocp-")).collect();
    own.sort_unstable();
    for name in own {
        text.push_str(&format!("{name}:{}\n", get(name)));
    }
    text.push_str(&format!("/{account}{}{query}", signed.path));
    text
}

/// As received; bytes that are not UTF-8 are replaced, so that they never pass for what was signed.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<Cow<'h, str>> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
}

/// In which a client may write the query's parameters.
#[derive(Clone, Copy)]
struct QueryForm {
    lower_names: bool,
    keep_empty: bool,
    plus_is_space: bool,
}

impl QueryForm {
    /// Forms that can make a difference for this query.
    fn all(query: &str) -> Vec<QueryForm> {
        let choices = |differs: bool, first: bool| if differs { vec![first, !first] } else { vec![first] };
        let mut forms = Vec::new();
        for lower_names in choices(query.bytes().any(|b| b.is_ascii_uppercase()), true) {
            for keep_empty in choices(has_empty_value(query), false) {
                for plus_is_space in choices(query.contains('+'), true) {
                    forms.push(QueryForm { lower_names, keep_empty, plus_is_space });
                }
            }
        }
        forms
    }
}

fn has_empty_value(query: &str) -> bool {
    pairs(query).any(|(_, value)| value.is_empty())
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// `\nname:value` for each parameter, sorted by name; values of one name sorted and joined by commas.
fn canonical_query(query: &str, form: QueryForm) -> String {
    let mut params: Vec<(String, String)> = pairs(query)
        .map(|(name, value)| (percent_decode(name, form.plus_is_space), percent_decode(value, form.plus_is_space)))
        .filter(|(_, value)| form.keep_empty || !value.is_empty())
        .map(|(name, value)| (if form.lower_names { name.to_ascii_lowercase() } else { name }, value))
        .collect();
    params.sort();
    params
        .chunk_by(|a, b| a.0 == b.0)
        .map(|same| {
            let values: Vec<&str> = same.iter().map(|(_, value)| value.as_str()).collect();
            format!("\n{}:{}", same[0].0, values.join(","))
        })
        .collect()
}

/// Decodes `%41`; what is no valid escape stays as it is, and bytes that are not UTF-8 are replaced.
pub fn percent_decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(hex_byte);
        match (bytes[at], escaped) {
            (_, Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) if plus_is_space => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let (high, low) = (digit(digits[0])?, digit(digits[1])?);
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
            .collect()
    }

    fn first(method: &str, path: &str, query: &str, pairs: &[(&str, &str)]) -> String {
        let headers = headers(pairs);
        candidates(&Signed { method, path, query, headers: &headers }, "acc").next().unwrap()
    }

    #[test]
    fn the_text_has_a_line_for_each_part_in_order() {
        let pairs = [
            ("Content-Encoding", "e"),
            ("Content-Language", "l"),
            ("Content-Length", "5"),
            ("Content-MD5", "m"),
            ("Content-Type", "t"),
            ("Date", "d"),
            ("If-Modified-Since", "ms"),
            ("If-Match", "\"im\""),
            ("If-None-Match", "nm"),
            ("If-Unmodified-Since", "us"),
            ("Range", "r"),
            ("ocp-range", "bytes=0-1"),
            ("OCP-B", "b"),
        ];
        assert_eq!(
            first("PUT", "/a%2Fb", "timeOut=5&$filter=x%20eq%20%271%27&b=&a=2&a=1", &pairs),
            "PUT\ne\nl\n5\nm\nt\nd\nms\n\"im\"\nnm\nus\nr\nocp-b:b\nocp-range:bytes=0-1\n/acc/a%2Fb\n$filter:x eq '1'\na:1,2\ntimeout:5"
        );
    }

    #[test]
    fn the_date_line_is_empty_beside_ocp_date() {
        let text = first("GET", "/pools", "", &[("Date", "d"), ("ocp-date", "o")]);
        assert_eq!(text, "GET\n\n\n\n\n\n\n\n\n\n\n\nocp-date:o\n/acc/pools");
    }

    #[test]
    fn candidates_differ_where_clients_do() {
        let no_headers = HeaderMap::new();
        let signed = Signed { method: "POST", path: "/", query: "timeOut=1&x=a+b&y=", headers: &no_headers };
        let texts: Vec<String> = candidates(&signed, "Acc").collect();
        assert_eq!(texts.len(), 2 * 2 * 2 * 2 * 2);
        assert!(texts.iter().any(|t| t == "POST\n\n\n0\n\n\n\n\n\n\n\n\n/acc/\ntimeOut:1\nx:a+b\ny:"));
        let body = headers(&[("content-length", "7")]);
        assert_eq!(candidates(&Signed { method: "POST", path: "/", query: "a=b", headers: &body }, "acc").count(), 1);
    }

    #[test]
    fn both_keys_verify_and_no_other() {
        let headers = headers(&[("ocp-date", "o")]);
        let signed = Signed { method: "GET", path: "/pools", query: "", headers: &headers };
        let text = candidates(&signed, "acc").next().unwrap();
        let with = |key: &[u8]| Credentials { account: "acc".into(), signature: sign(key, &text) };
        let keys: [&[u8]; 2] = [b"first", b"second"];
        assert_eq!(verify(&signed, &with(b"first"), &keys), Some(0));
        assert_eq!(verify(&signed, &with(b"second"), &keys), Some(1));
        assert_eq!(verify(&signed, &with(b"third"), &keys), None);
    }

    #[test]
    fn a_malformed_header_is_told_apart_from_a_wrong_signature() {
        let good = format!("acc:{}", STANDARD.encode([7; 32]));
        assert_eq!(Credentials::parse(&good), Ok(Credentials { account: "acc".into(), signature: vec![7; 32] }));
        for bad in ["", "acc", "acc:", "acc:???", "acc:AAAA", &format!(":{}", STANDARD.encode([7; 32]))] {
            assert_eq!(Credentials::parse(bad), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn a_date_counts_for_fifteen_minutes_either_way() {
        let now = Timestamp::from_secs(1_795_468_735);
        let check = |offset: i64| {
            let date = Timestamp::from_secs(1_795_468_735 + offset).to_http_date();
            check_date(&headers(&[("date", "nonsense"), ("ocp-date", &date)]), now)
        };
        assert_eq!(check(900), Ok(()));
        assert_eq!(check(-900), Ok(()));
        assert_eq!(check(901), Err(BadDate::TooFarOff));
        assert_eq!(check(-901), Err(BadDate::TooFarOff));
        assert_eq!(check_date(&headers(&[("date", "nonsense")]), now), Err(BadDate::Unreadable));
        assert_eq!(check_date(&HeaderMap::new(), now), Err(BadDate::Missing));
    }

    #[test]
    fn percent_escapes_are_decoded_and_broken_ones_kept() {
        assert_eq!(percent_decode("a%20b%2F%c3%a9+", true), "a b/é ");
        assert_eq!(percent_decode("100%&%4+%zz%é", false), "100%&%4+%zz%é");
    }
}
