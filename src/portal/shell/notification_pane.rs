//! What happened: the bell with its pane, and toasts for the latest.

use std::time::Duration;

use leptos::prelude::*;

use crate::api::Duration as Span;
use crate::portal::components::error_bar::sentence;
use crate::portal::components::{Button, ButtonKind, Glyph, Icon, Menu, Time};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::state::{Notice, NoticeState, use_notifications, use_now};

/// How long a toast stays.
const TOAST_TIME: Span = Span::from_secs(6);
/// Errors stay longer: they have to be read.
const ERROR_TOAST_TIME: Span = Span::from_secs(15);
const TOASTS: usize = 3;

#[component]
pub(super) fn NotificationBell() -> impl IntoView {
    let notifications = use_notifications();
    let mark = Signal::derive(move || Some(notifications.n_unseen()).filter(|n| *n > 0).map(|n| n.to_string()));
    let label = Signal::derive(move || tf(msg::NOTIFICATIONS, &[("n", &notifications.n_unseen().to_string())]));
    view! {
        <Menu label icon=Icon::Bell mark on_open=move || set_timeout(move || notifications.mark_seen(), Duration::from_millis(800))>
            <Pane/>
        </Menu>
    }
}

#[component]
fn Pane() -> impl IntoView {
    let notifications = use_notifications();
    let is_empty = move || notifications.all().is_empty();
    view! {
        <div class="notices">
            <div class="notices__head">
                <h2 class="notices__title">{tx(msg::NOTIFICATIONS_TITLE)}</h2>
                <Show when=move || !is_empty()>
                    <Button label=msg::NOTIFICATIONS_CLEAR kind=ButtonKind::Subtle on_press=move || notifications.clear()/>
                </Show>
            </div>
            <Show when=move || !is_empty() fallback=|| view! { <p class="notices__none">{tx(msg::NOTIFICATIONS_NONE)}</p> }>
                <ul class="notices__list">
                    {move || notifications.all().into_iter().map(|notice| view! { <li><NoticeView notice/></li> }).collect_view()}
                </ul>
            </Show>
        </div>
    }
}

#[component]
fn NoticeView(notice: Notice) -> impl IntoView {
    let (tone, icon) = match &notice.state {
        NoticeState::Pending => ("active", None),
        NoticeState::Done => ("good", Some(Icon::Check)),
        NoticeState::Failed(_) => ("bad", Some(Icon::Error)),
    };
    let mark = match icon {
        Some(icon) => view! { <Glyph icon/> }.into_any(),
        None => view! { <span class="spinner" aria-hidden="true"></span> }.into_any(),
    };
    let detail = match notice.state {
        NoticeState::Failed(error) => Some(error),
        _ => None,
    };
    view! {
        <div class="notice" data-tone=tone>
            {mark}
            <div class="notice__body">
                <p class="notice__text">{notice.text}</p>
                {detail.map(|error| {
                    let reason = error.value("Reason").map(str::to_owned);
                    view! {
                        <p class="notice__detail">{sentence(&error)}" "{reason}</p>
                        <p class="notice__detail"><code>{error.code.as_str()}</code>" "<code>{error.request_id}</code></p>
                    }
                })}
                <p class="notice__time"><Time at=notice.at/></p>
            </div>
        </div>
    }
}

/// The latest notices, for a moment. They are read out by the live region when they appear.
#[component]
pub(super) fn Toasts() -> impl IntoView {
    let notifications = use_notifications();
    let now = use_now();
    let dismissed = RwSignal::new(0u64);
    let shown = Memo::new(move |_| {
        let is_fresh = |notice: &Notice| match &notice.state {
            NoticeState::Pending => true,
            NoticeState::Done => now.get().since(notice.at) < TOAST_TIME,
            NoticeState::Failed(_) => now.get().since(notice.at) < ERROR_TOAST_TIME,
        };
        let all = notifications.all();
        all.into_iter().filter(|n| n.id > dismissed.get() && is_fresh(n)).take(TOASTS).collect::<Vec<_>>()
    });
    view! {
        <Show when=move || shown.with(|s| !s.is_empty())>
            <section class="toasts" aria-label=move || t(msg::NOTIFICATIONS_TITLE)>
                {move || shown.get().into_iter().map(|notice| {
                    let id = notice.id;
                    view! {
                        <div class="toast">
                            <NoticeView notice/>
                            <Button label=msg::CLOSE icon=Icon::Close icon_only=true kind=ButtonKind::Subtle on_press=move || dismissed.set(id)/>
                        </div>
                    }
                }).collect_view()}
            </section>
        </Show>
    }
}
