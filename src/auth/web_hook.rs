//! How a web hook's receiver knows that a request is ours: signatures of Standard Webhooks, which its libraries check.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::api::Secret;

const PREFIX: &str = "whsec_";

/// A hook's secret: 256 random bits.
pub fn new_secret(bits: &[u8; 32]) -> Secret {
    Secret(format!("{PREFIX}{}", STANDARD.encode(bits)))
}

/// The value of `webhook-signature`. `at` is that of `webhook-timestamp`, in seconds, and `id` that of `webhook-id`. Nothing for a secret
/// that is none.
pub fn signature(secret: &Secret, id: &str, at: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(secret.0.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into());
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(signature(&Secret("x".into()), "m", 1, b""), None);
        assert_eq!(new_secret(&[0; 32]).0.len(), "whsec_".len() + 44);
    }
}
