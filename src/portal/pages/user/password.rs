//! A user sets the password by a link. The token stands behind `#`, so that it is never sent in a request's path; it is
//! taken out of the address bar at once.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api;
use crate::portal::components::{Button, ButtonKind, ErrorBar, Field, FieldErrors, FormErrors, TextInput};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::pages::set_up::{SHORTEST_PASSWORD, take_token};
use crate::portal::paths;
use crate::portal::shell::Entrance;
use crate::portal::state::use_session;
use crate::server_fns::password_set;

#[component]
pub fn PasswordPage() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let token = take_token(&paths::password());
    let [password, again] = [(); 2].map(|()| RwSignal::new(String::new()));
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    let local = Signal::derive(move || check(&password.get(), &again.get()));
    let errors = FormErrors::provide(local, error.into());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() || !errors.check() {
            return;
        }
        pending.set(true);
        let set =
            api::PasswordSet { token: api::Secret(token.clone()), password: api::Secret(password.get_untracked()) };
        let navigate = navigate.clone();
        spawn_local(async move {
            match password_set(set).await {
                Ok(answer) => {
                    session.signed_in(answer);
                    navigate(&paths::home(), NavigateOptions { resolve: false, replace: true, ..Default::default() });
                }
                Err(refused) => drop(error.try_set(Some(refused))),
            }
            pending.try_set(false);
        });
    };
    view! {
        <Entrance title=msg::PASSWORD_SET_TITLE>
            <p class="entrance__lead">{tx(msg::PASSWORD_SET_LEAD)}</p>
            <form class="form" on:submit=submit novalidate>
                {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
                <Field name="password" label=msg::PASSWORD hint=Signal::derive(|| Some(t(msg::PASSWORD_HINT).to_owned())) required=true>
                    <TextInput value=password kind="password" autocomplete="new-password"/>
                </Field>
                <Field name="again" label=msg::PASSWORD_AGAIN required=true>
                    <TextInput value=again kind="password" autocomplete="new-password"/>
                </Field>
                <Button label=msg::PASSWORD_SET kind=ButtonKind::Primary submit=true pending/>
            </form>
        </Entrance>
    }
}

fn check(password: &str, again: &str) -> FieldErrors {
    let mut errors = FieldErrors::default();
    if password.chars().count() < SHORTEST_PASSWORD {
        errors.add("password", msg::PASSWORD_TOO_SHORT);
    }
    if password != again {
        errors.add("again", msg::PASSWORDS_DIFFER);
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_long_and_typed_twice_alike() {
        assert!(check("twelve chars", "twelve chars").is_empty());
        assert!(check("twelve chars", "other").of("again").is_some());
        assert!(check("short", "short").of("password").is_some());
    }
}
