//! Lists as files, however long they are: sent page by page as the browser takes them.

use std::future::Future;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::headers::ErrorAnswer;
use super::server_functions::signed_in;
use crate::api::{Code, ListQuery, Page};
use crate::service::{Caller, Context, Result, session};

const PAGE: u32 = 1000;

/// A list with what the page that shows it has chosen of it.
pub trait ListExport: Send + Sync + 'static {
    type Row: Send + 'static;

    fn page(
        &self,
        cx: &Context,
        caller: &Caller,
        query: &ListQuery,
    ) -> impl Future<Output = Result<Page<Self::Row>>> + Send;

    /// A page as text; `is_first` and `is_last` say where in the file it stands.
    fn write(&self, page: &Page<Self::Row>, is_first: bool, is_last: bool) -> String;

    /// The file's type and its `Content-Disposition`.
    fn kind(&self) -> (&'static str, &'static str);
}

/// Answers a request for the file; `to_export` says what it asks for.
pub async fn serve<E: ListExport>(cx: Context, parts: &Parts, to_export: impl FnOnce() -> Result<E>) -> Response {
    let begun = match signed_in(&cx, parts).await {
        Ok(Some(caller)) => begin(cx, caller, to_export).await,
        Ok(None) => Err(Code::Unauthorized.into()),
        Err(error) => Err(error),
    };
    match begun {
        Ok((sending, first)) => send(sending, first),
        Err(error) => ErrorAnswer(error.into()).into_response(),
    }
}

struct Sending<E> {
    cx: Context,
    caller: Caller,
    export: E,
}

impl<E: ListExport> Sending<E> {
    async fn page(&self, cursor: String) -> Result<Page<E::Row>> {
        let query = ListQuery { cursor, limit: PAGE, ..ListQuery::default() };
        self.export.page(&self.cx, &self.caller, &query).await
    }

    async fn next_page(&self, cursor: String) -> Result<Page<E::Row>> {
        // Who is signed out meanwhile gets no more.
        match session::is_still_alive(&self.cx, &self.caller).await? {
            true => self.page(cursor).await,
            false => Err(Code::Unauthorized.into()),
        }
    }
}

/// The first page is read before the answer begins, so that what is wrong is an error and not a broken file.
async fn begin<E: ListExport>(
    cx: Context,
    caller: Caller,
    to_export: impl FnOnce() -> Result<E>,
) -> Result<(Sending<E>, Page<E::Row>)> {
    let sending = Sending { cx, caller, export: to_export()? };
    let first = sending.page(String::new()).await?;
    Ok((sending, first))
}

fn send<E: ListExport>(sending: Sending<E>, first: Page<E::Row>) -> Response {
    let (kind, name) = sending.export.kind();
    let body =
        Body::from_stream(stream::try_unfold((sending, Some(first), true), |(sending, page, is_first)| async move {
            let Some(page) = page else { return Ok::<_, std::io::Error>(None) };
            let text = sending.export.write(&page, is_first, page.next.is_none());
            let next = match page.next {
                // A file that breaks off is seen as broken by the browser.
                Some(cursor) => {
                    Some(sending.next_page(cursor).await.map_err(|error| std::io::Error::other(error.to_string()))?)
                }
                None => None,
            };
            Ok(Some((Bytes::from(text), (sending, next, false))))
        }));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
