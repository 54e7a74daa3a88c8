//! A button that opens a list of things to do or to choose. The browser closes it on Escape and on a click elsewhere.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::icon::{Glyph, Icon};

static NEXT_ID: AtomicU32 = AtomicU32::new(0);

/// A number for ids of elements that belong together.
pub fn unique_id(prefix: &str) -> String {
    format!("{prefix}-{}", NEXT_ID.fetch_add(1, Ordering::Relaxed))
}

/// The children are buttons and links of class `menu__item`, or anything else for a pane.
#[component]
pub fn Menu(
    #[prop(into)] label: Signal<String>,
    icon: Icon,
    /// Shows the label beside the icon.
    #[prop(optional)]
    labelled: bool,
    /// Told when the pane opens.
    #[prop(optional, into)]
    on_open: Option<Callback<()>>,
    /// A mark on the icon: a number of new things.
    #[prop(optional, into)]
    mark: Signal<Option<String>>,
    children: ChildrenFn,
) -> impl IntoView {
    let id = unique_id("menu");
    let (button, pane) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let is_open = RwSignal::new(false);
    let toggled = move |_| {
        // The browser says so later: by then the menu can be gone, with the row that it belonged to.
        let Some(pane) = pane.try_get_untracked().flatten() else { return };
        let open = pane.matches(":popover-open").unwrap_or(false);
        is_open.set(open);
        if open {
            // Its size is known once its content has been drawn.
            if let Some(button) = button.try_get_untracked().flatten() {
                request_animation_frame(move || place(&pane, &button));
            }
            if let Some(on_open) = on_open {
                on_open.run(());
            }
        }
    };
    let close = move |event: web_sys::MouseEvent| {
        let chosen = event
            .target()
            .and_then(|t| t.dyn_into::<web_sys::Element>().ok())
            .and_then(|e| e.closest(".menu__item:not(.menu__item--check)").ok().flatten());
        if let (Some(_), Some(pane)) = (chosen, pane.try_get_untracked().flatten()) {
            let _ = pane.hide_popover();
        }
    };
    let walk = move |event: web_sys::KeyboardEvent| {
        let Some(pane) = pane.try_get_untracked().flatten() else { return };
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        let is_open = pane.matches(":popover-open").unwrap_or(false);
        if is_open && focus_neighbour(&pane, step) {
            event.prevent_default();
        }
    };
    view! {
        <button
            type="button"
            class="button button--subtle menu__button"
            class=("button--icon", !labelled)
            node_ref=button
            on:keydown=walk
            popovertarget=id.clone()
            aria-expanded=move || is_open.get().to_string()
            aria-label=move || (!labelled).then(|| label.get())
            title=move || (!labelled).then(|| label.get())
        >
            <Glyph icon/>
            {labelled.then(|| view! { <span>{move || label.get()}</span><Glyph icon=Icon::ChevronDown/> })}
            {move || mark.get().map(|mark| view! { <span class="menu__mark">{mark}</span> })}
        </button>
        <div class="menu" id=id popover="auto" role="group" aria-label=move || label.get() node_ref=pane on:toggle=toggled on:click=close on:keydown=walk>
            <Show when=move || is_open.get()>{children()}</Show>
        </div>
    }
}

/// Puts the pane under its button, inside the window.
fn place(pane: &web_sys::HtmlElement, button: &web_sys::HtmlElement) {
    let from = button.get_bounding_client_rect();
    let size = pane.get_bounding_client_rect();
    let number = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|v| v.as_f64()).unwrap_or_default();
    let (width, height) = (number(window().inner_width()), number(window().inner_height()));
    let left = from.left().min(width - size.width() - 8.0).max(8.0);
    let below = from.bottom() + 4.0;
    let top = if below + size.height() > height { (from.top() - size.height() - 4.0).max(8.0) } else { below };
    let style = web_sys::HtmlElement::style(pane);
    let _ = style.set_property("left", &format!("{left}px"));
    let _ = style.set_property("top", &format!("{top}px"));
}

fn focus_neighbour(pane: &web_sys::HtmlElement, step: i32) -> bool {
    let Ok(items) = pane.query_selector_all(".menu__item") else { return false };
    let n = items.length() as i32;
    let active: Option<web_sys::Node> = document().active_element().map(Into::into);
    let here = (0..n).find(|i| active.is_some() && items.item(*i as u32) == active);
    let next = match here {
        Some(i) => (i + step).rem_euclid(n.max(1)),
        None if step > 0 => 0,
        None => n - 1,
    };
    let next = items.item(next as u32).and_then(|node| node.dyn_into::<web_sys::HtmlElement>().ok());
    next.is_some_and(|element| element.focus().is_ok())
}
