//! Something that a page reads from the server and keeps up to date.
//!
//! A resource of Leptos would rebuild what shows it at each refresh. A `Reading` keeps what it has while it reads again, and
//! tells only those who show a part that changed; when its *key* changes (another pool, say) it starts from nothing.

use std::future::Future;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::portal::state::{Session, use_session};

pub struct Reading<T: Send + Sync + 'static> {
    data: RwSignal<Option<T>>,
    error: RwSignal<Option<api::Error>>,
    again: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Reading<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Reading<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Reading<T> {
    /// What was read last.
    pub fn get(self) -> Option<T> {
        self.data.get()
    }

    pub fn with<U>(self, read: impl FnOnce(Option<&T>) -> U) -> U {
        self.data.with(|data| read(data.as_ref()))
    }

    /// Why the last read failed.
    pub fn error(self) -> Option<api::Error> {
        self.error.get()
    }

    /// Nothing has been answered yet.
    pub fn is_first(self) -> bool {
        self.data.with(Option::is_none) && self.error.with(Option::is_none)
    }

    /// Reads again and keeps showing what is there.
    pub fn reload(self) {
        self.again.update(|n| *n = n.wrapping_add(1));
    }

    /// Takes a value that a command answered with.
    pub fn set(self, value: T) {
        self.error.set(None);
        self.data.set(Some(value));
    }
}

/// Reads `fetch(key())` now, when the key changes (from nothing), and when `tick` does (keeping what is there).
pub fn use_reading<K, T, F>(
    key: impl Fn() -> K + Send + Sync + 'static,
    tick: Signal<u32>,
    fetch: impl Fn(K) -> F + Send + Sync + 'static,
) -> Reading<T>
where
    K: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<T, api::Error>> + 'static,
{
    let reading = Reading { data: RwSignal::new(None), error: RwSignal::new(None), again: RwSignal::new(0) };
    let session = use_session();
    let key = Memo::new(move |_| key());
    let fetch = Arc::new(fetch);
    // At most one request at a time: a tick during a request is made up for when it ends.
    let flight = StoredValue::new(Flight::<K>::default());
    Effect::new(move |last: Option<K>| {
        let now = key.get();
        // Read and not only tracked: a memo that nobody has read yet follows nothing.
        tick.get();
        reading.again.track();
        if last.is_some_and(|last| last != now) {
            reading.data.set(None);
            reading.error.set(None);
        }
        start(reading, session, flight, fetch.clone(), now.clone());
        now
    });
    reading
}

struct Flight<K> {
    /// What is being asked for.
    asking: Option<K>,
    /// Ask again, for this, when the answer is there.
    next: Option<K>,
}

impl<K> Default for Flight<K> {
    fn default() -> Self {
        Flight { asking: None, next: None }
    }
}

fn start<K, T, F>(
    reading: Reading<T>,
    session: Session,
    flight: StoredValue<Flight<K>>,
    fetch: Arc<impl Fn(K) -> F + Send + Sync + 'static>,
    key: K,
) where
    K: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<T, api::Error>> + 'static,
{
    let busy = flight.try_update_value(|flight| {
        if flight.asking.is_some() {
            flight.next = Some(key.clone());
            true
        } else {
            flight.asking = Some(key.clone());
            false
        }
    });
    if busy != Some(false) {
        return;
    }
    spawn_local(async move {
        let answer = fetch(key).await;
        // Nothing to update when the page was left meanwhile.
        let Some((asked, next)) = flight.try_update_value(|flight| (flight.asking.take(), flight.next.take())) else {
            return;
        };
        if next.is_none() || next == asked {
            settle(reading, session, answer);
        }
        if let Some(next) = next {
            start(reading, session, flight, fetch, next);
        }
    });
}

fn settle<T: Clone + PartialEq + Send + Sync + 'static>(
    reading: Reading<T>,
    session: Session,
    answer: Result<T, api::Error>,
) {
    match answer {
        Ok(value) => {
            reading.error.try_set(None);
            if reading.data.try_with_untracked(|old| old.as_ref() != Some(&value)).unwrap_or(false) {
                reading.data.set(Some(value));
            }
        }
        Err(error) => {
            session.observe(&error);
            reading.error.try_set(Some(error));
        }
    }
}
