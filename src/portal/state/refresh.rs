//! Live updates: one EventSource for the whole page. The server says that something changed, and what shows it reads again.
//!
//! A subscriber's signal ticks at once for the first change and then at most four times a second. It does not tick while
//! updates are paused or the page is hidden; what was missed is made up for by one tick. After a lost connection everything
//! is read again, since nobody knows what was missed.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource, MessageEvent};

use super::{Session, browser};
use crate::api::{Change, Timestamp};

const LIVE_KEY: &str = "fournil.live";
const EVENTS_URL: &str = "/portal/events";
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
/// By then another page has taken the place of the one that was left.
const DRAWN: Duration = Duration::from_millis(100);
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_secs(15);

#[derive(Clone, Copy)]
pub struct Refresh {
    live: RwSignal<bool>,
    connected: RwSignal<bool>,
    /// When the server was last heard of.
    heard: RwSignal<Timestamp>,
    subscribers: StoredValue<Vec<Subscriber>>,
    source: StoredValue<Option<EventSource>, LocalStorage>,
    session: Session,
    retry: StoredValue<Duration>,
    next_id: StoredValue<u64>,
    /// How many commands hold updates back.
    holds: StoredValue<u32>,
}

type Matches = Box<dyn Fn(&Change) -> bool + Send + Sync>;

#[derive(Clone)]
struct Subscriber {
    id: u64,
    matches: ArcStoredValue<Matches>,
    tick: ArcRwSignal<u32>,
    state: ArcStoredValue<Pace>,
}

#[derive(Clone, Copy, Default)]
struct Pace {
    /// A tick went out less than [`SHORTEST_PAUSE`] ago.
    resting: bool,
    /// Something changed meanwhile.
    owed: bool,
}

impl Refresh {
    pub fn provide(session: Session) -> Refresh {
        let refresh = Refresh {
            live: RwSignal::new(browser::stored(LIVE_KEY).as_deref() != Some("off")),
            connected: RwSignal::new(true),
            heard: RwSignal::new(browser::now()),
            subscribers: StoredValue::new(Vec::new()),
            source: StoredValue::new_local(None),
            session,
            retry: StoredValue::new(RETRY_FIRST),
            next_id: StoredValue::new(0),
            holds: StoredValue::new(0),
        };
        provide_context(refresh);
        Effect::new(move |was: Option<bool>| {
            let signed_in = session.is_signed_in();
            if signed_in != was.unwrap_or(false) {
                if signed_in { refresh.connect() } else { refresh.disconnect() }
            }
            signed_in
        });
        let on_visible = window_event_listener_untyped("visibilitychange", move |_| refresh.pay_what_is_owed());
        on_cleanup(move || on_visible.remove());
        refresh
    }

    /// Not paused by the user.
    pub fn is_live(self) -> bool {
        self.live.get()
    }

    pub fn set_live(self, live: bool) {
        browser::store(LIVE_KEY, if live { "on" } else { "off" });
        self.live.set(live);
        self.pay_what_is_owed();
    }

    /// When the server was last heard of, if the connection is lost.
    pub fn stale_since(self) -> Option<Timestamp> {
        (!self.connected.get()).then(|| self.heard.get())
    }

    /// Everything that is shown is read again.
    pub fn refetch_all(self) {
        for subscriber in self.subscribers.get_value() {
            self.owe(&subscriber);
        }
    }

    /// Holds updates back until they are released.
    pub fn hold(self) {
        self.holds.update_value(|n| *n += 1);
    }

    pub fn release(self) {
        self.holds.update_value(|n| *n = n.saturating_sub(1));
        self.pay_what_is_owed();
    }

    /// Releases once the page to which was led has taken the place of the one before.
    pub fn release_when_drawn(self) {
        set_timeout(move || self.release(), DRAWN);
    }

    fn connect(self) {
        let Ok(source) = EventSource::new(EVENTS_URL) else { return self.retry_later() };
        listen(&source, "open", move |_| self.opened());
        listen(&source, "error", move |_| self.failed());
        listen(&source, "message", move |event| self.received(&event));
        listen(&source, "hello", move |event| self.greeted(&event));
        self.disconnect();
        self.source.set_value(Some(source));
    }

    fn disconnect(self) {
        if let Some(old) = self.source.try_update_value(Option::take).flatten() {
            old.close();
        }
    }

    fn opened(self) {
        self.retry.set_value(RETRY_FIRST);
        self.heard.set(browser::now());
        if !self.connected.get_untracked() {
            self.connected.set(true);
        }
    }

    fn failed(self) {
        if !self.session.is_signed_in_untracked() {
            return;
        }
        self.connected.set(false);
        let is_closed = self.source.with_value(|s| s.as_ref().is_none_or(|s| s.ready_state() == EventSource::CLOSED));
        // While it is not closed the browser tries again by itself.
        if is_closed {
            self.retry_later();
        }
    }

    fn retry_later(self) {
        let wait = self.retry.get_value();
        self.retry.set_value((wait * 2).min(RETRY_LAST));
        set_timeout(
            move || {
                spawn_local(async move {
                    // An EventSource does not tell a session that has ended from a server that is away.
                    self.session.probe().await;
                    if self.session.is_signed_in_untracked() {
                        self.connect();
                    }
                })
            },
            wait,
        );
    }

    fn greeted(self, event: &Event) {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Hello {
            build_id: String,
        }
        if let Some(hello) = data(event).and_then(|text| serde_json::from_str::<Hello>(&text).ok()) {
            self.session.server_says_build(hello.build_id);
        }
        // The server tells changes from here on: what was read before may have changed meanwhile.
        self.refetch_all();
    }

    fn received(self, event: &Event) {
        self.heard.set(browser::now());
        // An event that a newer server invented is left alone.
        let changes: Vec<Change> = data(event).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        for subscriber in self.subscribers.get_value() {
            let concerned = subscriber.matches.with_value(|matches| changes.iter().any(matches));
            if concerned {
                self.owe(&subscriber);
            }
        }
    }

    fn owe(self, subscriber: &Subscriber) {
        subscriber.state.update_value(|pace| pace.owed = true);
        self.pay(subscriber);
    }

    fn pay_what_is_owed(self) {
        for subscriber in self.subscribers.get_value() {
            self.pay(&subscriber);
        }
    }

    fn pay(self, subscriber: &Subscriber) {
        let pace = subscriber.state.get_value();
        let is_held = self.holds.get_value() > 0;
        if !pace.owed || pace.resting || is_held || !self.live.get_untracked() || browser::is_hidden() {
            return;
        }
        subscriber.state.set_value(Pace { resting: true, owed: false });
        subscriber.tick.update(|n| *n = n.wrapping_add(1));
        let subscriber = subscriber.clone();
        set_timeout(
            move || {
                subscriber.state.update_value(|pace| pace.resting = false);
                self.pay(&subscriber);
            },
            SHORTEST_PAUSE,
        );
    }
}

pub fn use_refresh() -> Refresh {
    expect_context()
}

/// A number that grows when something changed that concerns the caller; goes with the component that asked.
///
/// ```text
/// let tick = use_changes(move |change| change.account == account.get_untracked().as_str());
/// ```
pub fn use_changes(matches: impl Fn(&Change) -> bool + Send + Sync + 'static) -> Signal<u32> {
    let refresh = use_refresh();
    let tick = ArcRwSignal::new(0);
    let id = refresh.next_id.get_value();
    refresh.next_id.set_value(id + 1);
    let subscriber = Subscriber {
        id,
        matches: ArcStoredValue::new(Box::new(matches)),
        tick: tick.clone(),
        state: ArcStoredValue::new(Pace::default()),
    };
    refresh.subscribers.update_value(|all| all.push(subscriber));
    on_cleanup(move || {
        refresh.subscribers.try_update_value(|all| all.retain(|s| s.id != id));
    });
    Signal::derive(move || tick.get())
}

fn data(event: &Event) -> Option<String> {
    event.dyn_ref::<MessageEvent>()?.data().as_string()
}

fn listen(source: &EventSource, kind: &str, on_event: impl Fn(Event) + 'static) {
    let closure = Closure::<dyn Fn(Event)>::new(on_event);
    let _ = source.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
    // Connections are few: a listener may live as long as the page.
    closure.forget();
}
