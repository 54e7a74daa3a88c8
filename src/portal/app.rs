//! The root: what is provided to all pages, and what surrounds them all.

use leptos::prelude::*;
use leptos_router::components::Router;

use super::areas;
use super::components::{ConfirmHost, LiveRegion};
use super::routes::AppRoutes;
use super::shell::{Links, SignInGate};
use super::state::{Clock, Notifications, Refresh, Session, Settings};

/// The whole portal.
#[component]
pub fn App() -> impl IntoView {
    Settings::provide();
    Clock::provide();
    let session = Session::provide();
    let refresh = Refresh::provide(session);
    Notifications::provide(session, refresh);
    session.load();
    // While the server says who is there.
    areas::foresee(&window().location().pathname().unwrap_or_default());
    view! {
        <Router>
            <SignInGate/>
            <Links>
                <AppRoutes/>
                <ConfirmHost/>
            </Links>
            <LiveRegion/>
        </Router>
    }
}
