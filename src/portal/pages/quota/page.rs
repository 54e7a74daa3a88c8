//! The limits of an account and what is in use of them.

use leptos::prelude::*;

use super::form::QuotaForm;
use super::meter::QuotaMeter;
use crate::api::AccountSummary;
use crate::domain::permission::Permission;
use crate::domain::quota::Use;
use crate::portal::components::{Icon, Loaded, PageHeader};
use crate::portal::i18n::{Msg, msg, tx};
use crate::portal::pages::account::use_account_summary;
use crate::portal::shell::use_account;
use crate::portal::state::use_session;

#[component]
pub fn QuotasPage() -> impl IntoView {
    let account = use_account();
    let session = use_session();
    let summary = use_account_summary();
    view! {
        <PageHeader title=msg::QUOTAS kind=Signal::derive(move || Some(account.get().to_string())) icon=Icon::Columns/>
        <p class="lead">{tx(msg::QUOTAS_LEAD)}</p>
        <Loaded reading=summary let:loaded>
            <Meters summary=loaded/>
            // Who may not change them is told whom to ask, above.
            <Show when=move || session.allows(Permission::QuotaWrite)><QuotaForm loaded summary/></Show>
        </Loaded>
    }
}

#[component]
fn Meters(summary: Signal<AccountSummary>) -> impl IntoView {
    let meter = move |label: Msg, usage: fn(&AccountSummary) -> Use| {
        let usage = Signal::derive(move || summary.with(usage));
        view! { <QuotaMeter label usage exceeded=msg::POOL_QUOTA_EXCEEDED/> }
    };
    view! {
        <div class="meters">
            {meter(msg::QUOTA_CORES, |s| Use::dedicated_cores(&s.counts, &s.account.quotas, 0))}
            {meter(msg::QUOTA_LOW_PRIORITY, |s| Use::low_priority_cores(&s.counts, &s.account.quotas, 0))}
            {meter(msg::POOLS, |s| Use::pools(s.counts.pools, &s.account.quotas, 0))}
            {meter(msg::QUOTA_JOBS_LABEL, |s| Use::jobs(s.counts.active_jobs, s.counts.active_job_schedules, &s.account.quotas, 0))}
        </div>
    }
}
