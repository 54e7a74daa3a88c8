//! The title of a page: what the keyboard lands on after a navigation, and what the browser's tab is called.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::portal::i18n::{msg, t};

/// Id of the heading that gets the focus after a navigation.
pub const TITLE_ID: &str = "page-title";

#[component]
pub fn PageHeader(
    #[prop(into)] title: Signal<String>,
    /// What kind of thing it is, e.g. «Pool».
    #[prop(optional, into)]
    kind: Signal<Option<String>>,
    #[prop(optional, into)] icon: Option<Icon>,
    /// Beside the title: a state badge, say.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    Effect::new(move || document().set_title(&format!("{} · {}", title.get(), t(msg::PRODUCT))));
    view! {
        <header class="page-header">
            {icon.map(|icon| view! { <span class="page-header__icon"><Glyph icon/></span> })}
            <div class="page-header__text">
                <h1 class="page-header__title" id=TITLE_ID tabindex="-1">{move || title.get()}</h1>
                {move || kind.get().map(|kind| view! { <p class="page-header__kind">{kind}</p> })}
            </div>
            {children.map(|children| view! { <div class="page-header__aside">{children()}</div> })}
        </header>
    }
}
