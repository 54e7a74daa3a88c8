//! Random secrets that are shown once and stored by hash only.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::api::Secret;

/// SHA-256: enough for secrets of 256 random bits, which nobody can guess through.
pub type Hash = [u8; 32];

/// Begins a personal access token, so that people and scanners of leaks know it when they see it.
pub const TOKEN_PREFIX: &str = "fnl_";

/// Begins an access token that a program was given for a personal one: a signed JSON Web Token, whose head is a JSON object.
pub const ACCESS_PREFIX: &str = "eyJ";

pub fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// 256 bits in 43 characters of base64url: for cookies and links.
pub fn from_bits(bits: &[u8; 32]) -> Secret {
    Secret(URL_SAFE_NO_PAD.encode(bits))
}

pub fn token(bits: &[u8; 32]) -> Secret {
    Secret(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bits)))
}

/// A key of an account: 64 random bytes in base64, as Azure's are.
pub fn account_key(bytes: &[u8; 64]) -> Secret {
    Secret(STANDARD.encode(bytes))
}

/// Takes as long for a near miss as for a far one.
pub fn equal(a: &Hash, b: &Hash) -> bool {
    a.ct_eq(b).into()
}

/// A hash as text, for `meta`.
pub fn hash_to_text(hash: &Hash) -> String {
    URL_SAFE_NO_PAD.encode(hash)
}

pub fn hash_from_text(text: &str) -> Option<Hash> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// The credentials of an `Authorization: Bearer …` header.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_the_shapes_that_their_users_expect() {
        assert_eq!(from_bits(&[0xff; 32]).0.len(), 43);
        assert_eq!(account_key(&[7; 64]).0.len(), 88);
        assert!(token(&[1; 32]).0.starts_with("fnl_AQEB"));
    }

    #[test]
    fn a_hash_goes_through_text() {
        let it = hash("x");
        assert_eq!(hash_from_text(&hash_to_text(&it)), Some(it));
        assert_eq!(hash_from_text("short"), None);
        assert!(equal(&it, &hash("x")) && !equal(&it, &hash("y")));
    }

    #[test]
    fn bearer_tokens_are_read_in_any_case_of_the_scheme() {
        assert_eq!(bearer("bearer fnl_x"), Some("fnl_x"));
        assert_eq!(bearer("Basic dXNlcg=="), None);
        assert_eq!(bearer("fnl_x"), None);
    }
}
