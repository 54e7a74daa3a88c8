//! The only places where times and lengths of time are written.

use leptos::prelude::*;

use crate::api::{Duration, Timestamp};
use crate::portal::format;
use crate::portal::i18n::language;
use crate::portal::state::{TimeStyle, Zone, browser, use_now, use_settings};

/// A moment as the user likes it: `5 min ago` or date and clock, in the local zone or UTC. The other form is the tooltip.
#[component]
pub fn Time(#[prop(into)] at: Signal<Timestamp>) -> impl IntoView {
    let settings = use_settings();
    let now = use_now();
    let absolute = Memo::new(move |_| {
        let at = at.get();
        let offset = match settings.zone() {
            Zone::Local => browser::local_offset_mins(at),
            Zone::Utc => 0,
        };
        format::date_time(language(), at, offset)
    });
    let relative = Memo::new(move |_| format::relative(language(), at.get(), now.get()));
    let is_relative = move || settings.times() == TimeStyle::Relative;
    view! {
        <time
            class="time"
            datetime=move || at.get().to_string()
            title=move || if is_relative() { absolute.get() } else { relative.get() }
        >
            {move || if is_relative() { relative.get() } else { absolute.get() }}
        </time>
    }
}

/// A length of time: `4 min 5 s`.
#[component]
pub fn DurationText(#[prop(into)] length: Signal<Duration>) -> impl IntoView {
    view! { <span class="time">{move || format::duration(language(), length.get())}</span> }
}
