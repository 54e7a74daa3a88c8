//! What an empty list says: what would be here, how to get the first one, and the same on the command line.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use super::snippet::Snippet;
use crate::portal::i18n::{msg, tx};

#[component]
pub fn Empty(
    icon: Icon,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] text: Signal<String>,
    /// A command that makes the first one.
    #[prop(optional, into)]
    command: Option<Signal<String>>,
    /// Buttons or links.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty__icon"><Glyph icon/></span>
            <p class="empty__title">{move || title.get()}</p>
            <p class="empty__text">{move || text.get()}</p>
            {children.map(|children| view! { <div class="empty__actions">{children()}</div> })}
            {command.map(|code| view! {
                <div class="empty__command">
                    <p>{tx(msg::EMPTY_COMMAND)}</p>
                    <Snippet code what=msg::EMPTY_COMMAND_WHAT/>
                </div>
            })}
        </div>
    }
}
