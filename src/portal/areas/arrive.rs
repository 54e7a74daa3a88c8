//! A page whose area is on its way: grey lines, then the page, or what went wrong.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::SplitLoaderError;

use crate::portal::components::page_header::TITLE_ID;
use crate::portal::components::{Button, Glyph, Icon, PageHeader, Skeleton};
use crate::portal::i18n::{msg, tx};
use crate::portal::state::{browser, use_refresh};

pub(super) type Loading = Pin<Box<dyn Future<Output = Result<(), SplitLoaderError>>>>;
type Showing = Pin<Box<dyn Future<Output = Result<AnyView, SplitLoaderError>>>>;

#[derive(Clone, Copy, PartialEq)]
enum Arrival {
    Coming,
    Here,
    Failed,
}

impl Arrival {
    fn of(loaded: Result<(), SplitLoaderError>) -> Arrival {
        if loaded.is_ok() { Arrival::Here } else { Arrival::Failed }
    }
}

/// How many pages are waited for.
static COMING: LazyLock<ArcRwSignal<u32>> = LazyLock::new(Default::default);

/// A page is waited for; tracked where signals are.
pub fn are_coming() -> bool {
    let is_tracked = leptos::reactive::graph::Observer::get().is_some();
    (if is_tracked { COMING.get() } else { COMING.get_untracked() }) > 0
}

/// The page at once if its area is here already, so that nothing flickers.
pub(super) fn arrive(load: fn() -> Loading, show: fn() -> Showing) -> AnyView {
    let mut loading = load();
    let arrival = RwSignal::new(now(&mut loading).map_or(Arrival::Coming, Arrival::of));
    match arrival.get_untracked() {
        Arrival::Here => return shown(show),
        Arrival::Coming => wait(loading, arrival, || {}),
        Arrival::Failed => {}
    }
    let again = move || {
        if arrival.get_untracked() == Arrival::Failed {
            arrival.set(Arrival::Coming);
            // What had the keyboard is gone.
            wait(load(), arrival, || browser::focus_id(TITLE_ID));
        }
    };
    // By itself when the server is back.
    let refresh = use_refresh();
    Effect::new(move |was_away: Option<bool>| {
        let is_away = refresh.stale_since().is_some();
        if was_away == Some(true) && !is_away {
            again();
        }
        is_away
    });
    (move || match arrival.get() {
        Arrival::Coming => view! { <Skeleton lines=4/> }.into_any(),
        Arrival::Here => shown(show),
        Arrival::Failed => view! { <NotLoaded on_retry=again/> }.into_any(),
    })
    .into_any()
}

fn wait(loading: Loading, arrival: RwSignal<Arrival>, then: fn()) {
    COMING.update(|n| *n += 1);
    spawn_local(async move {
        let loaded = loading.await;
        // Whoever waited may have gone elsewhere.
        if arrival.try_set(Arrival::of(loaded)).is_none() {
            then();
        }
        COMING.update(|n| *n -= 1);
    });
}

/// Only once the area is here: then nothing is waited for.
fn shown(show: fn() -> Showing) -> AnyView {
    match now(&mut show()) {
        Some(Ok(view)) => view,
        _ => view! { <Skeleton lines=4/> }.into_any(),
    }
}

/// What a future gives without waiting.
fn now<T>(future: &mut Pin<Box<dyn Future<Output = T>>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// The network is away, or the server has another version by now, which has no such file any more.
#[component]
fn NotLoaded(#[prop(into)] on_retry: Callback<()>) -> impl IntoView {
    let reload = || {
        let _ = window().location().reload();
    };
    view! {
        <PageHeader title=msg::PAGE_NOT_LOADED_TITLE icon=Icon::Error/>
        <div class="error-bar" role="alert">
            <Glyph icon=Icon::Error/>
            <div class="error-bar__body"><p class="error-bar__text">{tx(msg::PAGE_NOT_LOADED)}</p></div>
            <Button label=msg::RETRY icon=Icon::Refresh on_press=move || on_retry.run(())/>
            <Button label=msg::RELOAD on_press=reload/>
        </div>
    }
}
