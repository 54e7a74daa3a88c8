//! After a navigation: the keyboard goes to the page's title, which is thereby read out.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::portal::components::page_header::TITLE_ID;
use crate::portal::state::browser;

/// The new page is drawn by then.
const DRAWN: Duration = Duration::from_millis(60);

#[component]
pub(super) fn Announcer() -> impl IntoView {
    let path = use_location().pathname;
    Effect::new(move |last: Option<String>| {
        let now = path.get();
        // Not at the first page: the browser reads that one itself. Tabs and filters change the query only.
        if last.is_some_and(|last| last != now) {
            set_timeout(|| browser::focus_id(TITLE_ID), DRAWN);
        }
        now
    });
}
