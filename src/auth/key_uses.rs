//! When account keys were used, collected in memory so that signed requests write nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::{KeyName, Timestamp};

/// Uses that are not stored yet.
#[derive(Default)]
pub struct KeyUses {
    waiting: Mutex<HashMap<(i64, KeyName), Timestamp>>,
}

impl KeyUses {
    pub fn record(&self, account_key: i64, which: KeyName, now: Timestamp) {
        self.lock().insert((account_key, which), now);
    }

    /// Forgets what waits for a key that has been replaced.
    pub fn forget(&self, account_key: i64, which: KeyName) {
        self.lock().remove(&(account_key, which));
    }

    /// Takes what is to be stored.
    pub fn take(&self) -> Vec<(i64, KeyName, Timestamp)> {
        self.lock().drain().map(|((account_key, which), at)| (account_key, which, at)).collect()
    }

    /// The use that waits to be stored, if any.
    pub fn waiting(&self, account_key: i64, which: KeyName) -> Option<Timestamp> {
        self.lock().get(&(account_key, which)).copied()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(i64, KeyName), Timestamp>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
