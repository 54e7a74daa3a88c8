//! Who is signed in, and how they like the portal. The choices also stand on the settings page.

use leptos::prelude::*;

use crate::portal::components::{Glyph, Icon, Menu};
use crate::portal::i18n::{Language, Msg, language, msg, t, tx};
use crate::portal::paths;
use crate::portal::state::{Theme, TimeStyle, Zone, use_notifications, use_session, use_settings};
use crate::server_fns::sign_out;

#[component]
pub(super) fn UserMenu() -> impl IntoView {
    let session = use_session();
    let notifications = use_notifications();
    let name = move || session.user().map(|s| s.user).unwrap_or_default();
    let role = move || session.user().map(|s| s.role.as_str()).unwrap_or_default();
    let version = move || session.user().map(|s| s.version).unwrap_or_default();
    let leave = move |_| {
        let (doing, done) = (t(msg::SIGNING_OUT).to_owned(), t(msg::SIGNED_OUT).to_owned());
        notifications.run(doing, done, sign_out(), |()| {
            // A new page: nothing of what this user saw stays in it.
            let _ = window().location().set_href(&paths::sign_in(""));
        });
    };
    view! {
        <Menu label=msg::USER_MENU icon=Icon::User>
            <div class="user-menu">
                <p class="user-menu__name">{name}</p>
                <p class="user-menu__role">{role}" · "{tx(msg::PRODUCT)}" "{version}</p>
                <LanguageChoice/>
                <ThemeChoice/>
                <ZoneChoice/>
                <a class="menu__item" href=paths::tokens()><Glyph icon=Icon::Key/><span>{tx(msg::TOKENS)}</span></a>
                <a class="menu__item" href=paths::settings()><Glyph icon=Icon::Settings/><span>{tx(msg::SETTINGS)}</span></a>
                <button type="button" class="menu__item" on:click=leave><Glyph icon=Icon::SignOut/><span>{tx(msg::SIGN_OUT)}</span></button>
            </div>
        </Menu>
    }
}

#[component]
pub fn LanguageChoice() -> impl IntoView {
    let settings = use_settings();
    let options = Language::ALL.into_iter().map(|l| (l, Signal::stored(l.own_name().to_owned()))).collect();
    view! { <Choice label=msg::LANGUAGE options now=Signal::derive(language) choose=move |l| settings.set_language(l)/> }
}

#[component]
pub fn ThemeChoice() -> impl IntoView {
    let settings = use_settings();
    let options = vec![
        (Theme::System, msg::THEME_SYSTEM.into()),
        (Theme::Light, msg::THEME_LIGHT.into()),
        (Theme::Dark, msg::THEME_DARK.into()),
    ];
    view! { <Choice label=msg::THEME options now=Signal::derive(move || settings.theme()) choose=move |t| settings.set_theme(t)/> }
}

#[component]
pub fn ZoneChoice() -> impl IntoView {
    let settings = use_settings();
    let options = vec![(Zone::Local, msg::ZONE_LOCAL.into()), (Zone::Utc, msg::ZONE_UTC.into())];
    view! { <Choice label=msg::ZONE options now=Signal::derive(move || settings.zone()) choose=move |z| settings.set_zone(z)/> }
}

#[component]
pub fn TimesChoice() -> impl IntoView {
    let settings = use_settings();
    let options =
        vec![(TimeStyle::Relative, msg::TIMES_RELATIVE.into()), (TimeStyle::Absolute, msg::TIMES_ABSOLUTE.into())];
    view! { <Choice label=msg::TIMES options now=Signal::derive(move || settings.times()) choose=move |s| settings.set_times(s)/> }
}

/// A few choices side by side, one of them pressed.
#[component]
fn Choice<T>(
    label: Msg,
    options: Vec<(T, Signal<String>)>,
    now: Signal<T>,
    choose: impl Fn(T) + Copy + Send + 'static,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    view! {
        <div class="choice" role="group" aria-label=move || t(label)>
            <span class="choice__label" aria-hidden="true">{tx(label)}</span>
            <span class="choice__options">
                {options.into_iter().map(|(option, text)| view! {
                    <button type="button" class="choice__option" aria-pressed=move || (now.get() == option).to_string() on:click=move |_| choose(option)>
                        {move || text.get()}
                    </button>
                }).collect_view()}
            </span>
        </div>
    }
}
