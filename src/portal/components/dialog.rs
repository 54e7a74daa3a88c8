//! A dialog above the page; the browser keeps the keyboard inside, and Escape closes it.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::button::{Button, ButtonKind};
use super::icon::Icon;
use crate::portal::i18n::msg;

/// Shown while `open` is true; closing it any way sets `open` to false. The content is built anew at each opening.
#[component]
pub fn Dialog(open: RwSignal<bool>, #[prop(into)] title: Signal<String>, children: ChildrenFn) -> impl IntoView {
    view! { <Modal open title class="dialog" children/> }
}

/// What `Dialog` and `SidePanel` share.
#[component]
pub(super) fn Modal(
    open: RwSignal<bool>,
    title: Signal<String>,
    class: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = element.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                let _ = dialog.show_modal();
                request_animation_frame(move || focus_inside(&dialog));
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let close_outside = move |event: web_sys::MouseEvent| {
        // A click on the backdrop has the dialog itself as its target; its content covers the rest.
        if event.target() == event.current_target() {
            open.set(false);
        }
    };
    // The event comes late: the dialog may have been opened again meanwhile.
    let closed = move |_| {
        if element.get_untracked().is_none_or(|dialog| !dialog.open()) {
            open.set(false);
        }
    };
    view! {
        <dialog node_ref=element class=class aria-label=move || title.get() on:close=closed on:click=close_outside>
            <Show when=move || open.get()>
                <div class="dialog__box">
                    <div class="dialog__head">
                        <h2 class="dialog__title">{move || title.get()}</h2>
                        <Button label=msg::CLOSE icon=Icon::Close icon_only=true kind=ButtonKind::Subtle on_press=move || open.set(false)/>
                    </div>
                    {children()}
                </div>
            </Show>
        </dialog>
    }
}

/// Puts the keyboard where something is to be typed, else on the last button, which does no harm.
fn focus_inside(dialog: &web_sys::HtmlDialogElement) {
    let find = |selector| dialog.query_selector(selector).ok().flatten();
    let target = find(".dialog__box input, .dialog__box textarea, .dialog__box select")
        .or_else(|| find(".dialog__actions .button:last-child"));
    if let Some(element) = target.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}
