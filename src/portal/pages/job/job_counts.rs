//! How far a job is: a bar, counts that lead to their tasks, the rate and the time left.

use leptos::prelude::*;

use crate::api::{JobSummary, TaskCounts};
use crate::portal::components::progress::tone_name;
use crate::portal::components::{Progress, Share, Tone};
use crate::portal::format;
use crate::portal::i18n::{Msg, language, msg, t, tf};
use crate::portal::pages::route_ids::JobRef;
use crate::portal::paths;

/// A count with its name, its tone, and the filter that lists what it counts.
struct Count {
    label: Msg,
    tone: Tone,
    n: i64,
    filter: (&'static str, &'static str),
}

fn counts(counts: &TaskCounts) -> [Count; 4] {
    [
        Count { label: msg::JOB_FAILED, tone: Tone::Bad, n: counts.failed, filter: ("failed", "1") },
        Count { label: msg::JOB_SUCCEEDED, tone: Tone::Good, n: counts.succeeded, filter: ("state", "completed") },
        Count {
            label: msg::JOB_RUNNING,
            tone: Tone::Active,
            n: counts.running,
            filter: ("state", "preparing,running"),
        },
        Count { label: msg::JOB_WAITING, tone: Tone::Neutral, n: counts.active, filter: ("state", "active") },
    ]
}

/// The job's tasks as a bar: failed, succeeded, running.
#[component]
pub fn JobBar(#[prop(into)] counts: Signal<TaskCounts>) -> impl IntoView {
    let shares = Signal::derive(move || {
        let language = language();
        // What waits is the empty rest of the bar.
        self::counts(&counts.get())
            .into_iter()
            .filter(|count| count.tone != Tone::Neutral)
            .map(|count| Share {
                tone: count.tone,
                n: count.n,
                label: format!("{} {}", format::number(language, count.n), t(count.label)),
            })
            .collect::<Vec<_>>()
    });
    let whole = Signal::derive(move || counts.get().total());
    let done = Signal::derive(move || counts.get().completed);
    view! { <Progress label=msg::JOB_PROGRESS shares whole done/> }
}

/// The counts of a job; each leads to the tasks that it counts.
#[component]
pub fn JobCounts(#[prop(into)] job: Signal<JobSummary>, here: JobRef) -> impl IntoView {
    let here = StoredValue::new(here);
    let now = Memo::new(move |_| job.with(|job| job.counts.task_counts));
    let items = move || {
        let language = language();
        let tasks = here.with_value(|here| paths::tasks(&here.account, &here.job));
        counts(&now.get())
            .into_iter()
            .map(|count| {
                let href = paths::with_query(tasks.clone(), &[count.filter]);
                let tone = if count.n > 0 { tone_name(count.tone) } else { tone_name(Tone::Neutral) };
                view! {
                    <li>
                        <a class="counts__item" href=href data-tone=tone>
                            <span class="counts__number">{format::number(language, count.n)}</span>
                            <span class="counts__label">{t(count.label)}</span>
                        </a>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <ul class="counts">{items}</ul>
        <JobBar counts=now/>
        <p class="form__note">{move || job.with(progress_text)}</p>
    }
}

/// How many of how many, how fast, and how long it takes still.
fn progress_text(job: &JobSummary) -> String {
    let (language, counts) = (language(), job.counts.task_counts);
    let [done, all] = [counts.completed, counts.total()].map(|n| format::number(language, n));
    let percent = format::percent(language, counts.completed, counts.total());
    let mut text = tf(msg::JOB_DONE_OF, &[("done", &done), ("all", &all), ("percent", &percent)]);
    if let Some(progress) = job.progress.as_ref().filter(|progress| progress.tasks_per_second > 0.0) {
        let digits = if progress.tasks_per_second < 10.0 { 1 } else { 0 };
        let rate = format::decimal(language, progress.tasks_per_second, digits);
        text = format!("{text} {}", tf(msg::JOB_RATE, &[("rate", &rate)]));
        if let Some(left) = progress.time_left {
            text = format!("{text} {}", tf(msg::JOB_TIME_LEFT, &[("time", &format::duration(language, left))]));
        }
    }
    text
}
