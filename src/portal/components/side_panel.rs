//! A panel at the side, for details and short forms that keep the page in view.

use leptos::prelude::*;

use super::dialog::Modal;

#[component]
pub fn SidePanel(open: RwSignal<bool>, #[prop(into)] title: Signal<String>, children: ChildrenFn) -> impl IntoView {
    view! { <Modal open title class="side-panel" children/> }
}
