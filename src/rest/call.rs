//! A request whose caller is known, with what every operation reads of it.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::auth::Known;
use super::error::{Failure, Result};
use super::query::{self, Query};
use super::reply;
use super::request_info::RequestInfo;
use crate::api::{self, Code, Timestamp};
use crate::domain::condition::{Condition, Tags};
use crate::domain::ids::AccountName;
use crate::domain::odata::{Field, Slice, Stretch};
use crate::service::{Caller, Context, Recorded};

/// Most items of a page, where the list has no limit of its own.
pub const PAGE: usize = 1000;

#[derive(Clone)]
pub struct Call {
    pub cx: Context,
    pub caller: Caller,
    pub account: AccountName,
    /// Links in the answer begin with it.
    pub base_url: String,
    pub query: Query,
    path: String,
    headers: HeaderMap,
}

/// Reads and checks what all operations share; limits the time that the operation takes.
pub async fn prepare(State(cx): State<Context>, mut request: Request, next: Next) -> Result {
    let (info, known) = known(&request);
    let query = Query::parse(request.uri().query().unwrap_or_default())?;
    query.api_version()?;
    let time = query.timeout()?;
    // Whoever reads a body looks at its headers again.
    let reads = matches!(info.method, Method::GET | Method::HEAD);
    let headers = if reads { std::mem::take(request.headers_mut()) } else { request.headers().clone() };
    let recorded = request.extensions().get::<Recorded>().cloned().expect("the layers outside this one set it");
    let mut call = Call {
        cx: recorded.context(&cx),
        caller: known.caller,
        account: known.account,
        base_url: info.base_url,
        query,
        path: request.uri().path().to_owned(),
        headers,
    };
    if !reads {
        call.caller.only_if = call.condition()?;
    }
    request.extensions_mut().insert(call);
    tokio::time::timeout(time, next.run(request)).await.map_err(|_| Code::OperationTimedOut.into())
}

fn known(request: &Request) -> (RequestInfo, Known) {
    let info = request.extensions().get::<RequestInfo>().cloned();
    let known = request.extensions().get::<Known>().cloned();
    info.zip(known).expect("the layers outside this one set them")
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(parts.extensions.remove::<Call>().expect("`prepare` is a layer of every route, which takes one call"))
    }
}

/// What a GET of one resource may say.
pub struct GetQuery {
    pub select: Option<Vec<&'static str>>,
}

/// What a list may say.
pub struct ListQuery {
    pub slice: Slice,
    pub select: Option<Vec<&'static str>>,
}

impl Call {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Refuses every parameter but those of all operations.
    pub fn no_query(&self) -> Result<()> {
        Ok(self.query.allow(&[])?)
    }

    /// Whether a deletion or termination is told not to wait for nodes; no other parameter is allowed.
    pub fn force(&self) -> Result<bool> {
        self.query.allow(&["force"])?;
        Ok(self.query.flag("force")?)
    }

    pub fn get_query(&self, properties: &'static [&'static str]) -> Result<GetQuery> {
        self.query.allow(&["$select", "$expand"])?;
        self.query.expand()?;
        Ok(GetQuery { select: self.query.select(properties)? })
    }

    /// `properties` are those that can be selected; a list without any takes no `$select`.
    pub fn list_query(&self, fields: &[Field], properties: &'static [&'static str], most: usize) -> Result<ListQuery> {
        self.list_query_with(&[], fields, properties, most)
    }

    /// As [`Call::list_query`], for a list with parameters of its own.
    pub fn list_query_with(
        &self,
        own: &[&str],
        fields: &[Field],
        properties: &'static [&'static str],
        most: usize,
    ) -> Result<ListQuery> {
        let selects: &[&str] = if properties.is_empty() { &[] } else { &["$select", "$expand"] };
        self.query.allow(&[&["$filter", "maxresults", "$skiptoken"], selects, own].concat())?;
        self.query.expand()?;
        let limit = self.query.max_results(most)?;
        let filter = self.query.filter(fields)?;
        let after = self.query.get("$skiptoken").map(read_token).transpose()?;
        Ok(ListQuery { slice: Slice { filter, after, limit }, select: self.query.select(properties)? })
    }

    /// The page's answer.
    pub fn list_reply<T: Serialize>(&self, kind: &str, list: &ListQuery, stretch: Stretch<T>) -> Response {
        let next = stretch.next.map(|id| self.next_link(&id));
        reply::list(&self.base_url, kind, &stretch.items, list.select.as_deref(), next.as_deref())
    }

    /// The same list from here on. Names are in lower case and the token is plain text, so that every client signs the
    /// link alike; filter and selection are in the link, because clients do not send them again.
    fn next_link(&self, after: &str) -> String {
        let token = URL_SAFE_NO_PAD.encode(after);
        let mut link = format!("{}{}?$skiptoken={token}", self.base_url, self.path);
        for name in CARRIED {
            if let Some(value) = self.query.get(name) {
                link.push_str(&format!("&{name}={}", percent_encode(value)));
            }
        }
        link
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The request's condition.
    ///
    /// # Errors
    /// `MultipleConditionHeadersNotSupported`, `InvalidHeaderValue` for a date that is none.
    pub fn condition(&self) -> Result<Condition> {
        let names = [header::IF_MATCH, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE];
        let set: Vec<_> = names.iter().filter(|name| self.headers.contains_key(*name)).collect();
        let name = match set[..] {
            [] => return Ok(Condition::None),
            [name] => name,
            _ => return Err(Code::MultipleConditionHeadersNotSupported.into()),
        };
        let text = self.header(name.as_str()).unwrap_or_default();
        let bad =
            || api::Error::new(Code::InvalidHeaderValue).with("HeaderName", name.as_str()).with("HeaderValue", text);
        let date = || Timestamp::from_http_date(text).ok_or_else(bad);
        Ok(match *name {
            header::IF_MATCH => Condition::Match(Tags::parse(text)),
            header::IF_NONE_MATCH => Condition::NoneMatch(Tags::parse(text)),
            header::IF_MODIFIED_SINCE => Condition::ModifiedSince(date()?),
            _ => Condition::UnmodifiedSince(date()?),
        })
    }

    /// For reads: refuses the request if its condition does not hold for the resource as it is, with 304 where the
    /// caller asks whether something is new. Writes are checked by their operation, as `Caller::only_if`.
    pub fn check(&self, e_tag: &str, modified: Timestamp) -> Result<()> {
        let condition = self.condition()?;
        if condition.holds(e_tag, modified) {
            return Ok(());
        }
        let is_old = matches!(condition, Condition::NoneMatch(_) | Condition::ModifiedSince(_));
        let status = if is_old { StatusCode::NOT_MODIFIED } else { StatusCode::PRECONDITION_FAILED };
        Err(Failure::with_status(Code::ConditionNotMet, status))
    }
}

/// Parameters that a link to the next page says again.
const CARRIED: [&str; 12] = [
    "$filter", "$select", "$expand", "maxresults", "recursive", "eventtype", "poolid", "jobid", "taskid", "starttime",
    "endtime", "api-version",
];

fn read_token(token: &str) -> std::result::Result<String, api::Error> {
    let id = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    id.ok_or_else(|| query::invalid("$skiptoken", token, "it is not from a link of this list"))
}

/// Encodes all but what may stand in a query anywhere.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
