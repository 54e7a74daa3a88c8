//! A password that is typed, hidden until it is asked for.

use leptos::prelude::*;

use super::button::{Button, ButtonKind};
use super::icon::Icon;
use super::text_input::TextInput;

#[component]
pub fn PasswordInput(
    value: RwSignal<String>,
    /// Read out, for it stands in a row without labels.
    label: Signal<Option<String>>,
    /// Of the button that shows and hides it.
    toggle: Signal<Option<String>>,
) -> impl IntoView {
    let is_shown = RwSignal::new(false);
    let input = move || {
        let kind = if is_shown.get() { "text" } else { "password" };
        view! { <TextInput value kind autocomplete="new-password" label/> }
    };
    view! {
        <span class="input-with-button">
            {input}
            {move || view! {
                <Button
                    label=Signal::derive(move || toggle.get().unwrap_or_default())
                    icon=if is_shown.get() { Icon::EyeOff } else { Icon::Eye }
                    icon_only=true
                    kind=ButtonKind::Subtle
                    on_press=move || is_shown.update(|shown| *shown = !*shown)
                />
            }}
        </span>
    }
}
