//! The form of a new user.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{about, roles};
use crate::api::{self, PasswordLink, Role};
use crate::portal::components::field::required_text;
use crate::portal::components::{
    Button, ButtonKind, ErrorBar, Field, FieldErrors, FormErrors, Icon, Select, TextInput,
};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::state::use_session;
use crate::server_fns::user_invite;

#[component]
pub(super) fn InviteForm(made: Callback<PasswordLink>) -> impl IntoView {
    let session = use_session();
    let (name, role) = (RwSignal::new(String::new()), RwSignal::new(Role::Reader.to_string()));
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    let local = Signal::derive(move || {
        let mut errors = FieldErrors::default();
        required_text(&mut errors, "user", &name.get());
        errors
    });
    let errors = FormErrors::provide(local, error.into());
    let chosen = move || role.get().parse::<Role>().unwrap_or(Role::Reader);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() || !errors.check() {
            return;
        }
        let (user, role) = (name.get_untracked().trim().to_owned(), untrack(chosen));
        pending.set(true);
        error.set(None);
        spawn_local(async move {
            let answer = user_invite(user, role).await;
            pending.try_set(false);
            match answer {
                Ok(link) => {
                    name.try_set(String::new());
                    errors.reset();
                    made.run(link);
                }
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
        });
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <h2>{tx(msg::USER_INVITE)}</h2>
            {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name="user" label=msg::USER_NAME hint=Signal::derive(|| Some(t(msg::USER_NAME_HINT).to_owned())) required=true>
                <TextInput value=name code=true/>
            </Field>
            <Field name="role" label=msg::USER_ROLE hint=Signal::derive(move || Some(t(about(chosen())).to_owned()))>
                <Select value=role options=Signal::derive(roles)/>
            </Field>
            <div class="form__actions">
                <Button label=msg::USER_INVITE icon=Icon::Add kind=ButtonKind::Primary submit=true pending/>
            </div>
        </form>
    }
}
