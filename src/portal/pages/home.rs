//! The landing page.

use leptos::prelude::*;

use crate::portal::components::{Icon, PageHeader};
use crate::portal::i18n::msg;

#[component]
pub fn HomePage() -> impl IntoView {
    view! { <PageHeader title=msg::HOME icon=Icon::Home/> }
}
