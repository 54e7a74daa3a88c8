//! The frame of every page that needs a user. Nothing is shown before it is known who looks.

use leptos::html;
use leptos::prelude::*;
use leptos_router::components::Outlet;

use super::announcer::Announcer;
use super::breadcrumb::Breadcrumb;
use super::live::UpgradeBanner;
use super::nav::Nav;
use super::notification_pane::Toasts;
use super::top_bar::TopBar;
use crate::portal::components::{ErrorBar, Skeleton};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::state::{SessionState, use_session};

/// Id of the page's content, for the skip link.
const MAIN_ID: &str = "main";

#[component]
pub fn Frame() -> impl IntoView {
    let session = use_session();
    // Only the kind of state matters here: the page must not be built anew when details of the session change.
    let kind = Memo::new(move |_| match session.state() {
        SessionState::Unknown => Kind::Asking,
        SessionState::SignedOut => Kind::Leaving,
        SessionState::SignedIn(_) => Kind::Signed,
        SessionState::Failed(_) => Kind::Failed,
    });
    move || match kind.get() {
        Kind::Asking => view! { <div class="waiting"><Skeleton lines=4/></div> }.into_any(),
        Kind::Leaving => ().into_any(),
        Kind::Failed => view! { <Failed/> }.into_any(),
        Kind::Signed => view! { <Page/> }.into_any(),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Asking,
    Leaving,
    Failed,
    Signed,
}

#[component]
fn Failed() -> impl IntoView {
    let session = use_session();
    let error = move || match session.state() {
        SessionState::Failed(error) => Some(error),
        _ => None,
    };
    view! {
        <main class="waiting">
            <h1 class="visually-hidden">{tx(msg::PRODUCT)}</h1>
            {move || error().map(|error| view! { <ErrorBar error on_retry=move || session.load()/> })}
        </main>
    }
}

#[component]
fn Page() -> impl IntoView {
    let nav_open = RwSignal::new(false);
    // The router would only scroll there; the keyboard has to go along.
    let main = NodeRef::<html::Main>::new();
    let skip = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        if let Some(main) = main.get_untracked() {
            let _ = main.focus();
        }
    };
    view! {
        <a class="skip-link" href=format!("#{MAIN_ID}") on:click=skip>{tx(msg::SKIP_TO_CONTENT)}</a>
        <TopBar nav_open/>
        <UpgradeBanner/>
        <div class="frame">
            <Nav nav_open/>
            <main class="frame__main" id=MAIN_ID node_ref=main tabindex="-1" aria-label=move || t(msg::MAIN_LABEL)>
                <Breadcrumb/>
                <Outlet/>
            </main>
        </div>
        <Toasts/>
        <Announcer/>
    }
}
