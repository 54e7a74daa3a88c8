//! Signs what programs are told of themselves: JSON Web Tokens (RFC 7519) with ES256.
//!
//! The key is made at each start and never stored: this server knows its tokens by hash, and what others verify is asked for anew
//! (`jwks`) when they meet a key that they do not know.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING as ES256, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::secret;

pub struct Signer {
    key: EcdsaKeyPair,
    key_id: String,
    random: SystemRandom,
}

/// A key could not be made, or a token not be signed: the machine has no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the machine gives no random numbers")]
pub struct NoRandomNumbers;

impl From<Unspecified> for NoRandomNumbers {
    fn from(_: Unspecified) -> Self {
        NoRandomNumbers
    }
}

impl Signer {
    /// With a new key.
    ///
    /// # Errors
    /// The machine has no random numbers.
    pub fn new() -> Result<Signer, NoRandomNumbers> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ES256, &random)?;
        let key = EcdsaKeyPair::from_pkcs8(&ES256, document.as_ref(), &random).map_err(|_| NoRandomNumbers)?;
        let hash = secret::hash(&encode(key.public_key().as_ref()));
        Ok(Signer { key_id: encode(&hash[..12]), key, random })
    }

    /// The token that says these claims.
    ///
    /// # Errors
    /// The machine has no random numbers.
    pub fn sign(&self, claims: &Value) -> Result<String, NoRandomNumbers> {
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": self.key_id });
        let text = format!("{}.{}", encode(head.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = self.key.sign(&self.random, text.as_bytes())?;
        Ok(format!("{text}.{}", encode(signature.as_ref())))
    }

    /// The set of public keys (RFC 7517).
    pub fn jwks(&self) -> Value {
        // An uncompressed point: a byte that says so, then 32 bytes each.
        let point = self.key.public_key().as_ref();
        let half = |from: usize| encode(point.get(from..from + 32).unwrap_or_default());
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.key_id, "x": half(1), "y": half(33),
        }] })
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
    use openidconnect::{JsonWebKey, JsonWebKeyId};

    use super::*;

    #[test]
    fn what_it_signs_is_verified_with_the_keys_that_it_publishes() {
        let signer = Signer::new().unwrap();
        let token = signer.sign(&json!({ "sub": "ada" })).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let keys: CoreJsonWebKeySet = serde_json::from_value(signer.jwks()).unwrap();
        let key =
            keys.keys().iter().find(|key| key.key_id() == Some(&JsonWebKeyId::new(signer.key_id.clone()))).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        let verify =
            |text: &str| key.verify_signature(&CoreJwsSigningAlgorithm::EcdsaP256Sha256, text.as_bytes(), &signature);
        verify(&format!("{}.{}", parts[0], parts[1])).unwrap();
        assert!(verify(&format!("{}.{}", parts[0], encode(b"{}"))).is_err());
    }
}
