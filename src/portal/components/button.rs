//! Buttons. One that cannot be pressed says why and can still be reached by keyboard, so that the reason can be read.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    Primary,
    #[default]
    Secondary,
    Subtle,
    Danger,
}

impl ButtonKind {
    const fn class(self) -> &'static str {
        match self {
            ButtonKind::Primary => "button button--primary",
            ButtonKind::Secondary => "button",
            ButtonKind::Subtle => "button button--subtle",
            ButtonKind::Danger => "button button--danger",
        }
    }
}

#[component]
pub fn Button(
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional, into)] icon: Option<Icon>,
    /// Shows the icon alone; the label is read out and shown as a tooltip.
    #[prop(optional)]
    icon_only: bool,
    /// Why it cannot be pressed now.
    #[prop(optional, into)]
    refusal: Signal<Option<String>>,
    /// What it started is under way.
    #[prop(optional, into)]
    pending: Signal<bool>,
    /// Submits its form; otherwise a press does only what `on_press` does.
    #[prop(optional)]
    submit: bool,
    #[prop(optional, into)] on_press: Option<Callback<()>>,
) -> impl IntoView {
    let is_blocked = Memo::new(move |_| pending.get() || refusal.with(Option::is_some));
    let press = move |event: web_sys::MouseEvent| {
        if is_blocked.get_untracked() {
            event.prevent_default();
        } else if let Some(on_press) = on_press {
            on_press.run(());
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=kind.class()
            class=("button--icon", icon_only)
            aria-disabled=move || is_blocked.get().then_some("true")
            aria-busy=move || pending.get().then_some("true")
            aria-label=move || icon_only.then(|| label.get())
            aria-description=move || refusal.get()
            title=move || refusal.get().or_else(|| icon_only.then(|| label.get()))
            on:click=press
        >
            {move || if pending.get() { view! { <span class="spinner" aria-hidden="true"></span> }.into_any() } else { icon.map(|icon| view! { <Glyph icon/> }).into_any() }}
            {(!icon_only).then(|| view! { <span>{move || label.get()}</span> })}
        </button>
    }
}
