//! What helps when a resize fell short.

use crate::portal::i18n::{Msg, msg};

/// The advice for a code of a resize error.
pub fn resize_remedy(code: &str) -> Msg {
    match code {
        "AccountCoreQuotaReached" | "AccountLowPriorityCoreQuotaReached" | "AccountSpotCoreQuotaReached" => {
            msg::POOL_REMEDY_QUOTA
        }
        "AllocationTimedOut" | "AllocationTimedout" => msg::POOL_REMEDY_TIMEOUT,
        "ResizeStopped" => msg::POOL_REMEDY_STOPPED,
        _ => msg::POOL_REMEDY_OTHER,
    }
}
