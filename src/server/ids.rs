//! Real chance, from the system's generator. Nothing else makes ids or secrets, so that tests can foresee them.

use rand::RngCore;

use crate::service::context::Random;

pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// A random UUID in its usual spelling.
pub fn uuid(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
