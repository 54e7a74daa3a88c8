//! Tabs whose choice is in the URL. They are links, so that each can be opened, copied and gone back to.

use leptos::prelude::*;

use super::query::use_query_param;
use crate::portal::i18n::Msg;

/// A tab: what the URL says, what people read, and how many things are in it where that is known.
#[derive(Clone)]
pub struct Tab {
    pub key: &'static str,
    pub label: Msg,
    pub view: ViewFn,
}

impl Tab {
    pub fn new<F, V>(key: &'static str, label: Msg, view: F) -> Tab
    where
        F: Fn() -> V + Send + Sync + 'static,
        V: IntoView + 'static,
    {
        Tab { key, label, view: ViewFn::from(move || view().into_any()) }
    }
}

/// Shows one of the tabs; the first is shown where the URL names none. `?tab=key`.
#[component]
pub fn Tabs(
    tabs: Vec<Tab>,
    /// What the tabs are of.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let param = use_query_param("tab");
    let tabs = StoredValue::new(tabs);
    let current = Memo::new(move |_| {
        let key = param.get();
        tabs.with_value(|tabs| tabs.iter().position(|tab| tab.key == key).unwrap_or(0))
    });
    let links = tabs.with_value(|tabs| {
        tabs.iter()
            .enumerate()
            .map(|(i, tab)| {
                let (key, label) = (tab.key, tab.label);
                let follow = move |event: web_sys::MouseEvent| {
                    if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                        event.prevent_default();
                        param.push(if i == 0 { "" } else { key });
                    }
                };
                let text: Signal<String> = label.into();
                view! {
                    <li>
                        <a class="tabs__tab" href=format!("?tab={key}") aria-current=move || (current.get() == i).then_some("true") on:click=follow>
                            {move || text.get()}
                        </a>
                    </li>
                }
            })
            .collect_view()
    });
    let panel = move || {
        let i = current.get();
        tabs.with_value(|tabs| tabs.get(i).map(|tab| tab.view.run()))
    };
    view! {
        <nav class="tabs" aria-label=move || label.get()><ul class="tabs__list">{links}</ul></nav>
        <div class="tabs__panel">{panel}</div>
    }
}
