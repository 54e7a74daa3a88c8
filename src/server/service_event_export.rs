//! `/portal/service-events/{account}`: what the page of service events shows as JSON lines, however much it is. Sent page by page as the
//! browser takes it.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;

use super::headers::ErrorAnswer;
use super::server_functions::signed_in;
use crate::api::{Code, ListQuery, Page, ServiceEvent, ServiceEventFilter};
use crate::domain::ids::AccountName;
use crate::service::service_event::service_event_list;
use crate::service::{Caller, Context, Error, Result, session};

const PAGE: u32 = 1000;

/// The parameters of the page's own URL.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    r#type: String,
    pool: String,
    job: String,
    task: String,
    from: String,
    to: String,
    q: String,
}

pub async fn serve(
    State(cx): State<Context>,
    Path(account): Path<String>,
    Query(wish): Query<Wish>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let begun = match signed_in(&cx, &parts).await {
        Ok(Some(caller)) => begin(cx, caller, &account, wish).await,
        Ok(None) => Err(Code::Unauthorized.into()),
        Err(error) => Err(error),
    };
    match begun {
        Ok((export, first)) => send(export, first),
        Err(error) => ErrorAnswer(error.into()).into_response(),
    }
}

struct Export {
    cx: Context,
    caller: Caller,
    account: AccountName,
    filter: ServiceEventFilter,
}

impl Export {
    async fn page(&self, cursor: String) -> Result<Page<ServiceEvent>> {
        let query = ListQuery { cursor, limit: PAGE, ..ListQuery::default() };
        service_event_list(&self.cx, &self.caller, &self.account, &self.filter, &query).await
    }

    async fn next_page(&self, cursor: String) -> Result<Page<ServiceEvent>> {
        // Who is signed out meanwhile gets no more.
        match session::is_still_alive(&self.cx, &self.caller).await? {
            true => self.page(cursor).await,
            false => Err(Code::Unauthorized.into()),
        }
    }
}

/// The first page is read before the answer begins, so that what is wrong is an error and not a broken file.
async fn begin(cx: Context, caller: Caller, account: &str, wish: Wish) -> Result<(Export, Page<ServiceEvent>)> {
    let account = account.parse().map_err(|_| Error::from(Code::AccountNotFound))?;
    let Wish { r#type: event_type, pool, job, task, from, to, q: resource } = wish;
    let filter = ServiceEventFilter { event_type, pool, job, task, resource, from, to };
    let export = Export { cx, caller, account, filter };
    let first = export.page(String::new()).await?;
    Ok((export, first))
}

fn send(export: Export, first: Page<ServiceEvent>) -> Response {
    let body = Body::from_stream(stream::try_unfold((export, Some(first)), |(export, page)| async move {
        let Some(page) = page else { return Ok::<_, std::io::Error>(None) };
        let line = |event| format!("{}\n", serde_json::to_string(event).expect("shapes have string keys"));
        let text: String = page.items.iter().map(line).collect();
        let next = match page.next {
            // A file that breaks off is seen as broken by the browser.
            Some(cursor) => {
                Some(export.next_page(cursor).await.map_err(|error| std::io::Error::other(error.to_string()))?)
            }
            None => None,
        };
        Ok(Some((Bytes::from(text), (export, next))))
    }));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers
        .insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"service-events.jsonl\""));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
