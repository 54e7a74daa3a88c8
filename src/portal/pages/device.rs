//! Letting in a program that has no browser: it showed a code, and asks for the word of whoever types it here.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, AskingProgram};
use crate::portal::components::field::required_text;
use crate::portal::components::{
    Button, ButtonKind, ErrorBar, Essential, Essentials, Field, FieldErrors, FormErrors, Icon, PageHeader, TextInput,
    Time, use_query_param,
};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{device_sign_in_allow, device_sign_in_get, device_sign_in_refuse};

/// Client ids of programs that are often met. Anybody can give them, so they prove nothing.
const KNOWN: &[(&str, &str)] = &[
    ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Azure CLI, azure-identity"),
    ("1950a258-227b-4e31-a9cf-717495945fc2", "Azure PowerShell"),
    ("872cd9fa-d31f-45e0-9eab-6e460a02d1f1", "Visual Studio"),
];

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Allowed,
    Refused,
}

#[component]
pub fn DevicePage() -> impl IntoView {
    let code = RwSignal::new(use_query_param("code").get_untracked());
    let (asking, word) = (RwSignal::new(None::<AskingProgram>), RwSignal::new(None::<Word>));
    view! {
        <PageHeader title=msg::DEVICE_TITLE icon=Icon::Key/>
        {move || match (asking.get(), word.get()) {
            (_, Some(word)) => view! { <Answered word/> }.into_any(),
            (Some(asking), None) => view! { <Question asking code word/> }.into_any(),
            (None, None) => view! { <CodeForm code asking/> }.into_any(),
        }}
    }
}

#[component]
fn CodeForm(code: RwSignal<String>, asking: RwSignal<Option<AskingProgram>>) -> impl IntoView {
    let session = use_session();
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    let check = move || {
        let mut errors = FieldErrors::default();
        let code = required_text(&mut errors, "code", &code.read());
        errors.or(code)
    };
    let form = FormErrors::provide(Signal::derive(move || check().err().unwrap_or_default()), error.into());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Ok(typed) = untrack(check) else {
            form.check();
            return;
        };
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        spawn_local(async move {
            match device_sign_in_get(typed).await {
                Ok(found) => {
                    asking.try_set(Some(found));
                }
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
            pending.try_set(false);
        });
    };
    view! {
        <p class="lead">{tx(msg::DEVICE_LEAD)}</p>
        <form class="form" on:submit=submit novalidate>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name="code" label=msg::DEVICE_CODE hint=Signal::derive(|| Some(t(msg::DEVICE_CODE_HINT).to_owned())) required=true>
                <TextInput value=code code=true/>
            </Field>
            <div class="form__actions">
                <Button label=msg::DEVICE_NEXT kind=ButtonKind::Primary submit=true pending/>
            </div>
        </form>
    }
}

#[component]
fn Question(asking: AskingProgram, code: RwSignal<String>, word: RwSignal<Option<Word>>) -> impl IntoView {
    let notifications = use_notifications();
    let say = move |answer: Word| {
        let typed = code.get_untracked();
        let then = move |()| {
            word.try_set(Some(answer));
        };
        match answer {
            Word::Allowed => {
                let (doing, done) = (t(msg::DEVICE_ALLOWING).to_owned(), t(msg::DEVICE_ALLOWED).to_owned());
                notifications.run(doing, done, device_sign_in_allow(typed), then);
            }
            Word::Refused => {
                let (doing, done) = (t(msg::DEVICE_REFUSING).to_owned(), t(msg::DEVICE_REFUSED).to_owned());
                notifications.run(doing, done, device_sign_in_refuse(typed), then);
            }
        }
    };
    let user = use_session().user().map(|session| session.user).unwrap_or_default();
    let known = KNOWN.iter().find(|(id, _)| *id == asking.client_id).map(|(_, name)| *name);
    view! {
        <section class="card">
            <h2 class="card__title">{tf(msg::DEVICE_QUESTION, &[("user", &user)])}</h2>
            <p class="card__text">{tx(msg::DEVICE_WARNING)}</p>
            <Essentials>
                <Essential label=msg::DEVICE_CODE><code>{move || code.get().to_uppercase()}</code></Essential>
                <Essential label=msg::DEVICE_CLIENT>
                    {known.map(|name| view! { <span>{name}</span>" " })}<code>{asking.client_id.clone()}</code>
                </Essential>
                <Essential label=msg::DEVICE_FROM><code>{asking.from.clone()}</code></Essential>
                <Essential label=msg::TOKEN_EXPIRES><Time at=asking.expiry_time/></Essential>
            </Essentials>
            <div class="form__actions">
                <Button label=msg::DEVICE_ALLOW kind=ButtonKind::Primary on_press=move || say(Word::Allowed)/>
                <Button label=msg::DEVICE_REFUSE on_press=move || say(Word::Refused)/>
            </div>
        </section>
    }
}

#[component]
fn Answered(word: Word) -> impl IntoView {
    let text: Msg = match word {
        Word::Allowed => msg::DEVICE_ALLOWED_TEXT,
        Word::Refused => msg::DEVICE_REFUSED_TEXT,
    };
    view! { <p class="lead" role="status">{tx(text)}</p> }
}
