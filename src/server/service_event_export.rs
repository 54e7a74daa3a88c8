//! `/portal/service-events/{account}`: what the page of service events shows as JSON lines.

use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use serde::Deserialize;

use super::list_export::{self, ListExport};
use crate::api::{Code, ListQuery, Page, ServiceEvent, ServiceEventFilter};
use crate::domain::ids::AccountName;
use crate::service::service_event::service_event_list;
use crate::service::{Caller, Context, Error, Result};

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
    list_export::serve(cx, &parts, || to_export(&account, wish)).await
}

fn to_export(account: &str, wish: Wish) -> Result<Export> {
    let account = account.parse().map_err(|_| Error::from(Code::AccountNotFound))?;
    let Wish { r#type: event_type, pool, job, task, from, to, q: resource } = wish;
    Ok(Export { account, filter: ServiceEventFilter { event_type, pool, job, task, resource, from, to } })
}

struct Export {
    account: AccountName,
    filter: ServiceEventFilter,
}

impl ListExport for Export {
    type Row = ServiceEvent;

    async fn page(&self, cx: &Context, caller: &Caller, query: &ListQuery) -> Result<Page<ServiceEvent>> {
        service_event_list(cx, caller, &self.account, &self.filter, query).await
    }

    fn write(&self, page: &Page<ServiceEvent>, _: bool, _: bool) -> String {
        let line = |event| format!("{}\n", serde_json::to_string(event).expect("shapes have string keys"));
        page.items.iter().map(line).collect()
    }

    fn kind(&self) -> (&'static str, &'static str) {
        ("application/x-ndjson", "attachment; filename=\"service-events.jsonl\"")
    }
}
