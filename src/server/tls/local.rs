//! Certificates of the local authority: one with all names and addresses of the server, and one more for each name below
//! them that a client asks for. Such names are those of accounts, which come and go; and no library takes a wildcard right
//! below `localhost`.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::KeyPair;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{CertifiedKey, SigningKey};

use super::authority::Authority;
use super::names::OwnNames;
use super::provider;
use crate::api::Timestamp;
use crate::service::context::{Clock, Random};

/// How long a certificate is good.
const DAYS: i64 = 30;
/// How long it is used: another follows long before its end, and names the addresses that the machine has by then.
const USED_SECS: i64 = 24 * 3600;
/// Names that are remembered; beyond that all are forgotten and made again.
const MOST_NAMES: usize = 1000;

pub struct LocalCertificates {
    authority: Authority,
    names: OwnNames,
    /// Of all certificates, and new with each start: it is never stored.
    key: KeyPair,
    signing_key: Arc<dyn SigningKey>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    /// By the name they were made for; the one with all names is that of no name.
    made: Mutex<HashMap<String, Made>>,
}

struct Made {
    at: Timestamp,
    certificate: Arc<CertifiedKey>,
}

impl LocalCertificates {
    /// # Errors
    /// When no key can be made.
    pub fn new(
        authority: Authority,
        names: OwnNames,
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<LocalCertificates> {
        let key = KeyPair::generate()?;
        let der = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let signing_key = provider().key_provider.load_private_key(der)?;
        Ok(LocalCertificates { authority, names, key, signing_key, random, clock, made: Mutex::default() })
    }

    /// For a client that comes by this name, or by an address.
    pub fn asked_for(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        match name.map(str::to_ascii_lowercase) {
            Some(name) if self.names.is_below(&name) => self.named(&name),
            // Also for a name that is none of ours: the client will say what is wrong.
            _ => self.certificate("", || self.names.all()),
        }
    }

    /// For this name alone.
    pub fn named(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.certificate(name, || vec![name.to_owned()])
    }

    fn certificate(&self, of: &str, names: impl FnOnce() -> Vec<String>) -> Option<Arc<CertifiedKey>> {
        let now = self.clock.now();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(of).filter(|known| is_fresh(known.at, now)) {
            return Some(known.certificate.clone());
        }
        match self.authority.certify(&self.key, names(), DAYS, now, &*self.random) {
            Ok(certificate) => {
                let certificate = Arc::new(CertifiedKey::new(vec![certificate], self.signing_key.clone()));
                if made.len() >= MOST_NAMES {
                    made.clear();
                }
                made.insert(of.to_owned(), Made { at: now, certificate: certificate.clone() });
                Some(certificate)
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), name = of, "a certificate could not be made");
                None
            }
        }
    }
}

/// Neither old, nor of a time that the clock has left again.
fn is_fresh(made: Timestamp, now: Timestamp) -> bool {
    (0..USED_SECS * 1_000_000).contains(&(now.micros() - made.micros()))
}

impl fmt::Debug for LocalCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCertificates").field("names", &self.names).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::clock::SystemClock;
    use crate::server::ids::SystemRandom;
    use std::sync::atomic::{AtomicI64, Ordering};

    struct Hands(AtomicI64);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }

        fn monotonic(&self) -> std::time::Duration {
            SystemClock.monotonic()
        }
    }

    fn certificates() -> (LocalCertificates, Arc<Hands>) {
        let clock = Arc::new(Hands(AtomicI64::new(SystemClock.now().micros())));
        let names = OwnNames::new("127.0.0.1:8420".parse().unwrap(), Some("https://batch.example.org"), &[]);
        let authority = Authority::new(&SystemRandom, &*clock).unwrap();
        (LocalCertificates::new(authority, names, Arc::new(SystemRandom), clock.clone()).unwrap(), clock)
    }

    #[test]
    fn names_below_ours_get_certificates_of_their_own_once() {
        let (local, _) = certificates();
        let get = |name| local.asked_for(name).unwrap();
        let all = get(None);
        for name in ["localhost", "batch.example.org", "evil.example"] {
            assert!(Arc::ptr_eq(&get(Some(name)), &all), "{name}");
        }
        let account = get(Some("acc.localhost"));
        assert!(!Arc::ptr_eq(&account, &all));
        assert!(Arc::ptr_eq(&account, &get(Some("ACC.localhost"))));
        assert!(!Arc::ptr_eq(&account, &get(Some("acc.local.batch.batch.example.org"))));
    }

    #[test]
    fn certificates_are_made_anew_long_before_they_end() {
        let (local, clock) = certificates();
        let first = local.asked_for(None).unwrap();
        clock.0.fetch_add(USED_SECS * 1_000_000 - 1, Ordering::Relaxed);
        assert!(Arc::ptr_eq(&first, &local.asked_for(None).unwrap()));
        clock.0.fetch_add(1, Ordering::Relaxed);
        assert!(!Arc::ptr_eq(&first, &local.asked_for(None).unwrap()));
    }

    #[test]
    fn strangers_cannot_fill_the_memory_with_names() {
        let (local, _) = certificates();
        for n in 0..=MOST_NAMES {
            local.asked_for(Some(&format!("a{n}.localhost"))).unwrap();
        }
        assert!(local.made.lock().unwrap().len() <= MOST_NAMES);
    }
}
