//! Who calls: signatures, passwords, sessions, tokens, and how fast one may guess. Nothing here decides what a caller may do:
//! that is `domain::permission`.

pub mod attempts;
pub mod device_codes;
pub mod flood;
pub mod key_uses;
pub mod password;
pub mod secret;
pub mod shared_key;
pub mod signer;
pub mod ssh_key;
pub mod storage;
pub mod throttle;
pub mod web_hook;

pub use attempts::Attempts;
pub use device_codes::DeviceCodes;
pub use flood::Flood;
pub use key_uses::KeyUses;
pub use password::Hasher;
pub use signer::Signer;
pub use throttle::Throttle;

/// What all requests share to find out who calls.
#[derive(Default)]
pub struct Identity {
    pub hasher: Hasher,
    pub throttle: Throttle,
    pub key_uses: KeyUses,
    pub flood: Flood,
    pub attempts: Attempts,
    pub device_codes: DeviceCodes,
}
