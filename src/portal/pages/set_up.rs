//! The first user of a new installation. The token comes in the link that the server printed, behind `#`, so that it is
//! never sent in a request's path; it is taken out of the address bar at once.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api;
use crate::portal::components::field::required_text;
use crate::portal::components::{Button, ButtonKind, ErrorBar, Field, FieldErrors, FormErrors, TextInput};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::paths;
use crate::portal::shell::Entrance;
use crate::portal::state::use_session;
use crate::server_fns::set_up;

pub(super) const SHORTEST_PASSWORD: usize = 12;

/// What is typed.
#[derive(Clone, Debug, Default, PartialEq)]
struct SetUpForm {
    token: String,
    user: String,
    password: String,
    again: String,
}

impl SetUpForm {
    fn to_set_up(&self) -> Result<api::SetUp, FieldErrors> {
        let mut errors = FieldErrors::default();
        let token = required_text(&mut errors, "token", &self.token);
        let user = required_text(&mut errors, "user", &self.user);
        if self.password.chars().count() < SHORTEST_PASSWORD {
            errors.add("password", msg::PASSWORD_TOO_SHORT);
        }
        if self.password != self.again {
            errors.add("again", msg::PASSWORDS_DIFFER);
        }
        errors.or(api::SetUp { token: api::Secret(token), user, password: api::Secret(self.password.clone()) })
    }
}

#[component]
pub fn SetUpPage() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let from_link = take_token(&paths::set_up());
    let has_link = !from_link.is_empty();
    let token = RwSignal::new(from_link);
    let [user, password, again] = [(); 3].map(|()| RwSignal::new(String::new()));
    let form = move || SetUpForm { token: token.get(), user: user.get(), password: password.get(), again: again.get() };
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None));
    let local = Signal::derive(move || form().to_set_up().err().unwrap_or_default());
    let errors = FormErrors::provide(local, error.into());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Ok(request) = untrack(form).to_set_up() else {
            errors.check();
            return;
        };
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        let navigate = navigate.clone();
        spawn_local(async move {
            match set_up(request).await {
                Ok(answer) => {
                    session.signed_in(answer);
                    navigate(&paths::home(), NavigateOptions { resolve: false, replace: true, ..Default::default() });
                }
                Err(e) => error.set(Some(e)),
            }
            pending.try_set(false);
        });
    };
    view! {
        <Entrance title=msg::SET_UP_TITLE>
            <p class="entrance__lead">{tx(msg::SET_UP_LEAD)}</p>
            <form class="form" on:submit=submit novalidate>
                {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
                {(!has_link).then(|| view! {
                    <Field name="token" label=msg::SET_UP_TOKEN hint=Signal::derive(|| Some(t(msg::SET_UP_TOKEN_HINT).to_owned())) required=true>
                        <TextInput value=token code=true/>
                    </Field>
                })}
                <Field name="user" label=msg::USER_NAME required=true><TextInput value=user autocomplete="username" code=true/></Field>
                <Field name="password" label=msg::PASSWORD hint=Signal::derive(|| Some(t(msg::PASSWORD_HINT).to_owned())) required=true>
                    <TextInput value=password kind="password" autocomplete="new-password"/>
                </Field>
                <Field name="again" label=msg::PASSWORD_AGAIN required=true>
                    <TextInput value=again kind="password" autocomplete="new-password"/>
                </Field>
                <Button label=msg::SET_UP kind=ButtonKind::Primary submit=true pending/>
            </form>
        </Entrance>
    }
}

/// Reads the token and removes it from the address bar and the history.
pub(super) fn take_token(page: &str) -> String {
    let hash = window().location().hash().unwrap_or_default();
    if let (false, Ok(history)) = (hash.is_empty(), window().history()) {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(page));
    }
    paths::decode(hash.trim_start_matches('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_typed_twice_alike() {
        let form = |password: &str, again: &str| {
            SetUpForm { token: "t".into(), user: "ada".into(), password: password.into(), again: again.into() }
                .to_set_up()
        };
        assert!(form("twelve chars", "twelve chars").is_ok());
        assert!(form("douze caract", "other").unwrap_err().of("again").is_some());
        assert!(form("short", "short").unwrap_err().of("password").is_some());
    }
}
