//! Dialogs that ask how a job is to be disabled, and why it is ended.

use leptos::prelude::*;

use crate::api::{DisableJobOption, JobDisable, JobTerminate};
use crate::portal::components::{Button, ButtonKind, Dialog, ErrorBar, Field, TextInput};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::pages::panel_form::Sending;
use crate::portal::pages::route_ids::JobRef;
use crate::server_fns::{job_disable, job_terminate};

/// Asks what running tasks should do.
#[component]
pub fn DisableDialog(open: RwSignal<bool>, here: JobRef) -> impl IntoView {
    let name = here.job.clone();
    let title = move || tf(msg::JOB_DISABLE_TITLE, &[("job", name.as_str())]);
    view! { <Dialog open title=Signal::derive(title)><DisableForm open here=here.clone()/></Dialog> }
}

#[component]
fn DisableForm(open: RwSignal<bool>, here: JobRef) -> impl IntoView {
    let sending = Sending::new();
    let chosen = RwSignal::new(DisableJobOption::Requeue);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let JobRef { account, job } = here.clone();
        let note = tf(msg::JOB_DISABLED, &[("job", job.as_str())]);
        let disable = JobDisable { disable_tasks: chosen.get_untracked() };
        sending.send(open, note, job_disable(account, job, disable));
    };
    let choice = move |option: DisableJobOption| {
        let (label, effect) = words(option);
        view! {
            <label class="option">
                <input type="radio" name="disable-tasks" prop:checked=move || chosen.get() == option on:change=move |_| chosen.set(option)/>
                <span>{move || t(label)}<span class="checkbox__hint">{move || t(effect)}</span></span>
            </label>
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {move || sending.error.get().map(|error| view! { <ErrorBar error/> })}
            <fieldset class="options">
                <legend>{move || t(msg::JOB_DISABLE_QUESTION)}</legend>
                {DisableJobOption::ALL.iter().map(|option| choice(*option)).collect_view()}
            </fieldset>
            <div class="dialog__actions">
                <Button label=msg::JOB_DISABLE kind=ButtonKind::Primary submit=true pending=sending.pending/>
                <Button label=msg::CANCEL on_press=move || open.set(false)/>
            </div>
        </form>
    }
}

const fn words(option: DisableJobOption) -> (Msg, Msg) {
    match option {
        DisableJobOption::Requeue => (msg::JOB_REQUEUE, msg::JOB_REQUEUE_EFFECT),
        DisableJobOption::Terminate => (msg::JOB_END_TASKS, msg::JOB_END_TASKS_EFFECT),
        DisableJobOption::Wait => (msg::JOB_WAIT, msg::JOB_WAIT_EFFECT),
    }
}

/// Asks for the reason of the end.
#[component]
pub fn TerminateDialog(open: RwSignal<bool>, here: JobRef) -> impl IntoView {
    let name = here.job.clone();
    let title = move || tf(msg::JOB_TERMINATE_TITLE, &[("job", name.as_str())]);
    view! { <Dialog open title=Signal::derive(title)><TerminateForm open here=here.clone()/></Dialog> }
}

#[component]
fn TerminateForm(open: RwSignal<bool>, here: JobRef) -> impl IntoView {
    let sending = Sending::new();
    let reason = RwSignal::new(String::new());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let JobRef { account, job } = here.clone();
        let note = tf(msg::JOB_TERMINATED, &[("job", job.as_str())]);
        let terminate_reason =
            reason.with_untracked(|text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
        sending.send(open, note, job_terminate(account, job, JobTerminate { terminate_reason }));
    };
    view! {
        <form class="form" on:submit=submit>
            {move || sending.error.get().map(|error| view! { <ErrorBar error/> })}
            <p class="dialog__text">{move || t(msg::JOB_TERMINATE_EFFECT)}</p>
            <Field name="terminateReason" label=msg::JOB_REASON hint=Signal::derive(|| Some(t(msg::JOB_REASON_HINT).to_owned()))>
                <TextInput value=reason/>
            </Field>
            <div class="dialog__actions">
                <Button label=msg::JOB_TERMINATE kind=ButtonKind::Danger submit=true pending=sending.pending/>
                <Button label=msg::CANCEL on_press=move || open.set(false)/>
            </div>
        </form>
    }
}
