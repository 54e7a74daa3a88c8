//! Whether what is shown is fresh.

use leptos::prelude::*;

use crate::portal::components::{Button, Glyph, Icon};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tx};
use crate::portal::state::{use_now, use_refresh, use_session};

/// Pauses and resumes live updates; says so when the server is not heard.
#[component]
pub(super) fn LiveToggle() -> impl IntoView {
    let refresh = use_refresh();
    let now = use_now();
    let stale = move || {
        refresh
            .stale_since()
            .map(|since| tf(msg::LIVE_STALE, &[("time", &format::relative(language(), since, now.get()))]))
    };
    let label = move || if refresh.is_live() { t(msg::LIVE_ON) } else { t(msg::LIVE_PAUSED) };
    let hint = move || if refresh.is_live() { t(msg::LIVE_PAUSE) } else { t(msg::LIVE_RESUME) };
    view! {
        <span role="status" class="live__stale-box">
            {move || stale().map(|text| view! { <span class="live__stale"><Glyph icon=Icon::Alert/><span>{text}</span></span> })}
        </span>
        <button
            type="button"
            class="live"
            data-live=move || (refresh.is_live() && refresh.stale_since().is_none()).to_string()
            title=hint
            on:click=move |_| refresh.set_live(!refresh.is_live())
        >
            {move || view! { <Glyph icon=if refresh.is_live() { Icon::Play } else { Icon::Pause }/> }}
            <span>{label}</span>
        </button>
    }
}

/// The server was upgraded under the open page.
#[component]
pub(super) fn UpgradeBanner() -> impl IntoView {
    let session = use_session();
    let reload = || {
        let _ = window().location().reload();
    };
    view! {
        <div role="status">
            <Show when=move || session.is_outdated()>
                <div class="banner">
                    <Glyph icon=Icon::Info/>
                    <span>{tx(msg::UPGRADED)}</span>
                    <Button label=msg::RELOAD icon=Icon::Refresh on_press=reload/>
                </div>
            </Show>
        </div>
    }
}
