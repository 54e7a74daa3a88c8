//! What a path that leads nowhere shows; the menu stays.

use leptos::prelude::*;

use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::{Icon, PageHeader};
use crate::portal::i18n::{msg, tx};
use crate::portal::paths;

#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <PageHeader title=msg::NOT_FOUND icon=Icon::Search/>
        <p>{tx(msg::NOT_FOUND_TEXT)}</p>
        <ButtonLink label=msg::NOT_FOUND_HOME icon=Icon::Home href=paths::home()/>
    }
}
