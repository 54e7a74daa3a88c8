//! Work that is done piece by piece: how far it is, what failed, and a way to stop it. Adding many tasks and doing
//! something to many tasks look the same.

use leptos::prelude::*;

use crate::api;
use crate::portal::components::error_bar::sentence;
use crate::portal::components::{Button, Progress, Share, Tone};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tn};

/// So many failures are listed; the others are counted.
const LISTED_FAILURES: usize = 200;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunState {
    #[default]
    Idle,
    Running,
    /// The user has asked to stop: what is under way is waited for.
    Stopping,
    Ended,
}

/// One piece that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub id: String,
    pub error: api::Error,
}

#[derive(Clone, Copy)]
pub struct BatchRun {
    pub state: RwSignal<RunState>,
    n_all: RwSignal<u64>,
    n_done: RwSignal<u64>,
    n_failed: RwSignal<u64>,
    failures: RwSignal<Vec<Failure>>,
}

impl BatchRun {
    pub fn new() -> Self {
        BatchRun {
            state: RwSignal::new(RunState::Idle),
            n_all: RwSignal::new(0),
            n_done: RwSignal::new(0),
            n_failed: RwSignal::new(0),
            failures: RwSignal::new(Vec::new()),
        }
    }

    pub fn begin(self, n_all: u64) {
        self.n_all.set(n_all);
        self.n_done.set(0);
        self.n_failed.set(0);
        self.failures.set(Vec::new());
        self.state.set(RunState::Running);
    }

    /// Goes on where it ended.
    pub fn resume(self) {
        self.state.set(RunState::Running);
    }

    /// Notes pieces that are done, with those among them that failed. False when the run is to end here: the user wants
    /// it so, or the page is gone.
    pub fn advance(self, n_done: u64, failures: Vec<Failure>) -> bool {
        let n_failed = failures.len() as u64;
        self.n_failed.try_update(|n| *n += n_failed);
        self.failures.try_update(|all| {
            all.extend(failures);
            all.truncate(LISTED_FAILURES);
        });
        self.n_done.try_update(|n| *n += n_done);
        self.state.try_get_untracked() == Some(RunState::Running)
    }

    pub fn stop(self) {
        self.state.set(RunState::Stopping);
    }

    pub fn end(self) {
        self.state.try_set(RunState::Ended);
    }

    pub fn n_done(self) -> u64 {
        self.n_done.get()
    }

    pub fn n_failed(self) -> u64 {
        self.n_failed.get()
    }

    /// All pieces were tried.
    pub fn is_complete(self) -> bool {
        self.n_done.get() >= self.n_all.get()
    }

    pub fn is_under_way(self) -> bool {
        matches!(self.state.get(), RunState::Running | RunState::Stopping)
    }
}

/// The bar, the stop button while the work is under way, and the list of what failed.
#[component]
pub fn BatchProgress(
    run: BatchRun,
    /// What is done, e.g. «Adding tasks».
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let number = |n: u64| format::number(language(), n as i64);
    let good = move || run.n_done.get().saturating_sub(run.n_failed.get());
    let shares = Signal::derive(move || {
        vec![
            Share { tone: Tone::Good, n: good() as i64, label: tf(msg::BATCH_DONE, &[("n", &number(good()))]) },
            Share {
                tone: Tone::Bad,
                n: run.n_failed.get() as i64,
                label: tf(msg::BATCH_FAILED, &[("n", &number(run.n_failed.get()))]),
            },
        ]
    });
    let text = move || tf(msg::BATCH_OF, &[("done", &number(run.n_done.get())), ("all", &number(run.n_all.get()))]);
    let element = NodeRef::<leptos::html::Div>::new();
    // What failed would else lie unseen below a long form.
    Effect::new(move || {
        let is_over = run.state.get() == RunState::Ended;
        if let Some(element) = element.get().filter(|_| is_over) {
            request_animation_frame(move || element.scroll_into_view_with_bool(false));
        }
    });
    view! {
        <div class="batch-run" node_ref=element>
            <p class="meters__label" role="status"><span>{label}</span><span class="meters__value">{text}</span></p>
            <Progress label shares whole=Signal::derive(move || run.n_all.get() as i64) done=Signal::derive(move || run.n_done.get() as i64)/>
            <Show when=move || run.state.get() == RunState::Running>
                <Button label=msg::BATCH_STOP on_press=move || run.stop()/>
            </Show>
            <Show when=move || run.n_failed.get() != 0><Failures run/></Show>
        </div>
    }
}

#[component]
fn Failures(run: BatchRun) -> impl IntoView {
    let title = move || tn(msg::BATCH_FAILURES_ONE, msg::BATCH_FAILURES_OTHER, run.n_failed.get() as i64);
    let row = |failure: Failure| {
        let reason = failure.error.value("Reason").map(str::to_owned);
        let text = sentence(&failure.error);
        view! {
            <tr>
                <th scope="row">{failure.id}</th>
                <td>{text}{reason.map(|reason| format!(" {reason}"))}</td>
                <td><code>{failure.error.code.as_str()}</code></td>
            </tr>
        }
    };
    view! {
        <div class="simple-table simple-table--low" tabindex="0" role="region" aria-label=title>
            <table>
                <caption>{title}</caption>
                <thead>
                    <tr>
                        <th scope="col">{move || t(msg::TASK_ID)}</th>
                        <th scope="col">{move || t(msg::BATCH_WHY)}</th>
                        <th scope="col">{move || t(msg::ERROR_CODE)}</th>
                    </tr>
                </thead>
                <tbody>{move || run.failures.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
