//! How the user likes the portal; kept in the browser.

use leptos::prelude::*;

use crate::portal::components::{Icon, PageHeader};
use crate::portal::i18n::{msg, tx};
use crate::portal::shell::{LanguageChoice, ThemeChoice, TimesChoice, ZoneChoice};

#[component]
pub fn SettingsPage() -> impl IntoView {
    view! {
        <PageHeader title=msg::SETTINGS icon=Icon::Settings/>
        <p class="lead">{tx(msg::SETTINGS_LEAD)}</p>
        <div class="settings">
            <LanguageChoice/>
            <ThemeChoice/>
            <ZoneChoice/>
            <TimesChoice/>
        </div>
    }
}
