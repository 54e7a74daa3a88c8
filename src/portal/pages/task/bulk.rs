//! The same done to all selected tasks, one after the other, with the result of each.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::batch_run::{BatchProgress, BatchRun, Failure, RunState};
use super::task_commands::Deed;
use crate::domain::permission::Permission;
use crate::portal::components::{Button, ButtonKind, Confirmation, ask};
use crate::portal::i18n::{msg, t, tn};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::{JobRef, TaskRef};
use crate::portal::state::use_session;

/// More tasks at once than this ask for the job's name.
const MANY: usize = 10;

/// What can be done to the selected tasks, and how far it is.
#[component]
pub fn BulkBar(
    here: JobRef,
    selection: RwSignal<BTreeSet<String>>,
    /// Told when something was done.
    #[prop(into)]
    changed: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let here = StoredValue::new(here);
    let run = BatchRun::new();
    let doing = RwSignal::new(Deed::Terminate);
    let start = move |deed: Deed| {
        let ids: Vec<String> = selection.with_untracked(|ids| ids.iter().cloned().collect());
        let confirmation = confirmation(deed, &here.get_value(), ids.len());
        ask(confirmation, move || {
            doing.set(deed);
            run.begin(ids.len() as u64);
            spawn_local(perform(run, deed, here.get_value(), ids, selection, changed));
        });
    };
    let refusal = Signal::derive(move || refusal::of(session, Permission::JobWrite, None));
    let button = move |deed: Deed| {
        let kind = if deed == Deed::Delete { ButtonKind::Danger } else { ButtonKind::Secondary };
        view! { <Button label=deed.label() icon=deed.icon() kind refusal pending=Signal::derive(move || run.is_under_way()) on_press=move || start(deed)/> }
    };
    let count = move || tn(msg::BULK_SELECTED_ONE, msg::BULK_SELECTED_OTHER, selection.with(BTreeSet::len) as i64);
    view! {
        <Show when=move || !selection.with(BTreeSet::is_empty)>
            <div class="bulk-bar" role="group" aria-label=move || t(msg::BULK_LABEL)>
                <span role="status">{count}</span>
                {button(Deed::Terminate)}
                {button(Deed::Reactivate)}
                {button(Deed::Delete)}
                <Button label=msg::BULK_CLEAR kind=ButtonKind::Subtle on_press=move || selection.set(BTreeSet::new())/>
            </div>
        </Show>
        <Show when=move || run.state.get() != RunState::Idle>
            <div class="bulk-bar bulk-bar--progress">
                <BatchProgress run label=Signal::derive(move || t(doing.get().label()).to_owned())/>
                <Show when=move || run.state.get() == RunState::Ended>
                    <Button label=msg::CLOSE kind=ButtonKind::Subtle on_press=move || run.state.set(RunState::Idle)/>
                </Show>
            </div>
        </Show>
    }
}

fn confirmation(deed: Deed, here: &JobRef, n: usize) -> Confirmation {
    let (one, other) = match deed {
        Deed::Terminate => (msg::BULK_TERMINATE_ONE, msg::BULK_TERMINATE_OTHER),
        Deed::Reactivate => (msg::BULK_REACTIVATE_ONE, msg::BULK_REACTIVATE_OTHER),
        Deed::Delete => (msg::BULK_DELETE_ONE, msg::BULK_DELETE_OTHER),
    };
    Confirmation {
        title: tn(one, other, n as i64),
        effect: t(deed.effect()).to_owned(),
        button: t(deed.label()).to_owned(),
        typed: (n > MANY).then(|| here.job.to_string()),
    }
}

async fn perform(
    run: BatchRun,
    deed: Deed,
    here: JobRef,
    ids: Vec<String>,
    selection: RwSignal<BTreeSet<String>>,
    changed: Callback<()>,
) {
    for id in ids {
        let answer = match id.parse() {
            Ok(task) => deed.request(TaskRef { account: here.account.clone(), job: here.job.clone(), task }).await,
            Err(_) => Err(crate::api::Code::TaskNotFound.into()),
        };
        let failure = answer.err().map(|error| Failure { id: id.clone(), error });
        // What failed stays selected, to be tried again or looked at.
        if failure.is_none() {
            selection.try_update(|ids| ids.remove(&id));
        }
        if !run.advance(1, failure.into_iter().collect()) {
            break;
        }
    }
    run.end();
    // Nobody listens when the page was left.
    changed.try_run(());
}
