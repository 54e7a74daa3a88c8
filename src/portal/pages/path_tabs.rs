//! Tabs that are pages of their own: each has a path, so that a link leads to it.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::portal::i18n::{Msg, t};

/// Links side by side; the router marks the one that is shown.
#[component]
pub fn PathTabs(
    /// What the tabs are of.
    #[prop(into)]
    label: Signal<String>,
    /// Name and path; the first is the page's own.
    #[prop(into)]
    tabs: Signal<Vec<(Msg, String)>>,
) -> impl IntoView {
    let links = move || {
        tabs.get()
            .into_iter()
            .enumerate()
            .map(|(index, (label, href))| {
                view! { <li><A href=href exact=index == 0 attr:class="tabs__tab">{move || t(label)}</A></li> }
            })
            .collect_view()
    };
    view! { <nav class="tabs" aria-label=move || label.get()><ul class="tabs__list">{links}</ul></nav> }
}
