//! Leads to the sign-in page when the session has ended, and remembers where from.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::portal::paths;
use crate::portal::state::{SessionState, browser, use_session};

#[component]
pub fn SignInGate() -> impl IntoView {
    let session = use_session();
    let path = use_location().pathname;
    let navigate = use_navigate();
    Effect::new(move || {
        let is_public = path.with(|path| matches!(path.as_str(), "/sign-in" | "/setup" | "/password"));
        if session.state() == SessionState::SignedOut && !is_public {
            navigate(
                &paths::sign_in(&browser::here()),
                NavigateOptions { resolve: false, replace: true, ..Default::default() },
            );
        }
    });
}
