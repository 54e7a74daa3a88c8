//! The events as a table, and as a file.

use leptos::prelude::*;
use serde_json::Value;

use super::filters::{FilterBar, Filters};
use crate::api::{ServiceEvent, ServiceEventType};
use crate::domain::ids::AccountName;
use crate::portal::components::{Button, Column, DataTable, Empty, Glyph, Icon, Source, StateBadge, Time, Tone};
use crate::portal::i18n::{msg, tx};
use crate::portal::paths;
use crate::portal::shell::use_account;
use crate::portal::state::use_changes;
use crate::server_fns::service_event_list;

#[component]
pub(super) fn EventLog() -> impl IntoView {
    let account = use_account();
    let filters = Filters::new();
    let filter = Memo::new(move |_| filters.get());
    let tick = use_changes(move |change| change.account == account.get_untracked().as_str());
    let source = Source::new(move |query| service_event_list(account.get(), filter.get(), query));
    let empty = move || {
        view! {
            <Empty icon=Icon::Bell title=msg::EVENTS_NONE text=msg::EVENTS_NONE_TEXT>
                <Show when=move || filters.is_any()>
                    <Button label=msg::TABLE_CLEAR_FILTERS icon=Icon::Close on_press=move || filters.clear()/>
                </Show>
            </Empty>
        }
    };
    view! {
        <FilterBar filters/>
        <div class="form__actions">
            <a class="button" href=move || filters.export(&account.get()) download="" rel="external">
                <Glyph icon=Icon::Download/><span>{tx(msg::EVENTS_EXPORT)}</span>
            </a>
        </div>
        <DataTable label=msg::EVENTS columns=columns(account) id=|row: &ServiceEvent| row.id.to_string() source tick search=msg::TABLE_CONTAINS empty/>
    }
}

fn columns(account: Memo<AccountName>) -> Vec<Column<ServiceEvent>> {
    vec![
        Column::new("type", msg::EVENTS_TYPE, |row: &ServiceEvent| {
            let label = row.event_type.as_str().trim_end_matches("Event").to_owned();
            view! { <StateBadge tone=tone(row) label/> }
        })
        .width(13.0),
        Column::new("resource", msg::EVENTS_RESOURCE, move |row: &ServiceEvent| links(&account.get(), row)).width(13.0),
        Column::new("details", msg::EVENTS_DETAILS, |row: &ServiceEvent| details(row)).width(20.0),
        Column::new("time", msg::EVENTS_TIME, |row: &ServiceEvent| view! { <Time at=row.time/> }).width(8.0),
        Column::new("properties", msg::EVENTS_PROPERTIES, |row: &ServiceEvent| {
            view! { <code>{row.properties.to_string()}</code> }
        })
        .width(40.0)
        .hidden(),
    ]
}

/// To what the event is about.
fn links(account: &AccountName, row: &ServiceEvent) -> AnyView {
    match (&row.pool_id, &row.job_id, &row.task_id) {
        (Some(pool), ..) => view! { <a href=paths::pool(account, pool)>{pool.clone()}</a> }.into_any(),
        (None, Some(job), Some(task)) => view! {
            <a href=paths::job(account, job)>{job.clone()}</a>" / "<a href=paths::task(account, job, task)>{task.clone()}</a>
        }
        .into_any(),
        (None, Some(job), None) => view! { <a href=paths::job(account, job)>{job.clone()}</a> }.into_any(),
        (None, None, _) => ().into_any(),
    }
}

fn tone(row: &ServiceEvent) -> Tone {
    use ServiceEventType as T;
    match row.event_type {
        T::TaskFail | T::TaskScheduleFail => Tone::Bad,
        T::PoolResizeComplete if row.properties["resultCode"] != "Success" => Tone::Bad,
        T::PoolAutoScale if row.properties["error"].is_object() => Tone::Bad,
        T::PoolResizeComplete | T::JobTerminateComplete | T::TaskComplete => Tone::Good,
        _ => Tone::Neutral,
    }
}

/// What of the body tells most; the whole of it is a column that can be shown.
fn details(row: &ServiceEvent) -> String {
    use ServiceEventType as T;
    let of = |pointer: &str| row.properties.pointer(pointer).map(text).filter(|text| !text.is_empty());
    let named = |name: &str, pointer: &str| of(pointer).map(|value| format!("{name} {value}"));
    let parts = match row.event_type {
        T::PoolCreate => [of("/vmSize"), None, None],
        T::PoolResizeStart => [
            named("targetDedicatedNodes", "/targetDedicatedNodes"),
            named("targetLowPriorityNodes", "/targetLowPriorityNodes"),
            None,
        ],
        T::PoolResizeComplete => [
            of("/resultCode"),
            named("currentDedicatedNodes", "/currentDedicatedNodes"),
            named("currentLowPriorityNodes", "/currentLowPriorityNodes"),
        ],
        T::PoolAutoScale => [of("/error/code"), of("/results"), None],
        T::JobTerminateStart | T::JobTerminateComplete => {
            [of("/terminateReason"), named("succeeded", "/taskCounts/succeeded"), named("failed", "/taskCounts/failed")]
        }
        T::TaskStart => [of("/nodeInfo/nodeId"), None, None],
        T::TaskComplete | T::TaskFail => [named("exitCode", "/executionInfo/exitCode"), of("/nodeInfo/nodeId"), None],
        T::TaskScheduleFail => [of("/schedulingError/code"), of("/schedulingError/message"), None],
        T::JobStart | T::JobDisableStart | T::JobDisableComplete | T::JobDeleteStart | T::JobDeleteComplete => {
            [named("poolId", "/poolId"), None, None]
        }
        T::PoolDeleteStart | T::PoolDeleteComplete => [None, None, None],
    };
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Timestamp;
    use serde_json::json;

    #[test]
    fn an_events_details_are_what_tells_most() {
        let check = |event_type, properties, expected: &str| {
            let (time, ids) = (Timestamp(0), (None, None, None));
            let (pool_id, job_id, task_id) = ids;
            let row = ServiceEvent { id: 1, time, event_type, pool_id, job_id, task_id, properties };
            assert_eq!(details(&row), expected);
        };
        let info = json!({ "executionInfo": { "exitCode": 3 }, "nodeInfo": { "nodeId": "n" } });
        check(ServiceEventType::TaskFail, info, "exitCode 3, n");
        check(ServiceEventType::PoolAutoScale, json!({ "results": "$x=1" }), "$x=1");
        let ended = json!({ "terminateReason": "AllTasksComplete", "taskCounts": { "succeeded": 2, "failed": 0 } });
        check(ServiceEventType::JobTerminateComplete, ended, "AllTasksComplete, succeeded 2, failed 0");
    }
}
