//! A request whose caller is known, with what every operation reads of it.

use std::time::Duration;

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::header::{AUTHORIZATION, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::{Failure, Result};
use super::names::AsSent;
use crate::api::{self, Code};
use crate::auth::secret;
use crate::domain::condition::{Condition, Tags};
use crate::domain::ids::{AccountName, PoolId};
use crate::domain::odata::{Field, Slice};
use crate::rest::query::{self, Query};
use crate::rest::request_info::RequestInfo;
use crate::service::{Caller, Context, Recorded, account, session};

/// Most items of a page.
pub const PAGE: usize = 1000;
/// The server takes at most so long for a request.
const LONGEST: Duration = Duration::from_secs(30);
const UNKNOWN_ADDRESS: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

#[derive(Clone)]
pub struct Call {
    pub cx: Context,
    pub caller: Caller,
    /// Links in the answer begin with it.
    pub base_url: String,
    pub version: String,
    query: Query,
    path: String,
    headers: HeaderMap,
    /// The names in the path.
    names: Vec<(String, String)>,
}

/// Finds out who calls. Only tokens of users do: a key of an account is nothing to the management plane.
pub async fn authenticate(State(cx): State<Context>, mut request: Request, next: Next) -> Result {
    let info = request.extensions().get::<RequestInfo>().cloned().expect("the outermost layer sets it");
    let from = from(&info);
    let missing = "AuthenticationFailed";
    let header = request.headers().get(AUTHORIZATION);
    let header = header.ok_or_else(|| refused(missing, "The Authorization header is missing."))?;
    let token = header.to_str().ok().and_then(secret::bearer);
    let token = token.ok_or_else(|| refused(missing, "The Authorization header holds no bearer token."))?;
    let caller = session::of_token(&cx, token, &from).await?;
    let caller = caller
        .ok_or_else(|| refused("InvalidAuthenticationToken", "The token is unknown, was revoked, or has expired."))?;
    recorded(&request).by(&caller);
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn recorded(request: &Request) -> Recorded {
    request.extensions().get::<Recorded>().cloned().expect("a layer outside these sets it")
}

fn refused(code: &'static str, reason: &str) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, code, format!("Authentication failed. {reason}"))
}

pub fn from(info: &RequestInfo) -> session::From {
    session::From { address: info.from.unwrap_or(UNKNOWN_ADDRESS), request_id: info.request_id.clone() }
}

/// Reads and checks what all operations share; limits the time that the operation takes.
pub async fn prepare(State(cx): State<Context>, mut request: Request, next: Next) -> Result {
    let extensions = request.extensions();
    let info = extensions.get::<RequestInfo>().cloned().expect("the outermost layer sets it");
    let caller = extensions.get::<Caller>().cloned().expect("`authenticate` sets it");
    let path = extensions.get::<AsSent>().map_or_else(|| request.uri().path().to_owned(), |sent| sent.0.clone());
    let query = Query::parse(request.uri().query().unwrap_or_default())?;
    let call = Call {
        cx: recorded(&request).context(&cx),
        caller,
        base_url: info.base_url,
        version: version(&query)?,
        query,
        path,
        headers: request.headers().clone(),
        names: Vec::new(),
    };
    request.extensions_mut().insert(call);
    tokio::time::timeout(LONGEST, next.run(request)).await.map_err(|_| Code::OperationTimedOut.into())
}

/// Every version that is a date is served alike: they differ in what they leave out.
fn version(query: &Query) -> Result<String> {
    let bad = |code, message: String| Failure::new(StatusCode::BAD_REQUEST, code, message);
    let Some(version) = query.get("api-version") else {
        let message = "The query parameter api-version is required, for example api-version=2024-02-01.";
        return Err(bad("MissingApiVersionParameter", message.to_owned()));
    };
    let date = version.strip_suffix("-preview").or(version.strip_suffix("-privatepreview")).unwrap_or(version);
    let is_date = date.len() == 10
        && date.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    if is_date {
        return Ok(version.to_owned());
    }
    let shown: String = version.chars().take(40).collect();
    Err(bad("InvalidApiVersionParameter", format!("The api-version '{shown}' is no date such as 2024-02-01.")))
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::InvalidUri)?;
        let names = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let call = parts.extensions.get::<Call>().cloned().expect("`prepare` is a layer of every route");
        Ok(Call { names, ..call })
    }
}

impl Call {
    /// A name in the path, as its route calls it.
    pub fn name(&self, what: &str) -> &str {
        self.names.iter().find(|(name, _)| name == what).map_or("", |(_, value)| value)
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// A parameter of the query; its name in lower case.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// Refuses parameters that the operation does not have.
    pub fn allow(&self, names: &[&str]) -> Result<()> {
        Ok(self.query.allow(names)?)
    }

    /// What a list may say. A list without fields takes no filter.
    pub fn slice(&self, fields: &[Field]) -> Result<Slice> {
        Ok(self.slice_and_select(fields, &[])?.0)
    }

    /// The same of a list whose items can be asked for in part; with the properties that are wanted, absent for all. Those that can
    /// be are said as they are asked for, `properties/vmSize`.
    pub fn slice_and_select(
        &self,
        fields: &[Field],
        properties: &'static [&'static str],
    ) -> Result<(Slice, Option<Vec<&'static str>>)> {
        let filter: &[&str] = if fields.is_empty() { &[] } else { &["$filter"] };
        let select: &[&str] = if properties.is_empty() { &[] } else { &["$select"] };
        self.allow(&[&["maxresults", "$skiptoken"], filter, select].concat())?;
        let after = self.query.get("$skiptoken").map(|token| {
            let name = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            name.ok_or_else(|| query::invalid("$skiptoken", token, "it is not from a link of this list"))
        });
        let slice = Slice {
            filter: self.query.filter(fields)?,
            after: after.transpose()?,
            limit: self.query.max_results(PAGE)?,
        };
        Ok((slice, self.query.select(properties)?))
    }

    /// The same list from here on.
    pub fn next_link(&self, after: &str) -> String {
        let version = percent_encode(&self.version);
        let token = URL_SAFE_NO_PAD.encode(after);
        let mut link = format!("{}{}?api-version={version}&$skiptoken={token}", self.base_url, self.path);
        for name in ["$filter", "$select", "maxresults"] {
            if let Some(value) = self.query.get(name) {
                link.push_str(&format!("&{name}={}", percent_encode(value)));
            }
        }
        link
    }

    /// The account that the path names. Its subscription and group must be the account's own.
    pub async fn account(&self) -> Result<api::Account> {
        let found = match self.account_name() {
            Some(name) => match account::account_get(&self.cx, &self.caller, &name).await {
                Ok(summary) => Some(summary.account),
                Err(error) if error.public.code == Code::AccountNotFound => None,
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        found.filter(|account| self.is_of_path(account)).ok_or_else(|| {
            let what = format!("Microsoft.Batch/batchAccounts/{}", self.name("account"));
            Failure::not_found(&what, self.name("group"))
        })
    }

    /// Names of accounts are in lower case; absent when the path's can be none's.
    pub fn account_name(&self) -> Option<AccountName> {
        self.name("account").to_ascii_lowercase().parse().ok()
    }

    /// The name of an account that [`Call::account`] has found.
    pub fn owner(&self) -> AccountName {
        self.account_name().expect("the account was found by it")
    }

    pub fn is_of_path(&self, account: &api::Account) -> bool {
        account.subscription_id.eq_ignore_ascii_case(self.name("subscription"))
            && account.resource_group.eq_ignore_ascii_case(self.name("group"))
    }

    /// The id of the pool that the path names.
    pub fn pool_id(&self) -> Result<PoolId> {
        self.name("pool").parse().map_err(|_| Code::PoolNotFound.into())
    }

    /// The location that the path names.
    pub fn location(&self) -> Result<&api::Location> {
        let name = self.name("location");
        self.cx.installation.location(name).ok_or_else(|| {
            let known: Vec<_> = self.cx.installation.locations.iter().map(|l| l.name.as_str()).collect();
            let message = format!("There is no location '{name}'. The locations are: {}.", known.join(", "));
            Failure::new(StatusCode::NOT_FOUND, "LocationNotAvailableForResourceType", message)
        })
    }

    /// The caller, with what must hold for the resource that the call changes.
    pub fn conditional(&self) -> Caller {
        let tags = |name| self.headers.get(name).and_then(|v| v.to_str().ok()).map(Tags::parse);
        let only_if = tags(IF_MATCH).map_or(Condition::None, Condition::Match);
        Caller { only_if, ..self.caller.clone() }
    }

    /// Whether something may be made only if it is not there yet, and only if it is there.
    pub fn only_if_absent(&self) -> bool {
        self.headers.get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes().trim_ascii() == b"*")
    }

    pub fn only_if_there(&self) -> bool {
        self.headers.contains_key(IF_MATCH)
    }
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
