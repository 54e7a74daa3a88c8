//! The form: the text, what follows from it, and a word when somebody else was faster.

use std::future::Future;

use leptos::prelude::*;

use super::words;
use crate::api;
use crate::domain::edit::Problem;
use crate::portal::components::{Button, ButtonKind, ErrorBar, Field, FieldErrors, FormErrors, Icon, TextArea};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::pages::json_form::typed;
use crate::portal::pages::panel_form::Sending;

/// What is known of the things of one kind.
pub struct Editing<T, E> {
    pub e_tag: fn(&T) -> &str,
    /// What makes the thing as the text says.
    pub check: fn(&T, &str) -> Result<E, Problem>,
    /// What will be done, a sentence each; nothing where nothing changes.
    pub words: fn(&E) -> Vec<String>,
}

impl<T, E> Clone for Editing<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for Editing<T, E> {}

/// What the text means now.
type Answer<E> = Result<E, Problem>;

#[component]
pub fn JsonEdit<T, E, S, F>(
    /// As it is now; the text is of the moment when the form was opened.
    now: Signal<T>,
    kind: Editing<T, E>,
    /// Sends the change of what has this ETag.
    send: S,
    /// Said when it was carried out.
    done: Signal<String>,
    /// Why it cannot be changed at all.
    refusal: Signal<Option<String>>,
    /// While the form is shown.
    open: RwSignal<bool>,
) -> impl IntoView
where
    T: serde::Serialize + Clone + PartialEq + Send + Sync + 'static,
    E: Clone + PartialEq + Send + Sync + 'static,
    S: Fn(String, E) -> F + 'static,
    F: Future<Output = Result<(), api::Error>> + 'static,
{
    let there = RwSignal::new(now.get_untracked());
    let text = RwSignal::new(there.with_untracked(typed));
    let e_tag = move |of: &T| (kind.e_tag)(of).to_owned();
    let has_moved = Memo::new(move |_| now.with(e_tag) != there.with(e_tag));
    let answer = Memo::new(move |_| there.with(|there| text.with(|text| (kind.check)(there, text))));
    let steps = Memo::new(move |_| answer.with(|answer| answer.as_ref().map(kind.words).unwrap_or_default()));
    let sending = Sending::new();
    let form = FormErrors::provide(Signal::stored(FieldErrors::default()), sending.error.into());
    let blocked = Signal::derive(move || refusal.get().or_else(|| why_not(&answer.read(), &steps.read())));
    let press = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if sending.pending.get_untracked() || blocked.with_untracked(Option::is_some) {
            return;
        }
        let Ok(edit) = answer.get_untracked() else { return };
        sending.error.set(None);
        sending.send(open, done.get_untracked(), send(there.with_untracked(e_tag), edit));
    };
    let take_over = move || {
        there.set(now.get_untracked());
        text.set(there.with_untracked(typed));
        sending.error.set(None);
    };
    view! {
        <form class="form" on:submit=press novalidate>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <Show when=move || has_moved.get()>
                <div class="form__note" role="status">
                    <p>{tx(msg::EDIT_MOVED)}</p>
                    <Button label=msg::EDIT_TAKE_OVER icon=Icon::Refresh on_press=take_over/>
                </div>
            </Show>
            <Field name="json" label=msg::EDIT_BODY hint=Signal::derive(|| Some(t(msg::EDIT_BODY_HINT).to_owned())) required=true>
                <TextArea value=text code=true rows=24/>
            </Field>
            <Outlook answer steps/>
            <div class="wizard__actions">
                <Button label=msg::SAVE kind=ButtonKind::Primary submit=true pending=sending.pending refusal=blocked/>
                <Button label=msg::CANCEL kind=ButtonKind::Subtle on_press=move || open.set(false)/>
            </div>
        </form>
    }
}

fn why_not<E>(answer: &Answer<E>, steps: &[String]) -> Option<String> {
    let why = match answer {
        Err(_) => msg::EDIT_NOT_SENT,
        Ok(_) if steps.is_empty() => msg::EDIT_NOTHING,
        Ok(_) => return None,
    };
    Some(t(why).to_owned())
}

/// What would be done, or why it cannot be.
#[component]
fn Outlook<E>(answer: Memo<Answer<E>>, steps: Memo<Vec<String>>) -> impl IntoView
where
    E: PartialEq + Send + Sync + 'static,
{
    let line = |text: String| view! { <li>{text}</li> };
    let shown = move || {
        answer.with(|answer| match answer {
            Ok(_) if steps.read().is_empty() => view! { <p>{tx(msg::EDIT_NOTHING)}</p> }.into_any(),
            Ok(_) => view! { <ul>{steps.get().into_iter().map(line).collect_view()}</ul> }.into_any(),
            Err(Problem::Text(error)) => view! { <p>{words::of_text(error)}</p> }.into_any(),
            Err(Problem::Refused(refused)) => {
                view! { <p>{tx(msg::EDIT_NOT_SENT)}</p><ul>{refused.iter().map(words::of_refused).map(line).collect_view()}</ul> }
                    .into_any()
            }
        })
    };
    view! {
        <section class="card" role="status" aria-labelledby="edit-outlook">
            <h2 class="card__title" id="edit-outlook">{tx(msg::EDIT_OUTLOOK)}</h2>
            {shown}
        </section>
    }
}
