//! Public keys of people, as OpenSSH writes them.

use russh::keys::{HashAlg, PublicKey};

/// The key on one line, without what stands around it; absent when it is none, or an RSA key that is too short today.
pub fn normal(text: &str) -> Option<String> {
    const FEWEST_RSA_BITS: usize = 2048;
    let key = read(text)?;
    let is_weak = key.key_data().rsa().is_some_and(|rsa| rsa.key_size() < FEWEST_RSA_BITS as u32);
    if is_weak { None } else { key.to_openssh().ok() }
}

/// Kind of hash and hash, as `ssh-keygen -l` shows it.
pub fn fingerprint(text: &str) -> Option<String> {
    Some(read(text)?.fingerprint(HashAlg::Sha256).to_string())
}

fn read(text: &str) -> Option<PublicKey> {
    PublicKey::from_openssh(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPCkfOOmVvIY1+U8LZgwPPDdKgDcEm9cmUNYLl3iBVfi me@home";

    #[test]
    fn a_key_is_kept_as_openssh_writes_it() {
        assert_eq!(normal(&format!("  {KEY}\n")).as_deref(), Some(KEY));
        assert!(fingerprint(KEY).unwrap().starts_with("SHA256:"));
    }

    #[test]
    fn what_is_no_key_is_none() {
        for bad in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 AAAA",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIPCkfOOmVvIY1+U8LZgwPPDdKgDcEm9cmUNYLl3iBVfi",
        ] {
            assert_eq!(normal(bad), None, "{bad}");
        }
    }
}
