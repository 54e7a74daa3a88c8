//! Follows links inside the page, and foresees which one will be followed.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;

use crate::portal::areas;

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
        let Some(link) = link_of(event.target()) else { return };
        let href = link.get_attribute("href").unwrap_or_default();
        // What the server answers itself.
        let is_served = link.has_attribute("download") || link.rel() == "external";
        if !is_ours(&link) || !link.target().is_empty() || is_served || href.starts_with('#') {
            return;
        }
        event.prevent_default();
        let url = [link.pathname(), link.search(), link.hash()].concat();
        navigate(&url, NavigateOptions { resolve: false, ..Default::default() });
    };
    let last = StoredValue::new(String::new());
    let foresee = move |target: Option<web_sys::EventTarget>| {
        let Some(link) = link_of(target) else { return };
        if is_ours(&link) && last.with_value(|last| *last != link.pathname()) {
            last.set_value(link.pathname());
            areas::foresee(&link.pathname());
        }
    };
    view! {
        <div
            class="app"
            on:click=follow
            on:mouseover=move |event| foresee(event.target())
            on:focusin=move |event| foresee(event.target())
        >
            {children()}
        </div>
    }
}

/// The link that an event happened in.
fn link_of(target: Option<web_sys::EventTarget>) -> Option<web_sys::HtmlAnchorElement> {
    target?.dyn_into::<web_sys::Element>().ok()?.closest("a[href]").ok()??.dyn_into().ok()
}

fn is_ours(link: &web_sys::HtmlAnchorElement) -> bool {
    link.origin() == window().location().origin().unwrap_or_default()
}
