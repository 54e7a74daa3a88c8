//! `/portal/activity/csv` and `…/json`: what the page of the activity log shows, to be saved, however much it is. Sent page
//! by page as the browser takes it.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;

use super::headers::ErrorAnswer;
use super::server_functions::signed_in;
use crate::api::{Activity, ActivityFilter, Code, ListQuery, Page};
use crate::domain::ids::AccountName;
use crate::service::activity::activity_list;
use crate::service::{Caller, Context, Error, Result, session};

const PAGE: u32 = 1000;

/// The parameters of the page's own URL.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    account: String,
    who: String,
    what: String,
    q: String,
    failed: String,
    from: String,
    to: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

pub async fn serve(
    State(cx): State<Context>,
    Path(format): Path<String>,
    Query(wish): Query<Wish>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let begun = match signed_in(&cx, &parts).await {
        Ok(Some(caller)) => begin(cx, caller, &format, wish).await,
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
    account: Option<AccountName>,
    filter: ActivityFilter,
    format: Format,
}

impl Export {
    async fn page(&self, cursor: String) -> Result<Page<Activity>> {
        let query = ListQuery { cursor, limit: PAGE, ..ListQuery::default() };
        activity_list(&self.cx, &self.caller, self.account.as_ref(), &self.filter, &query).await
    }

    async fn next_page(&self, cursor: String) -> Result<Page<Activity>> {
        // Who is signed out meanwhile gets no more.
        match session::is_still_alive(&self.cx, &self.caller).await? {
            true => self.page(cursor).await,
            false => Err(Code::Unauthorized.into()),
        }
    }

    /// A page as text; `is_first` and `is_last` say where in the file it stands.
    fn write(&self, page: &Page<Activity>, is_first: bool, is_last: bool) -> String {
        let mut out = String::new();
        match self.format {
            Format::Csv => {
                if is_first {
                    out.push_str(HEAD);
                }
                page.items.iter().for_each(|row| out.push_str(&csv_row(row)));
            }
            Format::Json => {
                out.push_str(if is_first { "[" } else { "" });
                for (i, row) in page.items.iter().enumerate() {
                    out.push_str(if is_first && i == 0 { "\n" } else { ",\n" });
                    out.push_str(&serde_json::to_string(row).expect("shapes have string keys"));
                }
                out.push_str(if is_last { "\n]\n" } else { "" });
            }
        }
        out
    }
}

/// The first page is read before the answer begins, so that what is wrong is an error and not a broken file.
async fn begin(cx: Context, caller: Caller, format: &str, wish: Wish) -> Result<(Export, Page<Activity>)> {
    let format = match format {
        "csv" => Format::Csv,
        "json" => Format::Json,
        _ => return Err(Code::ResourceNotFound.into()),
    };
    let account = match wish.account.as_str() {
        "" => None,
        name => Some(name.parse().map_err(|_| Error::from(Code::AccountNotFound))?),
    };
    let filter = ActivityFilter {
        caller: wish.who,
        operation: wish.what,
        resource: wish.q,
        failed_only: wish.failed == "1",
        from: wish.from,
        to: wish.to,
    };
    let export = Export { cx, caller, account, filter, format };
    let first = export.page(String::new()).await?;
    Ok((export, first))
}

fn send(export: Export, first: Page<Activity>) -> Response {
    let (kind, name) = match export.format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"activity.csv\""),
        Format::Json => ("application/json", "attachment; filename=\"activity.json\""),
    };
    let body =
        Body::from_stream(stream::try_unfold((export, Some(first), true), |(export, page, is_first)| async move {
            let Some(page) = page else { return Ok::<_, std::io::Error>(None) };
            let text = export.write(&page, is_first, page.next.is_none());
            let next = match page.next {
                Some(cursor) => {
                    // A file that breaks off is seen as broken by the browser.
                    let page =
                        export.next_page(cursor).await.map_err(|error| std::io::Error::other(error.to_string()))?;
                    Some(page)
                }
                None => None,
            };
            Ok(Some((Bytes::from(text), (export, next, false))))
        }));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const HEAD: &str = "time,caller,callerKind,operation,account,resource,via,clientAddress,code,requestId,leftOut\r\n";

fn csv_row(row: &Activity) -> String {
    let (time, left_out) = (row.time.to_string(), row.left_out.to_string());
    let cells = [
        time.as_str(),
        &row.caller,
        row.caller_kind.as_str(),
        &row.operation,
        row.account.as_deref().unwrap_or_default(),
        &row.resource,
        row.via.as_str(),
        row.client_address.as_deref().unwrap_or_default(),
        &row.code,
        &row.request_id,
        &left_out,
    ];
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// As RFC 4180 has it. What a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(cell: &str) -> String {
    let guarded = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() };
    if guarded.contains([',', '"', '\n', '\r']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_neither_breaks_out_nor_computes() {
        let check = |cell: &str, expected: &str| assert_eq!(quoted(cell), expected);
        check("pools/p1", "pools/p1");
        check("a,b", "\"a,b\"");
        check("say \"x\"", "\"say \"\"x\"\"\"");
        check("=HYPERLINK(\"http://evil\")", "\"'=HYPERLINK(\"\"http://evil\"\")\"");
        check("-1+1", "'-1+1");
    }
}
