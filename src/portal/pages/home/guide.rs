//! From nothing to the output of a task, step by step or with one button.

use leptos::prelude::*;

use super::example::Example;
use crate::domain::permission::Permission;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::{Glyph, Icon};
use crate::portal::i18n::{Msg, msg, tx};
use crate::portal::paths;
use crate::portal::state::use_session;

#[component]
pub(super) fn Guide(
    /// The first account, if there is one.
    account: Signal<Option<String>>,
) -> impl IntoView {
    let may_create = untrack(|| use_session().allows(Permission::AccountWrite));
    let in_account = move |path: fn(String) -> String| Signal::derive(move || account.get().map(path));
    view! {
        <p class="lead">{tx(msg::GUIDE_LEAD)}</p>
        {may_create.then(|| view! { <Example/> })}
        <h2>{tx(msg::GUIDE_STEPS)}</h2>
        <ol class="steps">
            <Step title=msg::GUIDE_ACCOUNT text=msg::GUIDE_ACCOUNT_TEXT action=msg::ACCOUNT_CREATE
                href=Signal::derive(move || may_create.then(paths::account_create))/>
            <Step title=msg::GUIDE_POOL text=msg::GUIDE_POOL_TEXT action=msg::POOL_ADD href=in_account(paths::pool_create)/>
            <Step title=msg::GUIDE_JOB text=msg::GUIDE_JOB_TEXT action=msg::JOB_ADD href=in_account(paths::job_create)/>
            <Step title=msg::GUIDE_TASKS text=msg::GUIDE_TASKS_TEXT action=msg::JOBS href=in_account(paths::jobs)/>
            <Step title=msg::GUIDE_OUTPUT text=msg::GUIDE_OUTPUT_TEXT action=msg::JOBS href=in_account(paths::jobs)/>
        </ol>
    }
}

#[component]
fn Step(
    title: Msg,
    text: Msg,
    action: Msg,
    /// None while the step before has to be done.
    href: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <li class="steps__item">
            <div>
                <h3>{tx(title)}</h3>
                <p class="card__text">{tx(text)}</p>
            </div>
            <div class="steps__action">
                {move || match href.get() {
                    Some(href) => view! { <ButtonLink label=action icon=Icon::ChevronRight href/> }.into_any(),
                    None => view! { <span class="card__facts"><Glyph icon=Icon::Wait/>{tx(msg::GUIDE_NEEDS_ACCOUNT)}</span> }.into_any(),
                }}
            </div>
        </li>
    }
}
