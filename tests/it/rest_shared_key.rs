//! Requests that Microsoft's clients signed, against our check of the signature.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fournil::auth::shared_key::{Credentials, Signed, candidates, verify};
use serde_json::Value;

struct Recorded {
    client: String,
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    credentials: Credentials,
    string_to_sign: String,
}

impl Recorded {
    fn signed(&self) -> Signed<'_> {
        Signed { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }

    fn verifies(&self, key: &[u8]) -> bool {
        verify(&self.signed(), &self.credentials, &[b"another key", key]) == Some(1)
    }
}

fn recorded() -> (Vec<u8>, Vec<Recorded>) {
    let file: Value = serde_json::from_str(include_str!("fixtures/signed_requests.json")).unwrap();
    let requests = file["requests"].as_array().unwrap().iter().map(read).collect();
    (STANDARD.decode(file["key"].as_str().unwrap()).unwrap(), requests)
}

fn read(request: &Value) -> Recorded {
    let text = |name: &str| request[name].as_str().unwrap().to_owned();
    let (path, query) = request["target"].as_str().unwrap().split_once('?').unwrap();
    let headers = request["headers"].as_object().unwrap().iter().map(|(name, value)| {
        (name.parse::<HeaderName>().unwrap(), value.as_str().unwrap().parse::<HeaderValue>().unwrap())
    });
    Recorded {
        client: text("client"),
        method: text("method"),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.collect(),
        credentials: Credentials::parse(text("authorization").strip_prefix("SharedKey ").unwrap()).unwrap(),
        string_to_sign: text("stringToSign"),
    }
}

/// Another character, and not only another case of it.
fn other(c: u8) -> u8 {
    match c {
        b'0' => b'1',
        b'a' | b'A' => b'b',
        _ => b'0',
    }
}

/// The text with one character changed, for each of its characters.
fn changed(text: &str) -> impl Iterator<Item = String> {
    (0..text.len()).map(move |at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at].eq_ignore_ascii_case(&other(bytes[at])) { b'7' } else { other(bytes[at]) };
        String::from_utf8(bytes).unwrap()
    })
}

#[test]
fn every_recorded_request_verifies() {
    let (key, requests) = recorded();
    assert_eq!(requests.len(), 109);
    for request in &requests {
        let texts: Vec<String> = candidates(&request.signed(), &request.credentials.account).collect();
        assert!(texts.contains(&request.string_to_sign), "{} {}: {texts:?}", request.client, request.path);
        assert!(request.verifies(&key), "{} {} {}", request.client, request.method, request.path);
    }
}

#[test]
fn a_request_that_was_changed_on_its_way_does_not_verify() {
    let (key, requests) = recorded();
    for mut request in requests {
        let (method, path, query) = (request.method.clone(), request.path.clone(), request.query.clone());
        for method in ["GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "get"].into_iter().filter(|m| *m != method) {
            request.method = method.to_owned();
            assert!(!request.verifies(&key), "{method} {path}");
        }
        request.method = method;
        for path in changed(&path) {
            request.path = path;
            assert!(!request.verifies(&key), "{}", request.path);
        }
        request.path = path;
        for query in changed(&query).chain([format!("{query}&force=true"), String::new()]) {
            request.query = query;
            assert!(!request.verifies(&key), "{}", request.query);
        }
        request.query = query;
        assert!(request.verifies(&key));
    }
}

#[test]
fn a_request_whose_headers_were_changed_does_not_verify() {
    let (key, requests) = recorded();
    for mut request in requests {
        let headers = request.headers.clone();
        for (name, value) in &headers {
            for value in changed(value.to_str().unwrap()) {
                // An absent length and a zero one are the same request.
                if name == "content-length" && value.is_empty() {
                    continue;
                }
                request.headers.insert(name, value.parse().unwrap());
                assert!(!request.verifies(&key), "{name}: {value}");
            }
            request.headers.insert(name, value.clone());
        }
        for (name, value) in
            [("ocp-range", "bytes=0-9"), ("if-match", "*"), ("content-type", "text/plain"), ("range", "bytes=0-9")]
        {
            let before = request.headers.insert(name, value.parse().unwrap());
            assert!(!request.verifies(&key), "{name}: {value}");
            match before {
                Some(before) => request.headers.insert(name, before),
                None => request.headers.remove(name),
            };
        }
        assert!(request.verifies(&key));
    }
}

#[test]
fn a_changed_signature_account_or_key_does_not_verify() {
    let (key, requests) = recorded();
    for mut request in requests {
        for at in 0..32 {
            request.credentials.signature[at] ^= 1;
            assert!(!request.verifies(&key));
            request.credentials.signature[at] ^= 1;
        }
        assert!(!request.verifies(&key[1..]));
        request.credentials.account.push('x');
        assert!(!request.verifies(&key));
    }
}
