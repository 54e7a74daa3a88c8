//! The life of a certificate.
//!
//! ```text
//! active ──delete──▶ deleting ──nobody names it──▶ ·
//!   ▲                   └──pools name it──▶ deletefailed ──delete──▶ deleting
//!   └─────────────cancel────────────────────────┘
//! ```
//! Whether a pool names it is known at once, so nobody ever sees one that is deleting.

use crate::api::{CertificateState, Code, DeleteCertificateError, NameValuePair};

/// Pools that an error names at most. Source: getting a certificate, api-version 2024-02-01.19.0.
pub const MOST_USERS_NAMED: usize = 100;

/// Why a certificate that these pools name stays; nothing when it can go.
pub fn delete_error(pools: &[String]) -> Option<DeleteCertificateError> {
    (!pools.is_empty()).then(|| DeleteCertificateError {
        code: "PoolsReferencingCertificate".to_owned(),
        message: "Pools still name the certificate.".to_owned(),
        values: vec![NameValuePair { name: Some("Pools".to_owned()), value: Some(pools.join(",")) }],
    })
}

/// Why there is no deletion to take back.
pub fn cancel_refusal(state: CertificateState) -> Option<Code> {
    match state {
        CertificateState::Active => Some(Code::CertificateStateActive),
        CertificateState::Deleting => Some(Code::CertificateBeingDeleted),
        CertificateState::DeleteFailed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_certificate_that_pools_name_stays() {
        assert_eq!(delete_error(&[]), None);
        let error = delete_error(&["a".to_owned(), "b".to_owned()]).unwrap();
        assert_eq!(error.values[0].value.as_deref(), Some("a,b"));
    }

    #[test]
    fn only_a_failed_deletion_is_taken_back() {
        assert_eq!(cancel_refusal(CertificateState::DeleteFailed), None);
        assert_eq!(cancel_refusal(CertificateState::Active), Some(Code::CertificateStateActive));
    }
}
