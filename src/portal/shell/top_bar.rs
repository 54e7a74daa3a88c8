//! The bar at the top: where one is, whether it is live, what happened, and who one is.

use leptos::prelude::*;

use super::account_switch::AccountSwitch;
use super::live::LiveToggle;
use super::nav::NAV_ID;
use super::notification_pane::NotificationBell;
use super::user_menu::UserMenu;
use crate::portal::components::{Glyph, Icon};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::paths;

#[component]
pub(super) fn TopBar(nav_open: RwSignal<bool>) -> impl IntoView {
    view! {
        <header class="top-bar">
            <button
                type="button"
                class="button button--subtle button--icon top-bar__nav"
                aria-controls=NAV_ID
                aria-expanded=move || nav_open.get().to_string()
                aria-label=move || t(msg::NAV_LABEL)
                on:click=move |_| nav_open.update(|open| *open = !*open)
            >
                <Glyph icon=Icon::Menu/>
            </button>
            <a class="top-bar__product" href=paths::home()><Logo/><span>{tx(msg::PRODUCT)}</span></a>
            <AccountSwitch/>
            <div class="top-bar__end">
                <LiveToggle/>
                <NotificationBell/>
                <UserMenu/>
            </div>
        </header>
    }
}

/// An oven with a loaf in it.
#[component]
pub(crate) fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path class="logo__oven" d="M2 21V12a10 10 0 0 1 20 0v9z"></path>
            <path class="logo__mouth" d="M6 21v-6.500a6 6 0 0 1 12 0V21z"></path>
            <path class="logo__loaf" d="M7.500 18.500c0-2.400 2-4 4.500-4s4.500 1.600 4.500 4z"></path>
        </svg>
    }
}
