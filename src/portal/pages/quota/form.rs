//! The operator's form of an account's limits.

use leptos::prelude::*;

use crate::api::{AccountQuotas, AccountSummary};
use crate::domain::quota::{self, MOST};
use crate::portal::components::{Button, ButtonKind, Field, FieldErrors, FormErrors, Icon, NumberInput};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::reading::Reading;
use crate::portal::shell::use_account;
use crate::portal::state::use_notifications;
use crate::server_fns::account_quotas_set;

/// As typed, in the order of the fields.
type Typed = [RwSignal<String>; 4];

const FIELDS: [(&str, Msg); 4] = [
    ("dedicatedCoreQuota", msg::QUOTA_CORES),
    ("lowPriorityCoreQuota", msg::QUOTA_LOW_PRIORITY),
    ("poolQuota", msg::POOLS),
    ("activeJobAndJobScheduleQuota", msg::QUOTA_JOBS_LABEL),
];

#[component]
pub(super) fn QuotaForm(loaded: Signal<AccountSummary>, summary: Reading<AccountSummary>) -> impl IntoView {
    let account = use_account();
    let notifications = use_notifications();
    // What is being edited stays when the account changes elsewhere.
    let typed: Typed = numbers(&loaded.get_untracked().account.quotas).map(|n| RwSignal::new(n.to_string()));
    let checked = Memo::new(move |_| read(&typed.map(|value| value.get())));
    let local = Signal::derive(move || checked.get().err().unwrap_or_default());
    let errors = FormErrors::provide(local, Signal::stored(None));
    let refusal = Signal::derive(move || {
        let same = checked.with(|checked| checked.as_ref().is_ok_and(|quotas| *quotas == loaded.get().account.quotas));
        same.then(|| t(msg::NOTHING_CHANGED).to_owned())
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if refusal.with_untracked(Option::is_some) || !errors.check() {
            return;
        }
        let Ok(quotas) = checked.get_untracked() else { return };
        let name = account.get_untracked();
        let text = |message| tf(message, &[("name", name.as_str())]);
        notifications.run(
            text(msg::ACCOUNT_CHANGING),
            text(msg::QUOTAS_SAVED),
            account_quotas_set(name.clone(), quotas),
            move |_| summary.reload(),
        );
    };
    let fields = FIELDS.into_iter().zip(typed).map(|((name, label), value)| {
        view! { <Field name=name label=label required=true><NumberInput value min=0 max=MOST as i32/></Field> }
    });
    view! {
        <form class="form" on:submit=submit novalidate>
            <h2>{tx(msg::QUOTAS_CHANGE)}</h2>
            {fields.collect_view()}
            <div class="form__actions"><Button label=msg::SAVE icon=Icon::Check kind=ButtonKind::Primary submit=true refusal/></div>
        </form>
    }
}

fn numbers(quotas: &AccountQuotas) -> [i64; 4] {
    [
        quotas.dedicated_core_quota,
        quotas.low_priority_core_quota,
        quotas.pool_quota,
        quotas.active_job_and_job_schedule_quota,
    ]
}

fn read(typed: &[String; 4]) -> Result<AccountQuotas, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut numbers = [0; 4];
    for ((number, text), (name, _)) in numbers.iter_mut().zip(typed).zip(FIELDS) {
        match text.trim().parse() {
            Ok(n) => *number = n,
            Err(_) => errors.add(name, msg::QUOTA_NUMBER),
        }
    }
    let [dedicated_core_quota, low_priority_core_quota, pool_quota, active_job_and_job_schedule_quota] = numbers;
    let quotas =
        AccountQuotas { dedicated_core_quota, low_priority_core_quota, pool_quota, active_job_and_job_schedule_quota };
    if errors.is_empty()
        && let Err(refused) = quota::check(&quotas)
    {
        errors.add_refusal(&refused);
    }
    errors.or(quotas)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_numbers_are_quotas_and_anything_else_stands_at_its_field() {
        let typed = |dedicated: &str| [dedicated, "0", " 5 ", "6"].map(str::to_owned);
        assert_eq!(numbers(&read(&typed("10")).unwrap()), [10, 0, 5, 6]);
        for wrong in ["", "ten", "-1", "99999999"] {
            assert!(read(&typed(wrong)).unwrap_err().of("dedicatedCoreQuota").is_some(), "{wrong}");
        }
    }
}
