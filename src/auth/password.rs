//! Passwords by Argon2id. Few are computed at a time, so that a flood of guesses does not take the machine.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::api::Secret;

/// Shortest password that is taken. Chosen here: length does more than rules about characters.
pub const MIN_LENGTH: usize = 12;
/// Longest, so that nobody makes the server hash a book.
pub const MAX_LENGTH: usize = 1024;

/// Memory in KiB, passes and lanes: 50 to 100 ms on a core of today, above OWASP's least (19 MiB, two passes).
const COST: (u32, u32, u32) = (32 * 1024, 2, 1);

/// A hash is being computed by two at most.
const AT_A_TIME: usize = 2;

/// Computes and checks hashes of passwords on threads of their own.
pub struct Hasher {
    turns: Semaphore,
}

impl Default for Hasher {
    fn default() -> Self {
        Hasher { turns: Semaphore::new(AT_A_TIME) }
    }
}

impl Hasher {
    /// A hash to store, with its parameters and the salt.
    pub async fn hash(&self, password: Secret, salt: [u8; 16]) -> Secret {
        self.work(move || {
            let salt = SaltString::encode_b64(&salt).expect("16 bytes are a legal salt");
            let hash = argon2().hash_password(password.0.as_bytes(), &salt);
            Secret(hash.expect("the parameters are legal").to_string())
        })
        .await
    }

    /// Whether it is the password of the hash. Without a hash (no such user) the same work is done for nothing.
    pub async fn verify(&self, password: Secret, hash: Option<Secret>) -> bool {
        self.work(move || match hash.as_ref().map(|hash| PasswordHash::new(&hash.0)) {
            // The parameters are those of the stored hash, which may be older than ours.
            Some(Ok(hash)) => argon2().verify_password(password.0.as_bytes(), &hash).is_ok(),
            Some(Err(_)) | None => {
                let mut out = [0; 32];
                let _ = argon2().hash_password_into(password.0.as_bytes(), b"the salt of nobody", &mut out);
                false
            }
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let _turn = self.turns.acquire().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(job).await.expect("hashing does not panic")
    }
}

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("the parameters are legal");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let hasher = Hasher::default();
        let hash = hasher.hash(secret("correct horse battery"), [7; 16]).await;
        assert!(hash.0.starts_with("$argon2id$v=19$m=32768,t=2,p=1$"));
        assert!(hasher.verify(secret("correct horse battery"), Some(hash.clone())).await);
        assert!(!hasher.verify(secret("correct horse batterY"), Some(hash)).await);
        assert!(!hasher.verify(secret("anything"), None).await);
        assert!(!hasher.verify(secret("anything"), Some(secret("no hash"))).await);
    }
}
