//! Chance that follows from a seed.

use std::sync::{Arc, Mutex};

use fournil::service::context::Random;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngCore, SeedableRng};

/// Cheap to clone; all clones draw from the same lot.
#[derive(Clone)]
pub struct Chance(Arc<Mutex<StdRng>>);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// From the first number up to and without the second.
    pub fn below(&self, from: u64, to: u64) -> u64 {
        self.0.lock().unwrap().random_range(from..to.max(from + 1))
    }

    pub fn percent(&self, percent: u64) -> bool {
        self.below(0, 100) < percent
    }

    pub fn one<T: Clone>(&self, of: &[T]) -> Option<T> {
        of.choose(&mut *self.0.lock().unwrap()).cloned()
    }

    /// One of them; there must be some.
    pub fn pick<T: Clone>(&self, of: &[T]) -> T {
        self.one(of).unwrap()
    }
}

impl Random for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(bytes);
    }
}
