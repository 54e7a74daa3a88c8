//! A side panel whose name is in the URL while it is open: it can be linked to, and the browser's back button closes it.

use leptos::prelude::*;

use super::query::QueryParam;

/// Whether the panel of this name is open. The URL says whether it is; closing it in any way says so to the URL.
pub fn panel_open(panel: QueryParam, name: &'static str, has_data: Memo<bool>) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    Effect::new(move || open.set(panel.get() == name && has_data.get()));
    Effect::new(move |was: Option<bool>| {
        let is = open.get();
        if was == Some(true) && !is {
            panel.replace("");
        }
        is
    });
    open
}
