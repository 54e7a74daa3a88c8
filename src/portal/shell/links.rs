//! Follows links inside the page.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;

/// Catches clicks on links before the router does: the router writes a half-decoded path into the address bar, after which
/// a reload finds another file where a name holds `%25`, or the wrong page where one is called `new`.
#[component]
pub fn Links(children: Children) -> impl IntoView {
    let navigate = use_navigate();
    let follow = move |event: web_sys::MouseEvent| {
        let modified = event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        let link = event
            .target()
            .and_then(|t| t.dyn_into::<web_sys::Element>().ok())
            .and_then(|e| e.closest("a[href]").ok().flatten());
        let Some(link) = link.and_then(|a| a.dyn_into::<web_sys::HtmlAnchorElement>().ok()) else { return };
        let is_ours = link.origin() == window().location().origin().unwrap_or_default();
        let href = link.get_attribute("href").unwrap_or_default();
        // What the server answers itself.
        let is_served = link.has_attribute("download") || link.rel() == "external";
        if !is_ours || !link.target().is_empty() || is_served || href.starts_with('#') {
            return;
        }
        event.prevent_default();
        let url = [link.pathname(), link.search(), link.hash()].concat();
        navigate(&url, NavigateOptions { resolve: false, ..Default::default() });
    };
    view! { <div class="app" on:click=follow>{children()}</div> }
}
