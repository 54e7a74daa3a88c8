//! What a task waits for and what follows from its end, on its page.

use leptos::prelude::*;

use super::ends::{ExitRow, When, exit_rows, write_range};
use super::exit_editor::{dependents_text, job_text, when_text};
use super::page::TaskContext;
use crate::api::{ExitConditions, Task, TaskDependencies};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::paths;

/// The tasks that this one waits for, and its exit conditions; nothing where there are none.
#[component]
pub fn TaskEnds(task: Signal<Task>) -> impl IntoView {
    let settings = Memo::new(move |_| task.with(|task| task.settings.clone()));
    let dependencies = move || settings.with(|s| s.depends_on.clone()).filter(|d| !d.is_empty());
    let conditions = move || settings.with(|s| s.exit_conditions.clone());
    view! {
        {move || dependencies().map(|dependencies| view! { <Dependencies dependencies/> })}
        {move || conditions().map(|conditions| view! { <Conditions conditions/> })}
    }
}

/// So many ids are shown; a task may depend on thousands.
const SHOWN: usize = 50;

#[component]
fn Dependencies(dependencies: TaskDependencies) -> impl IntoView {
    let context = expect_context::<TaskContext>();
    let n_more = dependencies.task_ids.len().saturating_sub(SHOWN);
    let link = move |id: String| {
        let href = context.here.get().map(|here| paths::task(&here.account, &here.job, &id));
        view! { <li><a href=href>{id}</a></li> }
    };
    let ids = dependencies.task_ids.into_iter().take(SHOWN).map(link).collect_view();
    let range = |range: crate::api::TaskIdRange| view! { <li><code>{write_range(range.start, range.end)}</code></li> };
    let ranges = dependencies.task_id_ranges.into_iter().take(SHOWN).map(range).collect_view();
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::TASK_DEPENDS_ON)}</h2>
            <ul class="plain-list">{ids}{(n_more > 0).then(|| view! { <li>{format!("+ {n_more}")}</li> })}{ranges}</ul>
        </section>
    }
}

#[component]
fn Conditions(conditions: ExitConditions) -> impl IntoView {
    let row = |row: ExitRow| {
        let when = match row.when {
            When::Codes => format!("{} {}", t(msg::TASK_EXIT_CODE), row.codes),
            other => t(when_text(other)).to_owned(),
        };
        let (dependents, job) = (row.dependents.parse().ok(), row.job.parse().ok());
        view! { <tr><th scope="row">{when}</th><td>{t(dependents_text(dependents))}</td><td>{t(job_text(job))}</td></tr> }
    };
    let rows = move || exit_rows(&conditions).into_iter().map(row).collect_view();
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::TASK_EXIT_CONDITIONS)}</h2>
            <div class="simple-table">
                <table>
                    <thead><tr>
                        <th scope="col">{tx(msg::TASK_EXIT_END)}</th><th scope="col">{tx(msg::TASK_EXIT_DEPENDENTS_TITLE)}</th><th scope="col">{tx(msg::TASK_EXIT_JOB_TITLE)}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}
