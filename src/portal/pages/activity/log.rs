//! The log as a table, and as a file.

use leptos::prelude::*;

use super::filters::{FilterBar, Filters};
use crate::api::{Activity, CallerKind, Via};
use crate::domain::ids::AccountName;
use crate::portal::components::{
    Button, Column, DataTable, Empty, Glyph, Icon, Source, StateBadge, StateFilter, Time, Tone,
};
use crate::portal::i18n::{Msg, msg, t, tn, tx};
use crate::portal::paths;
use crate::server_fns::activity_list;

#[component]
pub(super) fn ActivityLog(account: Signal<Option<AccountName>>) -> impl IntoView {
    let filters = Filters::new();
    let filter = Memo::new(move |_| filters.get());
    let source = Source::new(move |query| activity_list(account.get(), filter.get(), query));
    let empty = move || {
        view! {
            <Empty icon=Icon::Clock title=msg::ACTIVITY_NONE text=msg::ACTIVITY_NONE_TEXT>
                <Show when=move || filters.is_any()>
                    <Button label=msg::TABLE_CLEAR_FILTERS icon=Icon::Close on_press=move || filters.clear()/>
                </Show>
            </Empty>
        }
    };
    let export = move |format: &'static str, label: Msg| {
        view! {
            <a class="button" href=move || filters.export(format, account.get()) download="" rel="external">
                <Glyph icon=Icon::Download/><span>{tx(label)}</span>
            </a>
        }
    };
    view! {
        <FilterBar filters/>
        <div class="form__actions">{export("csv", msg::ACTIVITY_CSV)} {export("json", msg::ACTIVITY_JSON)}</div>
        <DataTable
            label=msg::ACTIVITY
            columns=columns(account)
            id=|row: &Activity| row.id.to_string()
            source
            search=msg::TABLE_CONTAINS
            filters=vec![StateFilter::failed(msg::ACTIVITY_FAILED_ONLY)]
            empty
        />
    }
}

fn columns(account: Signal<Option<AccountName>>) -> Vec<Column<Activity>> {
    let mut all = vec![
        Column::new("operation", msg::ACTIVITY_WHAT, |row: &Activity| {
            let short = row.operation.trim_start_matches("Microsoft.Batch/batchAccounts/").to_owned();
            view! { <span title=row.operation.clone()>{short}</span> }
        })
        .width(14.0),
        Column::new("result", msg::ACTIVITY_RESULT, |row: &Activity| {
            let (tone, text) = match row.code.as_str() {
                "" => (Tone::Good, t(msg::ACTIVITY_SUCCEEDED).to_owned()),
                code => (Tone::Bad, code.to_owned()),
            };
            view! { <StateBadge tone label=text/> {left_out(row.left_out)} }
        })
        .width(11.0),
        Column::new("resource", msg::ACTIVITY_RESOURCE, |row: &Activity| row.resource.clone()).width(12.0),
        Column::new("caller", msg::ACTIVITY_WHO, |row: &Activity| match (row.caller.as_str(), row.caller_kind) {
            ("", _) => t(msg::ACTIVITY_NOBODY).to_owned(),
            (name, CallerKind::Unknown) => format!("{name} ({})", t(msg::ACTIVITY_CLAIMED)),
            (name, CallerKind::SharedKey) => format!("{name} ({})", t(msg::ACTIVITY_BY_KEY)),
            (name, CallerKind::User | CallerKind::Operator) => name.to_owned(),
        })
        .width(9.0),
        Column::new("time", msg::ACTIVITY_WHEN, |row: &Activity| view! { <Time at=row.time/> }).width(8.0),
        Column::new("from", msg::ACTIVITY_ADDRESS, |row: &Activity| row.client_address.clone()).width(8.0),
        Column::new("via", msg::ACTIVITY_VIA, |row: &Activity| t(via(row.via))).width(8.0).hidden(),
        Column::new("request", msg::ACTIVITY_REQUEST, |row: &Activity| row.request_id.clone()).width(17.0).hidden(),
    ];
    if untrack(|| account.get()).is_none() {
        let of_account = Column::new("account", msg::ACTIVITY_ACCOUNT, |row: &Activity| {
            row.account.clone().map(|name| view! { <a href=paths::account(&name)>{name.clone()}</a> })
        });
        all.insert(2, of_account.width(8.0));
    }
    all
}

/// Failed calls before this one that were too many to be written down.
fn left_out(n: i64) -> Option<impl IntoView> {
    let text = move || tn(msg::ACTIVITY_MORE_ONE, msg::ACTIVITY_MORE_OTHER, n);
    (n > 0).then(|| view! { <span class="field__hint">{text}</span> })
}

const fn via(via: Via) -> Msg {
    match via {
        Via::Portal => msg::ACTIVITY_VIA_PORTAL,
        Via::Batch => msg::ACTIVITY_VIA_BATCH,
        Via::Management => msg::ACTIVITY_VIA_MANAGEMENT,
        Via::CommandLine => msg::ACTIVITY_VIA_COMMAND_LINE,
    }
}
