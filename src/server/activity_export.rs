//! `/portal/activity/csv` and `…/json`: what the page of the activity log shows, to be saved.

use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use serde::Deserialize;

use super::list_export::{self, ListExport};
use crate::api::{Activity, ActivityFilter, Code, ListQuery, Page};
use crate::domain::ids::AccountName;
use crate::service::activity::activity_list;
use crate::service::{Caller, Context, Error, Result};

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
    list_export::serve(cx, &parts, || to_export(&format, wish)).await
}

fn to_export(format: &str, wish: Wish) -> Result<Export> {
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
    Ok(Export { account, filter, format })
}

struct Export {
    account: Option<AccountName>,
    filter: ActivityFilter,
    format: Format,
}

impl ListExport for Export {
    type Row = Activity;

    async fn page(&self, cx: &Context, caller: &Caller, query: &ListQuery) -> Result<Page<Activity>> {
        activity_list(cx, caller, self.account.as_ref(), &self.filter, query).await
    }

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

    fn kind(&self) -> (&'static str, &'static str) {
        match self.format {
            Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"activity.csv\""),
            Format::Json => ("application/json", "attachment; filename=\"activity.json\""),
        }
    }
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
