//! Where a new job or the jobs of a schedule run, and before which others.

use leptos::prelude::*;

use super::create::hint;
use super::job_form::JobFields;
use super::place_form::{OWN, POOL, PlaceFields, PlaceForm};
use crate::api::{self, ListQuery, PoolLifetimeOption};
use crate::domain::permission::Permission;
use crate::portal::components::combo::Suggestion;
use crate::portal::components::{Checkbox, Combo, Field, NumberInput, ReviewItem, Select, TextInput};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::pages::pool::{
    PoolFields, PoolNodes, PoolPackages, PoolSettingsReview, PoolStart, Surroundings, first_form, pool_state,
};
use crate::portal::pages::quota::JobMeter;
use crate::portal::pages::refusal;
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::shell::use_account;
use crate::portal::state::Session;
use crate::server_fns::pool_list;

/// The choice of a place, and the pool that may be made.
#[derive(Clone, Copy)]
pub struct Place {
    pub choice: PlaceFields,
    pub pool: PoolFields,
    pub surroundings: Signal<Surroundings>,
}

/// Fields on the screen whose errors belong to the step with the place.
pub const PLACE_FIELDS: &[&str] = &[
    "id",
    "displayName",
    "poolInfo",
    "priority",
    "vmSize",
    "targetDedicatedNodes",
    "targetLowPriorityNodes",
    "autoScaleFormula",
    "autoScaleEvaluationInterval",
    "taskSlotsPerNode",
    "networkConfiguration",
    "virtualMachineConfiguration",
    "startTask",
    "applicationPackageReferences",
];

impl Place {
    pub fn new(surroundings: Signal<Surroundings>) -> Self {
        let pool = first_form(&surroundings.get_untracked().sizes, None);
        Place { choice: PlaceFields::new(PlaceForm::default()), pool: PoolFields::new(pool), surroundings }
    }

    /// Who may not make pools gets none by a job either.
    pub fn refusal(self, session: Session) -> Option<String> {
        let pool = self.choice.kind.with(|kind| kind == OWN).then(|| refusal::of(session, Permission::PoolWrite, None));
        refusal::of(session, Permission::JobWrite, None).or(pool.flatten())
    }
}

/// `of_schedule`: the pool may live as long as the schedule.
#[component]
pub fn JobPlace(fields: JobFields, place: Place, #[prop(optional)] of_schedule: bool) -> impl IntoView {
    let is_own = Memo::new(move |_| place.choice.get().is_own());
    let kinds = Signal::derive(|| {
        [(POOL, msg::PLACE_POOL), (OWN, msg::PLACE_OWN)]
            .map(|(key, label)| (key.to_owned(), t(label).to_owned()))
            .to_vec()
    });
    view! {
        <Field name="poolInfo" label=msg::PLACE><Select value=place.choice.kind options=kinds/></Field>
        <Show when=move || is_own.get() fallback=move || view! { <KnownPool fields/> }>
            <OwnPool place of_schedule/>
        </Show>
        <JobPriority fields/>
        <JobMeter/>
    }
}

#[component]
pub fn JobPriority(fields: JobFields) -> impl IntoView {
    view! {
        <Field name="priority" label=msg::JOB_PRIORITY hint=hint(msg::JOB_PRIORITY_HINT) required=true>
            <NumberInput value=fields.priority min=-1000 max=1000/>
        </Field>
    }
}

#[component]
fn OwnPool(place: Place, of_schedule: bool) -> impl IntoView {
    let Place { choice, pool, surroundings } = place;
    let lifetimes = Signal::derive(|| {
        PoolLifetimeOption::ALL.iter().map(|kind| (kind.to_string(), t(lifetime(*kind)).to_owned())).collect::<Vec<_>>()
    });
    view! {
        <Field name="poolInfo.autoPoolSpecification.autoPoolIdPrefix" label=msg::AUTO_POOL_PREFIX hint=hint(msg::AUTO_POOL_PREFIX_HINT)>
            <TextInput value=choice.prefix code=true/>
        </Field>
        {of_schedule.then(|| view! {
            <Field name="poolInfo.autoPoolSpecification.poolLifetimeOption" label=msg::AUTO_POOL_LIFETIME>
                <Select value=choice.lifetime options=lifetimes/>
            </Field>
        })}
        <Checkbox value=choice.keep_alive label=msg::AUTO_POOL_KEEP hint=hint(msg::AUTO_POOL_KEEP_HINT)/>
        <PoolNodes fields=pool surroundings/>
        <PoolStart fields=pool/>
        <PoolPackages fields=pool/>
    }
}

/// What an auto pool is made for.
pub fn lifetime(kind: PoolLifetimeOption) -> crate::portal::i18n::Msg {
    match kind {
        PoolLifetimeOption::Job => msg::AUTO_POOL_LIFETIME_JOB,
        PoolLifetimeOption::JobSchedule => msg::AUTO_POOL_LIFETIME_SCHEDULE,
    }
}

/// The choice of a pool that is there.
#[component]
pub fn KnownPool(fields: JobFields) -> impl IntoView {
    let account = use_account();
    // As many as a person would read; what is typed narrows them.
    let pools = use_reading(
        move || (account.get(), fields.pool.get()),
        Signal::stored(0),
        |(account, search)| pool_list(account, ListQuery { search, limit: 30, ..ListQuery::default() }),
    );
    let suggestions = move || {
        pools.with(|page| {
            let items = page.map(|page| page.items.as_slice()).unwrap_or_default();
            items
                .iter()
                .map(|pool| Suggestion::new(pool.pool.settings.id.clone(), t(pool_state::look(&pool.pool).1)))
                .collect::<Vec<_>>()
        })
    };
    let is_unknown = Memo::new(move |_| {
        let typed = fields.pool.get();
        let is_there = |page: &api::Page<api::PoolSummary>| {
            page.items.iter().any(|pool| pool.pool.settings.id.eq_ignore_ascii_case(typed.trim()))
        };
        !typed.trim().is_empty() && pools.with(|page| page.is_some_and(|page| !is_there(page)))
    });
    let make_pool = move || paths::with_query(paths::pool_create(account.get()), &[("id", fields.pool.get().trim())]);
    view! {
        <Field name="poolInfo.poolId" label=msg::JOB_POOL hint=hint(msg::JOB_POOL_HINT) required=true>
            <Combo value=fields.pool suggestions=Signal::derive(suggestions)/>
        </Field>
        <Show when=move || is_unknown.get()>
            <p class="form__note" role="status">{tx(msg::JOB_POOL_UNKNOWN)}" "<a href=make_pool target="_blank" rel="noopener">{tx(msg::POOL_CREATE)}</a></p>
        </Show>
    }
}

/// What a review says of the place.
#[component]
pub fn PlaceReview(fields: JobFields, place: Place) -> impl IntoView {
    let is_own = Memo::new(move |_| place.choice.get().is_own());
    let kept =
        Signal::derive(move || t(if place.choice.keep_alive.get() { msg::POOL_YES } else { msg::POOL_NO }).to_owned());
    view! {
        <Show when=move || is_own.get() fallback=move || view! { <ReviewItem label=msg::JOB_POOL value=fields.pool/> }>
            <ReviewItem label=msg::JOB_POOL value=Signal::derive(|| t(msg::PLACE_OWN).to_owned())/>
            <ReviewItem label=msg::AUTO_POOL_KEEP value=kept/>
            <PoolSettingsReview fields=place.pool/>
        </Show>
    }
}
