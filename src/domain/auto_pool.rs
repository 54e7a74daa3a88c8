//! Pools that are made for a job or a job schedule. Source: jobs, `autoPoolSpecification`, api-version 2024-02-01.19.0.
//!
//! Such a pool is made in the transaction that makes the job, and given up in the one that completes or removes its owner. The
//! pool of a job schedule is made with its first job. Chosen here: where somebody has deleted it meanwhile, the next job of the
//! schedule gets a new one; a job whose pool was deleted waits.

use crate::api::{Error, JobSchedulingError, NameValuePair, PoolInformation, PoolLifetimeOption};

/// Source: jobs, `autoPoolIdPrefix`.
pub const LONGEST_PREFIX: usize = 20;

/// The id of a new auto pool: its prefix, and sixteen bytes of chance as a GUID.
pub fn pool_id(prefix: Option<&str>, chance: &str) -> String {
    let digits = chance.to_ascii_uppercase();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let guid = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
    match prefix.filter(|prefix| !prefix.is_empty()) {
        Some(prefix) => format!("{prefix}_{guid}"),
        None => guid,
    }
}

/// Where the job runs after a change. Of an auto pool only `keepAlive` changes, and only where the pool lives as long as the
/// job; what is given back without its secrets counts as unchanged.
///
/// # Errors
/// `InvalidPropertyValue`.
pub fn changed(now: &PoolInformation, wanted: PoolInformation) -> Result<PoolInformation, Error> {
    let path = "poolInfo.autoPoolSpecification";
    match (&now.auto_pool_specification, &wanted.auto_pool_specification) {
        (None, None) => Ok(wanted),
        (Some(auto), Some(new)) => {
            let keep_alive = new.keep_alive;
            let with_same = |info: &PoolInformation| {
                let mut info = info.clone().without_secrets();
                info.auto_pool_specification.iter_mut().for_each(|auto| auto.keep_alive = None);
                info
            };
            if with_same(now) != with_same(&wanted) {
                return Err(Error::invalid_property(path, "an object", "only keepAlive of an auto pool can change"));
            }
            if auto.keeps_alive() != new.keeps_alive() && auto.pool_lifetime_option != PoolLifetimeOption::Job {
                let reason = "it changes only where the pool lives as long as the job";
                return Err(Error::invalid_property(&format!("{path}.keepAlive"), "a boolean", reason));
            }
            if auto.keeps_alive() == new.keeps_alive() {
                return Ok(now.clone());
            }
            let mut info = now.clone();
            info.auto_pool_specification.iter_mut().for_each(|auto| auto.keep_alive = keep_alive);
            Ok(info)
        }
        (Some(_), None) => {
            let pool = wanted.pool_id.unwrap_or_default();
            Err(Error::invalid_property("poolInfo.poolId", pool, "a job with an auto pool keeps it"))
        }
        (None, Some(_)) => Err(Error::invalid_property(path, "an object", "an auto pool is made with its job only")),
    }
}

/// Where the jobs of a schedule run after a change. An auto pool that comes back as it was given back, without its secrets, has
/// not changed: its secrets stay.
pub fn with_secrets(now: &PoolInformation, mut wanted: PoolInformation) -> PoolInformation {
    let (Some(auto), Some(new)) = (&now.auto_pool_specification, &mut wanted.auto_pool_specification) else {
        return wanted;
    };
    let given_back = auto.pool.clone().map(|pool| pool.without_secrets());
    if new.pool.as_deref() == given_back.as_ref() {
        new.pool.clone_from(&auto.pool);
    }
    wanted
}

/// An auto pool that is written anew keeps the secrets that its text leaves out.
pub fn keep_secrets(wanted: &mut PoolInformation, now: &PoolInformation) {
    let pool = |info: &PoolInformation| info.auto_pool_specification.as_ref().and_then(|auto| auto.pool.clone());
    let new = wanted.auto_pool_specification.as_mut().and_then(|auto| auto.pool.as_mut());
    if let (Some(new), Some(now)) = (new, pool(now)) {
        new.keep_secrets(&now);
    }
}

/// What a job says whose pool could not be made.
pub fn scheduling_error(error: &Error) -> JobSchedulingError {
    let detail = |v: &crate::api::ErrorValue| NameValuePair { name: Some(v.key.clone()), value: Some(v.value.clone()) };
    JobSchedulingError {
        category: crate::api::ErrorCategory::UserError,
        code: error.code.to_string(),
        message: error.message.clone(),
        details: error.values.iter().map(detail).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{AutoPoolSpecification, PoolCreate};

    #[test]
    fn an_auto_pool_that_comes_back_as_it_was_given_back_keeps_its_secrets() {
        let of = |pool: serde_json::Value| -> PoolInformation {
            serde_json::from_value(serde_json::json!({
                "autoPoolSpecification": { "poolLifetimeOption": "job", "keepAlive": false, "pool": pool }
            }))
            .unwrap()
        };
        let mount = |key: Option<&str>, name: &str| {
            let mut share = serde_json::json!({
                "accountName": "a", "azureFileUrl": "https://a/s", "relativeMountPath": name,
            });
            if let Some(key) = key {
                share["accountKey"] = key.into();
            }
            serde_json::json!({ "vmSize": "s", "mountConfiguration": [{ "azureFileShareConfiguration": share }] })
        };
        let now = of(mount(Some("secret"), "m"));
        let given_back = now.clone().without_secrets();
        assert_ne!(given_back, now, "the key is a secret");
        assert_eq!(with_secrets(&now, given_back.clone()), now);
        let mut kept = given_back;
        kept.auto_pool_specification.as_mut().unwrap().keep_alive = Some(true);
        let changed = with_secrets(&now, kept).auto_pool_specification.unwrap();
        assert_eq!((changed.keep_alive, changed.pool), (Some(true), now.auto_pool_specification.clone().unwrap().pool));
        let other = of(mount(Some("other"), "n"));
        assert_eq!(with_secrets(&now, other.clone()), other);
    }

    fn auto(lifetime: PoolLifetimeOption, keep_alive: Option<bool>, size: &str) -> PoolInformation {
        let pool = PoolCreate { vm_size: size.to_owned(), ..PoolCreate::default() };
        let auto = AutoPoolSpecification {
            auto_pool_id_prefix: None,
            pool_lifetime_option: lifetime,
            keep_alive,
            pool: Some(Box::new(pool)),
        };
        PoolInformation { pool_id: None, auto_pool_specification: Some(auto) }
    }

    #[test]
    fn an_auto_pool_has_its_prefix_and_a_guid() {
        let chance = "00112233445566778899aabbccddeeff";
        assert_eq!(pool_id(Some("p"), chance), "p_00112233-4455-6677-8899-AABBCCDDEEFF");
        assert_eq!(pool_id(None, chance), "00112233-4455-6677-8899-AABBCCDDEEFF");
        let longest = pool_id(Some(&"x".repeat(LONGEST_PREFIX)), chance);
        assert!(longest.parse::<crate::domain::ids::PoolId>().is_ok());
    }

    #[test]
    fn of_an_auto_pool_only_keep_alive_changes() {
        use PoolLifetimeOption::{Job, JobSchedule};
        let now = auto(Job, None, "s");
        assert_eq!(changed(&now, auto(Job, Some(true), "s")), Ok(auto(Job, Some(true), "s")));
        let refused = |now: &PoolInformation, wanted| {
            let error = changed(now, wanted).unwrap_err();
            error.value("PropertyName").unwrap_or_default().to_owned()
        };
        let path = "poolInfo.autoPoolSpecification";
        assert_eq!(refused(&now, auto(Job, None, "other")), path);
        assert_eq!(
            refused(&auto(JobSchedule, None, "s"), auto(JobSchedule, Some(true), "s")),
            format!("{path}.keepAlive")
        );
        assert_eq!(refused(&now, PoolInformation::of_pool("p")), "poolInfo.poolId");
        assert_eq!(refused(&PoolInformation::of_pool("p"), now.clone()), path);
        assert_eq!(
            changed(&PoolInformation::of_pool("p"), PoolInformation::of_pool("q")),
            Ok(PoolInformation::of_pool("q"))
        );
    }
}
