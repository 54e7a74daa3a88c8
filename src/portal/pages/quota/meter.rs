//! How much of a limit is in use, and what is asked for on top: red before a form is sent that would be refused.

use leptos::prelude::*;

use crate::domain::quota::Use;
use crate::portal::components::{Progress, Share, Tone};
use crate::portal::format;
use crate::portal::i18n::{Msg, language, msg, t, tf, tx};
use crate::portal::pages::account::use_account_summary;

#[component]
pub fn QuotaMeter(
    label: Msg,
    usage: Signal<Use>,
    /// What comes of asking for more than is left.
    exceeded: Msg,
) -> impl IntoView {
    let number = |n: i64| format::number(language(), n);
    let text = Signal::derive(move || {
        let Use { used, wanted, quota } = usage.get();
        let values = [("wanted", number(wanted)), ("used", number(used)), ("quota", number(quota))];
        let message = if wanted > 0 { msg::POOL_QUOTA } else { msg::QUOTA_USED };
        tf(message, &values.each_ref().map(|(key, value)| (*key, value.as_str())))
    });
    let shares = Signal::derive(move || {
        let usage = usage.get();
        let is_full = usage.used >= usage.quota;
        let used = Share {
            tone: if is_full { Tone::Bad } else { Tone::Neutral },
            n: usage.used.min(usage.quota),
            label: tf(msg::POOL_QUOTA_USED, &[("n", &number(usage.used))]),
        };
        let wanted = Share {
            tone: if usage.is_exceeded() { Tone::Bad } else { Tone::Good },
            n: usage.wanted.min(usage.left()),
            label: tf(msg::POOL_QUOTA_WANTED, &[("n", &number(usage.wanted))]),
        };
        vec![used, wanted]
    });
    view! {
        <div class="meters__item">
            <p class="meters__label"><span>{tx(label)}</span><span class="meters__value">{text}</span></p>
            <Progress label shares whole=Signal::derive(move || usage.get().quota) done=Signal::derive(move || usage.get().used + usage.get().wanted)/>
            <div aria-live="polite">
                <Show when=move || usage.get().is_exceeded()><p class="field__error">{move || t(exceeded)}</p></Show>
            </div>
        </div>
    }
}

/// Whether another pool fits.
#[component]
pub fn PoolMeter() -> impl IntoView {
    let summary = use_account_summary();
    let usage = move || summary.with(|s| s.map(|s| Use::pools(s.counts.pools, &s.account.quotas, 1)));
    view! { <Known usage=Signal::derive(usage) label=msg::POOLS exceeded=msg::ERROR_POOL_QUOTA_REACHED/> }
}

/// Whether another active job or job schedule fits.
#[component]
pub fn JobMeter() -> impl IntoView {
    let summary = use_account_summary();
    let usage = move || {
        summary
            .with(|s| s.map(|s| Use::jobs(s.counts.active_jobs, s.counts.active_job_schedules, &s.account.quotas, 1)))
    };
    let exceeded = msg::ERROR_ACTIVE_JOB_AND_SCHEDULE_QUOTA_REACHED;
    view! { <Known usage=Signal::derive(usage) label=msg::QUOTA_JOBS_LABEL exceeded/> }
}

/// Nothing until the account is known.
#[component]
fn Known(usage: Signal<Option<Use>>, label: Msg, exceeded: Msg) -> impl IntoView {
    let is_known = Memo::new(move |_| usage.get().is_some());
    let known = Signal::derive(move || usage.get().unwrap_or(Use { used: 0, wanted: 0, quota: 0 }));
    view! { <Show when=move || is_known.get()><QuotaMeter label usage=known exceeded/></Show> }
}
