//! The last sign-ins by the provider of OpenID Connect, for who sets it up.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::api::ExternalAttempt;

/// They are not stored: what they say of people is nobody's later.
const MOST: usize = 20;

#[derive(Default)]
pub struct Attempts(Mutex<VecDeque<ExternalAttempt>>);

impl Attempts {
    pub fn add(&self, attempt: ExternalAttempt) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.truncate(MOST - 1);
        all.push_front(attempt);
    }

    /// Newest first.
    pub fn all(&self) -> Vec<ExternalAttempt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
