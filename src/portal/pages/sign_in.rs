//! Signing in. Nothing of the installation is shown before.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api;
use crate::domain::external::is_our_place;
use crate::portal::components::field::{control_id, required_text};
use crate::portal::components::{
    Button, ButtonKind, ErrorBar, Field, FieldErrors, FormErrors, QueryParam, TextInput, use_query_param,
};
use crate::portal::i18n::{msg, tf, tx};
use crate::portal::pages::user::why;
use crate::portal::paths;
use crate::portal::shell::Entrance;
use crate::portal::state::{browser, use_session};
use crate::server_fns::{external_sign_in_info, sign_in};

/// What is typed.
#[derive(Clone, Debug, Default, PartialEq)]
struct SignInForm {
    user: String,
    password: String,
}

impl SignInForm {
    fn to_sign_in(&self) -> Result<api::SignIn, FieldErrors> {
        let mut errors = FieldErrors::default();
        let user = required_text(&mut errors, "user", &self.user);
        if self.password.is_empty() {
            errors.add("password", msg::FIELD_REQUIRED);
        }
        errors.or(api::SignIn { user, password: api::Secret(self.password.clone()) })
    }
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let return_to = use_query_param("return");
    let (user, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let form = move || SignInForm { user: user.get(), password: password.get() };
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None));
    let local = Signal::derive(move || form().to_sign_in().err().unwrap_or_default());
    let errors = FormErrors::provide(local, error.into());
    // Also when the session turns out to be there already.
    Effect::new(move || {
        if session.is_signed_in() {
            let to = safe_return(&return_to.get_untracked());
            navigate(&to, NavigateOptions { resolve: false, replace: true, ..Default::default() });
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Ok(request) = untrack(form).to_sign_in() else {
            errors.check();
            return;
        };
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        spawn_local(async move {
            match sign_in(request).await {
                Ok(answer) => session.signed_in(answer),
                Err(e) => {
                    error.set(Some(e));
                    password.set(String::new());
                    errors.reset();
                    browser::focus_id(&control_id("password"));
                }
            }
            pending.try_set(false);
        });
    };
    view! {
        <Entrance title=msg::SIGN_IN_TITLE>
            <form class="form" on:submit=submit novalidate>
                {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
                <Field name="user" label=msg::USER_NAME required=true><TextInput value=user autocomplete="username" code=true/></Field>
                <Field name="password" label=msg::PASSWORD required=true>
                    <TextInput value=password kind="password" autocomplete="current-password"/>
                </Field>
                <Button label=msg::SIGN_IN kind=ButtonKind::Primary submit=true pending/>
            </form>
            <ProviderLink return_to/>
            <p class="entrance__note">{tx(msg::SIGN_IN_NOTE)}</p>
        </Entrance>
    }
}

/// To the provider of OpenID Connect, if there is one, and why it did not let in.
#[component]
fn ProviderLink(return_to: QueryParam) -> impl IntoView {
    let info = LocalResource::new(external_sign_in_info);
    let refused = use_query_param("refused");
    let name = move || info.get().and_then(Result::ok).and_then(|info| info.name);
    let why = move || refused.get().parse().ok().map(why);
    view! {
        {move || why().map(|why| view! { <p class="error-bar" role="alert">{tx(why)}</p> })}
        {move || name().map(|name| view! {
            <a class="button" href=move || paths::provider_sign_in(&return_to.get()) rel="external">{tf(msg::SIGN_IN_BY, &[("provider", &name)])}</a>
        })}
    }
}

/// A path of ours: another site in `return` would make the sign-in page a trap.
fn safe_return(path: &str) -> String {
    let is_loop = path.starts_with("/sign-in") || path.starts_with("/setup");
    if is_our_place(path) && !is_loop { path.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_gone_back_to() {
        let check = |path: &str, expected: &str| assert_eq!(safe_return(path), expected, "{path}");
        check("/accounts/a?x=1#L3", "/accounts/a?x=1#L3");
        check("", "/");
        check("//evil.example", "/");
        check("/\\evil.example", "/");
        check("https://evil.example", "/");
        check("/sign-in?return=/", "/");
    }

    #[test]
    fn both_fields_are_required() {
        let form =
            |user: &str, password: &str| SignInForm { user: user.into(), password: password.into() }.to_sign_in();
        assert!(form("a", "p").is_ok());
        assert!(form("a", "").unwrap_err().of("password").is_some());
        assert!(form(" ", "p").unwrap_err().of("user").is_some());
    }
}
