//! Changes on their way to open pages. The same change is told at most every 100 ms, and the last one always.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};

use crate::api::{Change, Changed};

const GAP: Duration = Duration::from_millis(100);

/// Many tell, many listen.
#[derive(Clone)]
pub struct Hub {
    waiting: Arc<Mutex<BTreeSet<Change>>>,
    wake: Arc<Notify>,
    out: broadcast::Sender<Arc<[Change]>>,
}

impl Hub {
    /// Nothing is told until [`Hub::run`] runs.
    pub fn new() -> Self {
        Hub { waiting: Arc::default(), wake: Arc::default(), out: broadcast::channel(256).0 }
    }

    pub fn tell(&self, account: &str, what: Changed) {
        let change = Change { account: account.to_owned(), what };
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(change);
        self.wake.notify_one();
    }

    /// A listener that lags behind misses changes and is told so: it reads everything again.
    pub fn listen(&self) -> broadcast::Receiver<Arc<[Change]>> {
        self.out.subscribe()
    }

    /// Sends what waits: the first change at once, what follows within the gap together.
    pub async fn run(self) {
        loop {
            self.wake.notified().await;
            let changes = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !changes.is_empty() {
                // Nobody may listen.
                let _ = self.out.send(changes.into_iter().collect());
                tokio::time::sleep(GAP).await;
            }
        }
    }
}

impl Default for Hub {
    fn default() -> Self {
        Hub::new()
    }
}
