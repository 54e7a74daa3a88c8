//! The portal's files: embedded in a release build, read from `dist/` at start in a debug build.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// The page that every place of the portal is shown by.
const INDEX: &str = "index.html";
/// What the names of files end in that the build has packed by Brotli.
const PACKED: &str = ".br";

#[derive(rust_embed::Embed)]
#[folder = "dist/"]
struct Dist;

/// All files of the portal, by path.
#[derive(Clone, Default)]
pub struct Portal {
    files: Arc<HashMap<String, PortalFile>>,
}

/// At least one of the two forms is there from the beginning.
struct PortalFile {
    plain: OnceLock<Bytes>,
    packed: Option<Bytes>,
    kind: HeaderValue,
    etag: HeaderValue,
    /// Its name has a hash: it never changes.
    is_immutable: bool,
}

impl Portal {
    /// The portal that was built before this program.
    pub fn built() -> Portal {
        Portal::of(Dist::iter().filter_map(|path| Some((path.to_string(), Dist::get(&path)?.data.into_owned()))))
    }

    /// Files by their paths; one can be there as it is, packed, or both.
    pub fn of(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Portal {
        let mut forms: HashMap<String, [Option<Vec<u8>>; 2]> = HashMap::new();
        for (path, bytes) in files {
            match path.strip_suffix(PACKED) {
                Some(path) => forms.entry(path.to_owned()).or_default()[1] = Some(bytes),
                None => forms.entry(path).or_default()[0] = Some(bytes),
            }
        }
        let files = forms.into_iter().map(|(path, [plain, packed])| {
            let file = PortalFile::new(&path, plain, packed);
            (path, file)
        });
        Portal { files: Arc::new(files.collect()) }
    }

    pub fn index(&self) -> Option<&str> {
        std::str::from_utf8(self.files.get(INDEX)?.plain()).ok()
    }

    /// Changes with every build of the portal or the server.
    pub fn build_id(&self) -> String {
        let mut files: Vec<_> = self.files.iter().map(|(path, file)| (path, &file.etag)).collect();
        files.sort();
        let mut hash = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
        for (path, etag) in files {
            hash.update(path);
            hash.update(etag);
        }
        hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect()
    }

    /// The file of a path, else the page that shows what the path names, for those who take pages.
    /// Nothing where there is neither; files of another build are no pages.
    pub fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let path = path.trim_start_matches('/');
        if let Some(file) = self.files.get(path).filter(|_| path != INDEX) {
            return Some(file.answer(headers));
        }
        if !takes_pages(headers) || is_built_file(path) {
            return None;
        }
        Some(self.files.get(INDEX).map_or_else(not_built, |index| index.answer(headers)))
    }
}

fn takes_pages(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    accept.contains("text/html") || accept.contains("*/*")
}

fn not_built() -> Response {
    let text = "This server was built without its portal. Build both by: make build\n";
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

impl PortalFile {
    fn new(path: &str, plain: Option<Vec<u8>>, packed: Option<Vec<u8>>) -> PortalFile {
        let kind = match mime_guess::from_path(path).first_raw() {
            Some(text) if text.starts_with("text/") => format!("{text}; charset=utf-8"),
            Some(other) => other.to_owned(),
            None => "application/octet-stream".to_owned(),
        };
        let one = plain.as_ref().or(packed.as_ref()).map_or(&[][..], Vec::as_slice);
        let hash: String = Sha256::digest(one).iter().take(12).map(|b| format!("{b:02x}")).collect();
        PortalFile {
            plain: plain.map_or_else(OnceLock::new, |bytes| Bytes::from(bytes).into()),
            packed: packed.map(Bytes::from),
            kind: HeaderValue::from_str(&kind).expect("media types are ASCII"),
            // Weak: the same for the plain and the packed form.
            etag: HeaderValue::from_str(&format!("W/\"{hash}\"")).expect("hexadecimal is ASCII"),
            is_immutable: has_hash(path),
        }
    }

    /// Unpacked when it is first asked for: browsers take the packed form, at least over TLS.
    fn plain(&self) -> &Bytes {
        self.plain.get_or_init(|| {
            let mut out = Vec::new();
            let packed = self.packed.as_deref().unwrap_or_default();
            if let Err(error) = brotli_decompressor::BrotliDecompress(&mut &packed[..], &mut out) {
                tracing::error!(%error, "a file of the portal cannot be unpacked");
            }
            out.into()
        })
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let caching = if self.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = Response::new(Body::empty());
        let out = response.headers_mut();
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        out.insert(header::ETAG, self.etag.clone());
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if is_known(headers, &self.etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        out.insert(header::CONTENT_TYPE, self.kind.clone());
        let packed = self.packed.as_ref().filter(|_| takes_brotli(headers));
        if packed.is_some() {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        *response.body_mut() = Body::from(packed.unwrap_or_else(|| self.plain()).clone());
        response
    }
}

fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').any(|one| one.trim() == etag)
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim() == "br" && weight.replace(' ', "") != "q=0"
    })
}

/// `portal-0123456789abcdef_bg.wasm` and the like: a part of the name is a hash.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split(['-', '_', '.']).skip(1).any(|part| part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The name of a file of some build: one that this build lacks is asked for by a page that an older server sent.
fn is_built_file(path: &str) -> bool {
    let is_kind = [".css", ".js", ".wasm"].iter().any(|kind| path.ends_with(kind));
    is_kind && !path.contains('/') && has_hash(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portal() -> Portal {
        let script = "go();".repeat(1000);
        Portal::of([
            ("index.html".to_owned(), b"<html></html>".to_vec()),
            ("portal-0123456789abcdef.js".to_owned(), script.into()),
        ])
    }

    fn headers(list: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_place_of_the_portal_is_its_page_and_is_asked_for_each_time() {
        let answer = portal()
            .answer(&Method::GET, "/accounts/a/keys", &headers(&[(header::ACCEPT, "text/html,*/*;q=0.8")]))
            .unwrap();
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-cache");
    }

    #[test]
    fn hashed_files_never_change() {
        let answer = portal().answer(&Method::GET, "/portal-0123456789abcdef.js", &HeaderMap::new()).unwrap();
        assert!(answer.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert!(!has_hash("favicon.svg") && !has_hash("deadbeef.js") && has_hash("a/style-0a1b2c3d4e5f.css"));
    }

    /// `portal`, as Brotli packs it.
    const PACKED_WORD: &[u8] = &[0x8b, 0x02, 0x80, b'p', b'o', b'r', b't', b'a', b'l', 0x03];

    #[tokio::test]
    async fn packed_files_are_sent_as_they_are_to_those_who_take_them() {
        let path = "portal-0123456789abcdef.js";
        let portal = Portal::of([(format!("{path}.br"), PACKED_WORD.to_vec())]);
        let get = |accept| portal.answer(&Method::GET, path, &headers(&[(header::ACCEPT_ENCODING, accept)])).unwrap();
        let coding = |accept| get(accept).headers().get(header::CONTENT_ENCODING).cloned();
        assert_eq!(coding("gzip, br;q=0.9"), Some(HeaderValue::from_static("br")));
        assert_eq!(coding("gzip"), None);
        assert_eq!(coding("br;q=0"), None);
        let body = |answer: Response| async { axum::body::to_bytes(answer.into_body(), 100).await.unwrap() };
        assert_eq!(body(get("br")).await, PACKED_WORD);
        assert_eq!(body(get("gzip")).await, "portal");
        assert_eq!(get("br").headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let portal = portal();
        let first = portal.answer(&Method::GET, "/", &HeaderMap::new()).unwrap();
        let etag = first.headers()[header::ETAG].clone();
        let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, etag)]);
        assert_eq!(portal.answer(&Method::GET, "/", &known).unwrap().status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn programs_that_take_no_pages_get_none() {
        assert!(portal().answer(&Method::GET, "/nothing", &headers(&[(header::ACCEPT, "application/json")])).is_none());
        assert!(portal().answer(&Method::POST, "/", &HeaderMap::new()).is_none());
    }

    #[test]
    fn files_of_another_build_are_not_pages() {
        let of = |path| portal().answer(&Method::GET, path, &headers(&[(header::ACCEPT, "*/*")]));
        assert!(of("/split_pools-fedcba9876543210.wasm").is_none());
        assert!(of("/portal-fedcba9876543210.js").is_none());
        // A task's file.
        assert!(of("/accounts/a/jobs/j/tasks/t/files/app-fedcba9876543210.js").is_some());
    }

    #[test]
    fn a_build_without_a_portal_says_so() {
        let answer = Portal::default().answer(&Method::GET, "/", &HeaderMap::new()).unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn the_build_id_follows_the_files() {
        assert_eq!(portal().build_id(), portal().build_id());
        assert_ne!(portal().build_id(), Portal::default().build_id());
    }
}
