//! A block of code with a button that copies it.

use leptos::prelude::*;

use super::copy::Copy;

#[component]
pub fn Snippet(#[prop(into)] code: Signal<String>, #[prop(into)] what: Signal<String>) -> impl IntoView {
    view! {
        <div class="snippet">
            <pre class="snippet__code" tabindex="0" role="region" aria-label=move || what.get()><code>{move || code.get()}</code></pre>
            <Copy text=code what/>
        </div>
    }
}
