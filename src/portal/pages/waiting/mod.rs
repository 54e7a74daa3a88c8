//! «Why is it waiting?» of tasks, jobs and pools.

mod words;

use leptos::prelude::*;

use crate::api::WhyWaiting;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::{Glyph, Icon};
use crate::portal::i18n::{Msg, msg, tx};
use crate::portal::reading::Reading;
use crate::portal::state::use_now;
use words::explain;

/// Counts up when the answer may be another: with each change that the page hears of, and every few seconds, for it depends on
/// more than the page is about: pools, nodes, other jobs.
pub fn use_waiting_tick(tick: Signal<u32>) -> Signal<u32> {
    let now = use_now();
    let every_5_secs = Memo::new(move |_| (now.get().millis() / 5000) as u32);
    Signal::derive(move || tick.get().wrapping_add(every_5_secs.get()))
}

/// Why it waits, and what helps; nothing while nothing holds it up. `account` and `job` are where the links lead.
#[component]
pub fn Why(
    title: Msg,
    reading: Reading<WhyWaiting>,
    #[prop(into)] account: Signal<String>,
    #[prop(into)] job: Signal<String>,
) -> impl IntoView {
    let answer = Memo::new(move |_| explain(&reading.get()?, &account.get(), &job.get()));
    let is_held = Memo::new(move |_| answer.with(Option::is_some));
    view! {
        <Show when=move || is_held.get()>
            <section class="why" aria-label=tx(title)>
                <Glyph icon=Icon::Wait/>
                <div>
                    <h2 class="why__title">{tx(title)}</h2>
                    <div role="status">
                        {move || answer.get().map(|answer| view! {
                            <p>{answer.sentence}</p>
                            {answer.action.map(|(label, href)| view! { <ButtonLink label href=Signal::stored(href)/> })}
                        })}
                    </div>
                </div>
            </section>
        </Show>
    }
}

/// The question for a task.
pub const TASK: Msg = msg::TASK_WAITING_TITLE;
/// The question for a job or a pool.
pub const NO_PROGRESS: Msg = msg::NO_PROGRESS_TITLE;
