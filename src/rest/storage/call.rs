//! A request whose caller is known, and what all answers have.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::super::request_info::RequestInfo;
use super::{Result, auth, xml};
use crate::api::{StorageCode, StorageError, Timestamp};
use crate::auth::shared_key::percent_decode;
use crate::auth::storage::pairs;
use crate::domain::condition::{Condition, Tags};
use crate::service::Context;
use crate::service::storage::StorageCaller;
use crate::service::storage::write::Place;

/// The newest version whose answers these are.
pub const VERSION: HeaderValue = HeaderValue::from_static("2021-12-02");

/// What headers of Azure Storage's mean something here. Others would ask for what does not happen: they are refused.
const KNOWN_HEADERS: [&str; 17] = [
    "x-ms-blob-cache-control",
    "x-ms-blob-content-disposition",
    "x-ms-blob-content-encoding",
    "x-ms-blob-content-language",
    "x-ms-blob-content-md5",
    "x-ms-blob-content-type",
    "x-ms-blob-type",
    "x-ms-client-request-id",
    "x-ms-copy-source",
    "x-ms-date",
    "x-ms-delete-snapshots",
    "x-ms-range",
    "x-ms-requires-sync",
    "x-ms-return-client-request-id",
    "x-ms-user-agent",
    "x-ms-useragent",
    "x-ms-version",
];

pub enum Level {
    Account,
    Container,
    Blob,
}

pub struct Call {
    pub cx: Context,
    pub caller: StorageCaller,
    pub method: Method,
    pub container: String,
    pub blob: String,
    /// Scheme and host as the client reached us.
    pub base_url: String,
    /// Opened by a signature in the URL.
    pub by_sas: bool,
    pub info: RequestInfo,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
}

/// Account, container and blob of a path; parts that are not there are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    pub account: String,
    pub container: String,
    pub blob: String,
}

impl Names {
    pub fn of(path: &str) -> Option<Names> {
        let mut parts = path.strip_prefix("/storage").unwrap_or(path).strip_prefix('/')?.splitn(3, '/');
        let mut next = || parts.next().map(|part| percent_decode(part, false)).unwrap_or_default();
        Some(Names { account: next(), container: next(), blob: next() })
    }
}

impl Call {
    /// The body is not touched yet.
    pub async fn read(cx: Context, request: Request) -> Result<(Call, Body)> {
        let info = RequestInfo::read(&cx, &request);
        let (parts, body) = request.into_parts();
        let names = Names::of(parts.uri.path()).ok_or(StorageCode::ResourceNotFound)?;
        let query_text = parts.uri.query().unwrap_or_default();
        let caller = auth::authenticate(&cx, &parts, &names, info.from).await?;
        let unknown = parts.headers.keys().map(|name| name.as_str()).find(|name| {
            let is_known = KNOWN_HEADERS.contains(name) || name.starts_with("x-ms-meta-");
            name.starts_with("x-ms-") && !is_known
        });
        if let Some(name) = unknown {
            return Err(StorageError::new(StorageCode::UnsupportedHeader, format!("HeaderName: {name}.")));
        }
        let call = Call {
            cx,
            caller,
            method: parts.method,
            container: names.container,
            blob: names.blob,
            base_url: info.base_url.clone(),
            by_sas: crate::auth::storage::sas::is_in(query_text),
            info,
            query: pairs(query_text).collect(),
            headers: parts.headers,
        };
        Ok((call, body))
    }

    pub fn level(&self) -> Level {
        match (self.container.is_empty(), self.blob.is_empty()) {
            (true, _) => Level::Account,
            (false, true) => Level::Container,
            (false, false) => Level::Blob,
        }
    }

    pub fn place(&self) -> Place<'_> {
        Place { container: &self.container, name: &self.blob }
    }

    pub fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn owned_header(&self, name: &str) -> Option<String> {
        self.header(name).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// A body says how long it is, before it comes.
    pub fn content_length(&self) -> Result<u64> {
        let length = self.header("content-length").and_then(|length| length.parse().ok());
        length.ok_or_else(|| StorageCode::MissingContentLengthHeader.into())
    }

    /// Names in the letters in which HTTP has them: lower case.
    pub fn metadata(&self) -> Result<BTreeMap<String, String>> {
        let own =
            self.headers.iter().filter_map(|(name, value)| Some((name.as_str().strip_prefix("x-ms-meta-")?, value)));
        own.map(|(name, value)| {
            let value = value.to_str().map_err(|_| StorageCode::InvalidMetadata)?;
            let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let value = is_name.then(|| value.trim().to_owned()).ok_or(StorageCode::InvalidMetadata)?;
            Ok((name.to_owned(), value))
        })
        .collect()
    }

    /// All of them must hold.
    pub fn conditions(&self) -> Result<Vec<Condition>> {
        let date = |name: &str| match self.header(name) {
            None => Ok(None),
            Some(text) => Timestamp::from_http_date(text)
                .map(Some)
                .ok_or_else(|| StorageError::new(StorageCode::InvalidHeaderValue, format!("HeaderName: {name}."))),
        };
        let conditions = [
            self.header("if-match").map(|tags| Condition::Match(Tags::parse(tags))),
            self.header("if-none-match").map(|tags| Condition::NoneMatch(Tags::parse(tags))),
            date("if-modified-since")?.map(Condition::ModifiedSince),
            date("if-unmodified-since")?.map(Condition::UnmodifiedSince),
        ];
        Ok(conditions.into_iter().flatten().collect())
    }

    /// How many entries a page has.
    pub fn max_results(&self) -> Result<usize> {
        const MOST: usize = 5000;
        match self.query("maxresults") {
            "" => Ok(MOST),
            text => match text.parse::<usize>() {
                Ok(n) if n > 0 => Ok(n.min(MOST)),
                _ => Err(StorageError::new(StorageCode::InvalidQueryParameterValue, "QueryParameterName: maxresults.")),
            },
        }
    }
}

/// What every answer to a request carries.
pub struct Envelope {
    is_head: bool,
    is_read: bool,
    request_id: String,
    client_request_id: Option<HeaderValue>,
    now: Timestamp,
}

impl Envelope {
    pub fn of(cx: &Context, request: &Request) -> Envelope {
        Envelope {
            is_head: request.method() == Method::HEAD,
            is_read: matches!(*request.method(), Method::GET | Method::HEAD),
            request_id: RequestInfo::read(cx, request).request_id,
            client_request_id: request.headers().get("x-ms-client-request-id").filter(|id| id.len() <= 1024).cloned(),
            now: cx.clock.now(),
        }
    }

    pub fn seal(self, outcome: Result<Response>) -> Response {
        let mut response = outcome.unwrap_or_else(|error| self.failure(&error));
        let headers = response.headers_mut();
        headers.insert("x-ms-version", VERSION);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // What somebody stored must never run as a page of the portal, which has the same origin.
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            headers.insert("x-ms-request-id", id);
        }
        if let Some(id) = self.client_request_id {
            headers.insert("x-ms-client-request-id", id);
        }
        response
    }

    fn failure(&self, error: &StorageError) -> Response {
        // A read whose condition does not hold: the reader has it already.
        let is_not_modified = self.is_read && error.code == StorageCode::ConditionNotMet;
        let status = if is_not_modified { 304 } else { error.code.status() };
        let is_busy = error.code == StorageCode::ServerBusy;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = [("x-ms-error-code", error.code.as_str())];
        if self.is_head || is_not_modified {
            return (status, code).into_response();
        }
        let text = format!("{error}\nRequestId:{}\nTime:{}", self.request_id, self.now);
        let body = format!(
            "{}<Error><Code>{}</Code><Message>{}</Message></Error>",
            xml::HEAD,
            error.code.as_str(),
            xml::escape(&text)
        );
        let mut response = (status, code, [(header::CONTENT_TYPE, "application/xml")], body).into_response();
        if is_busy {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Of a URL that names a blob of this server: its path and query.
pub fn own_part<'u>(url: &'u str, base_urls: &[&str]) -> Option<(String, &'u str)> {
    let rest = base_urls.iter().find_map(|base| url.strip_prefix(base.trim_end_matches('/')))?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    path.parse::<Uri>().ok().map(|uri| (uri.path().to_owned(), query))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_account_container_and_blob() {
        let check = |path: &str, account: &str, container: &str, blob: &str| {
            let names = Names { account: account.into(), container: container.into(), blob: blob.into() };
            assert_eq!(Names::of(path), Some(names), "{path}");
        };
        check("/storage/acc", "acc", "", "");
        check("/storage/acc/", "acc", "", "");
        check("/storage/acc/c", "acc", "c", "");
        check("/storage/acc/c/a/b%20c%2Fd", "acc", "c", "a/b c/d");
        check("/fournil/c/a", "fournil", "c", "a");
        assert_eq!(Names::of(""), None);
    }
}
