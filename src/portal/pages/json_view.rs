//! A resource as the REST API gives it.

use leptos::prelude::*;
use serde::Serialize;

use crate::portal::components::Snippet;
use crate::portal::i18n::msg;

#[component]
pub fn JsonView<T: Serialize + Send + Sync + Clone + 'static>(value: Signal<T>) -> impl IntoView {
    // Wire shapes always serialise.
    let code = Signal::derive(move || value.with(|value| serde_json::to_string_pretty(value).unwrap_or_default()));
    view! { <Snippet code what=msg::JSON_WHAT/> }
}
