//! After a navigation: the keyboard goes to the page's title, which is thereby read out, and the pages that may come next are
//! loaded.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::portal::areas;
use crate::portal::components::page_header::TITLE_ID;
use crate::portal::state::browser;

/// The new page is drawn by then.
const DRAWN: Duration = Duration::from_millis(60);

/// Then the browser has nothing to do.
const SETTLED: Duration = Duration::from_secs(2);

#[component]
pub(super) fn Announcer() -> impl IntoView {
    let path = use_location().pathname;
    // There was a navigation, and its page could not be announced yet.
    let is_owed = StoredValue::new(false);
    let announce = move || {
        let is_due = is_owed.try_get_value().unwrap_or_default() && !areas::are_coming();
        if is_due {
            is_owed.set_value(false);
            browser::focus_id(TITLE_ID);
        }
    };
    Effect::new(move |last: Option<String>| {
        let now = path.get();
        // Not at the first page: the browser reads that one itself. Tabs and filters change the query only.
        if last.is_some_and(|last| last != now) {
            is_owed.set_value(true);
            set_timeout(announce, DRAWN);
        }
        let here = now.clone();
        set_timeout(move || areas::foresee_next(&here), SETTLED);
        now
    });
    // A page that had to be loaded first.
    Effect::new(move || {
        if !areas::are_coming() {
            set_timeout(announce, DRAWN);
        }
    });
}
