//! The frame of the pages before sign-in: one card.

use leptos::prelude::*;

use super::top_bar::Logo;
use super::user_menu::LanguageChoice;
use crate::portal::components::page_header::TITLE_ID;
use crate::portal::i18n::{msg, t, tx};

#[component]
pub fn Entrance(#[prop(into)] title: Signal<String>, children: Children) -> impl IntoView {
    Effect::new(move || document().set_title(&format!("{} · {}", title.get(), t(msg::PRODUCT))));
    view! {
        <div class="entrance">
            <main class="entrance__card">
                <p class="entrance__product"><Logo/><span>{tx(msg::PRODUCT)}</span></p>
                <h1 class="entrance__title" id=TITLE_ID tabindex="-1">{move || title.get()}</h1>
                {children()}
            </main>
            <footer class="entrance__foot"><LanguageChoice/></footer>
        </div>
    }
}
