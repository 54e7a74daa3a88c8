//! Limits of an account: what still fits. The same rule refuses a request and warns in a form before it is sent.

use crate::api::{AccountCounts, AccountQuotas, Code, Error};

/// Chosen here: more is a slip of the keyboard.
pub const MOST: i64 = 1_000_000;

/// How much of a limit is in use, and how much is asked for on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    pub used: i64,
    pub wanted: i64,
    pub quota: i64,
}

impl Use {
    pub fn dedicated_cores(counts: &AccountCounts, quotas: &AccountQuotas, wanted: i64) -> Use {
        Use { used: counts.dedicated_cores, wanted, quota: quotas.dedicated_core_quota }
    }

    pub fn low_priority_cores(counts: &AccountCounts, quotas: &AccountQuotas, wanted: i64) -> Use {
        Use { used: counts.low_priority_cores, wanted, quota: quotas.low_priority_core_quota }
    }

    pub fn pools(n_pools: i64, quotas: &AccountQuotas, wanted: i64) -> Use {
        Use { used: n_pools, wanted, quota: quotas.pool_quota }
    }

    /// Active jobs and active job schedules share a limit. Source: quotas, `activeJobAndJobScheduleQuota`.
    pub fn jobs(active_jobs: i64, active_job_schedules: i64, quotas: &AccountQuotas, wanted: i64) -> Use {
        Use { used: active_jobs + active_job_schedules, wanted, quota: quotas.active_job_and_job_schedule_quota }
    }

    /// Whether what is asked for does not fit. What is not asked for always does, also where a limit was lowered.
    pub fn is_exceeded(self) -> bool {
        self.wanted > 0 && self.used.saturating_add(self.wanted) > self.quota
    }

    pub fn left(self) -> i64 {
        (self.quota - self.used).max(0)
    }
}

/// Limits that an operator sets: each from 0 to a million. One below what is in use takes nothing away; nothing comes on top
/// until there is room.
///
/// # Errors
/// `InvalidPropertyValue`.
pub fn check(quotas: &AccountQuotas) -> Result<(), Error> {
    let all = [
        ("dedicatedCoreQuota", quotas.dedicated_core_quota),
        ("lowPriorityCoreQuota", quotas.low_priority_core_quota),
        ("poolQuota", quotas.pool_quota),
        ("activeJobAndJobScheduleQuota", quotas.active_job_and_job_schedule_quota),
    ];
    match all.iter().find(|(_, n)| !(0..=MOST).contains(n)) {
        Some((name, n)) => Err(Error::invalid_property(name, n.to_string(), format!("A quota is 0 to {MOST}."))),
        None => Ok(()),
    }
}

/// Why another pool does not fit.
pub fn pool_refusal(n_pools: i64, quotas: &AccountQuotas) -> Option<Code> {
    Use::pools(n_pools, quotas, 1).is_exceeded().then_some(Code::PoolQuotaReached)
}

/// Why another active job or job schedule does not fit.
pub fn job_refusal(active_jobs: i64, active_job_schedules: i64, quotas: &AccountQuotas) -> Option<Code> {
    let over = Use::jobs(active_jobs, active_job_schedules, quotas, 1).is_exceeded();
    over.then_some(Code::ActiveJobAndScheduleQuotaReached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_fits_and_the_next_does_not() {
        let quotas = AccountQuotas { pool_quota: 2, active_job_and_job_schedule_quota: 3, ..AccountQuotas::default() };
        assert_eq!((pool_refusal(1, &quotas), pool_refusal(2, &quotas)), (None, Some(Code::PoolQuotaReached)));
        assert_eq!(job_refusal(1, 1, &quotas), None);
        assert_eq!(job_refusal(1, 2, &quotas), Some(Code::ActiveJobAndScheduleQuotaReached));
        let lowered = Use { used: 8, wanted: 0, quota: 2 };
        assert_eq!((lowered.is_exceeded(), lowered.left()), (false, 0));
    }

    #[test]
    fn a_quota_is_no_negative_or_absurd_number() {
        assert!(check(&AccountQuotas::default()).is_ok());
        assert!(check(&AccountQuotas { pool_quota: 0, ..AccountQuotas::default() }).is_ok());
        for wrong in [-1, MOST + 1, i64::MAX] {
            let error = check(&AccountQuotas { pool_quota: wrong, ..AccountQuotas::default() }).unwrap_err();
            assert_eq!(error.value("PropertyName"), Some("poolQuota"));
        }
    }
}
