//! Autoscale on a pool's page: formula, last run, next run.

use leptos::prelude::*;

use super::auto_scale_run::{RunResults, TryFormula};
use super::page::PoolContext;
use crate::api::PoolSummary;
use crate::portal::components::{DurationText, Essential, Essentials, Snippet, Time};
use crate::portal::i18n::{msg, tx};

/// Nothing where autoscale is off.
#[component]
pub fn AutoScaleSection(pool: Signal<PoolSummary>) -> impl IntoView {
    let is_on = Memo::new(move |_| pool.with(|pool| pool.pool.settings.enable_auto_scale.unwrap_or_default()));
    view! { <Show when=move || is_on.get()><Formula pool/></Show> }
}

#[component]
fn Formula(pool: Signal<PoolSummary>) -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let formula = Memo::new(move |_| pool.with(|p| p.pool.settings.auto_scale_formula.clone().unwrap_or_default()));
    let interval = Memo::new(move |_| pool.with(|p| p.pool.settings.auto_scale_evaluation_interval));
    let next = Memo::new(move |_| pool.with(|p| p.next_auto_scale));
    let run = Memo::new(move |_| pool.with(|p| p.pool.auto_scale_run.clone()));
    let last = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| run.timestamp)));
    let trial = move || context.here.get().map(|here| view! { <TryFormula here formula=formula.into()/> });
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::AUTO_SCALE)}</h2>
            <Snippet code=formula what=msg::AUTO_SCALE_FORMULA/>
            <Essentials>
                <Essential label=msg::AUTO_SCALE_INTERVAL>{move || interval.get().map(|length| view! { <DurationText length/> })}</Essential>
                <Essential label=msg::AUTO_SCALE_LAST>
                    {move || match last.get() {
                        Some(at) => view! { <Time at/> }.into_any(),
                        None => view! { {tx(msg::NONE)} }.into_any(),
                    }}
                </Essential>
                <Essential label=msg::AUTO_SCALE_NEXT>{move || next.get().map(|at| view! { <Time at/> })}</Essential>
            </Essentials>
            {move || run.get().map(|run| view! { <RunResults run title=msg::AUTO_SCALE_RESULTS/> })}
            {trial}
        </section>
    }
}
