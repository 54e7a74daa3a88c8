//! What a run of a formula said: a table of variables, or why it failed. And a button that runs one for nothing.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::formula;
use crate::api::{self, AutoScaleRun, AutoScaleRunError, PoolEvaluateAutoScale};
use crate::portal::components::{Button, ErrorBar, Glyph, Icon};
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::pages::route_ids::PoolRef;
use crate::portal::state::use_session;
use crate::server_fns::pool_evaluate_auto_scale;

#[component]
pub fn RunResults(run: AutoScaleRun, title: Msg) -> impl IntoView {
    let rows = formula::variables(run.results.as_deref().unwrap_or_default());
    let table = (!rows.is_empty()).then(|| {
        let rows = rows.into_iter().map(|(name, value)| {
            view! { <tr><th scope="row"><code>{name}</code></th><td><code>{value}</code></td></tr> }
        });
        view! {
            <div class="simple-table simple-table--low" tabindex="0" role="region" aria-label=tx(title)>
                <table>
                    <thead><tr><th scope="col">{tx(msg::AUTO_SCALE_VARIABLE)}</th><th scope="col">{tx(msg::AUTO_SCALE_VALUE)}</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
    });
    view! {
        {run.error.map(|error| view! { <RunError error/> })}
        {table}
    }
}

#[component]
fn RunError(error: AutoScaleRunError) -> impl IntoView {
    let (text, reason) = failure(&error);
    view! {
        <div class="error-bar" role="status">
            <Glyph icon=Icon::Alert/>
            <div class="error-bar__body">
                <p class="error-bar__text">{tx(text)}</p>
                <p class="error-bar__reason"><code>{reason}</code></p>
            </div>
        </div>
    }
}

/// Runs the formula as it stands on the pool as it is; nothing comes of it.
#[component]
pub fn TryFormula(here: PoolRef, formula: Signal<String>) -> impl IntoView {
    let session = use_session();
    let (pending, answer) = (RwSignal::new(false), RwSignal::new(None::<Result<AutoScaleRun, api::Error>>));
    let here = StoredValue::new(here);
    let run = move || {
        let PoolRef { account, pool } = here.get_value();
        let evaluate = PoolEvaluateAutoScale { auto_scale_formula: formula.get_untracked() };
        pending.set(true);
        spawn_local(async move {
            let said = pool_evaluate_auto_scale(account, pool, evaluate).await;
            if let Err(refused) = &said {
                session.observe(refused);
            }
            pending.try_set(false);
            answer.try_set(Some(said));
        });
    };
    let shown = move || {
        answer.get().map(|answer| match answer {
            Ok(run) => view! { <RunResults run title=msg::AUTO_SCALE_TRIED/> }.into_any(),
            Err(error) => view! { <ErrorBar error/> }.into_any(),
        })
    };
    view! {
        <Button label=msg::AUTO_SCALE_TRY pending on_press=run/>
        <p class="form__note">{move || t(msg::AUTO_SCALE_TRY_NOTE)}</p>
        <div aria-live="polite">{shown}</div>
    }
}

/// What to say of a failed run, and the server's words for the place and the reason.
fn failure(error: &AutoScaleRunError) -> (Msg, Option<String>) {
    let is_few = error.code == "InsufficientSampleData";
    let text = if is_few { msg::AUTO_SCALE_FEW_SAMPLES } else { msg::AUTO_SCALE_RUN_FAILED };
    let reason = error.values.iter().find(|value| value.name.as_deref() == Some("Message"));
    (text, reason.and_then(|value| value.value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::NameValuePair;

    #[test]
    fn a_failed_run_is_told_with_its_place() {
        let error = |code: &str| AutoScaleRunError {
            code: code.into(),
            message: "m".into(),
            values: vec![
                NameValuePair { name: Some("Line".into()), value: Some("2".into()) },
                NameValuePair { name: Some("Message".into()), value: Some("Line 2, Col 3: x".into()) },
            ],
        };
        let place = || Some("Line 2, Col 3: x".to_owned());
        assert_eq!(failure(&error("InsufficientSampleData")), (msg::AUTO_SCALE_FEW_SAMPLES, place()));
        assert_eq!(failure(&error("Other")), (msg::AUTO_SCALE_RUN_FAILED, place()));
        let bare = AutoScaleRunError { values: Vec::new(), ..error("Other") };
        assert_eq!(failure(&bare), (msg::AUTO_SCALE_RUN_FAILED, None));
    }
}
