//! Where jobs run.

use super::*;
use crate::api::PoolLifetimeOption;
use crate::domain::auto_pool::LONGEST_PREFIX;
use crate::domain::ids::PoolId;

const AUTO: &str = "poolInfo.autoPoolSpecification";

/// Whose jobs they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Caller,
    Schedule,
}

pub(super) fn pool_info(info: &api::PoolInformation, owner: Owner) -> Check {
    match (&info.pool_id, &info.auto_pool_specification) {
        (Some(_), Some(_)) => Err(Error::invalid_property(AUTO, "an object", "either poolId or autoPoolSpecification")),
        (Some(pool), None) => id::<PoolId>("poolInfo.poolId", pool).map(drop),
        (None, Some(auto)) => auto_pool(auto, owner),
        (None, None) => Err(missing("poolInfo.poolId")),
    }
}

/// Whether the location has the size, and what the pool refers to exists, is known where the pool is made.
fn auto_pool(auto: &api::AutoPoolSpecification, owner: Owner) -> Check {
    if let Some(prefix) = auto.auto_pool_id_prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
        let path = format!("{AUTO}.autoPoolIdPrefix");
        if prefix.chars().count() > LONGEST_PREFIX {
            return Err(Error::invalid_property(&path, prefix, format!("at most {LONGEST_PREFIX} characters")));
        }
        id::<PoolId>(&path, prefix)?;
    }
    if owner == Owner::Caller && auto.pool_lifetime_option == PoolLifetimeOption::JobSchedule {
        let reason = "only the pool of a job schedule lives as long as one";
        return Err(Error::invalid_property(&format!("{AUTO}.poolLifetimeOption"), "jobschedule", reason));
    }
    let path = format!("{AUTO}.pool");
    let pool = auto.pool.as_deref().ok_or_else(|| missing(&path))?;
    if !pool.id.is_empty() {
        return Err(Error::unsupported_property(&format!("{path}.id"), "an auto pool is named when it is made"));
    }
    pool_specification(pool).map_err(|error| error.below(&path))
}

#[cfg(test)]
mod tests {
    use super::super::assert_refused as check;
    use super::*;

    #[test]
    fn an_auto_pool_is_checked_property_by_property() {
        use Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing, UnsupportedProperty};
        let with = |owner, change: &dyn Fn(&mut api::AutoPoolSpecification, &mut api::PoolCreate)| {
            let mut pool = api::PoolCreate { vm_size: "s".into(), ..Default::default() };
            let mut auto = api::AutoPoolSpecification {
                auto_pool_id_prefix: Some("p".into()),
                pool_lifetime_option: PoolLifetimeOption::Job,
                keep_alive: None,
                pool: None,
            };
            change(&mut auto, &mut pool);
            auto.pool = Some(Box::new(pool));
            pool_info(&api::PoolInformation { pool_id: None, auto_pool_specification: Some(auto) }, owner)
        };
        assert_eq!(with(Owner::Caller, &|_, _| ()), Ok(()));
        let jobschedule = |auto: &mut api::AutoPoolSpecification, _: &mut api::PoolCreate| {
            auto.pool_lifetime_option = PoolLifetimeOption::JobSchedule;
        };
        assert_eq!(with(Owner::Schedule, &jobschedule), Ok(()));
        let path = |name: &str| format!("{AUTO}.{name}");
        check(with(Owner::Caller, &jobschedule), Invalid, &path("poolLifetimeOption"));
        let prefix = |text: &'static str| {
            move |auto: &mut api::AutoPoolSpecification, _: &mut api::PoolCreate| {
                auto.auto_pool_id_prefix = Some(text.to_owned());
            }
        };
        check(with(Owner::Caller, &prefix("a b")), Invalid, &path("autoPoolIdPrefix"));
        check(with(Owner::Caller, &prefix("a23456789012345678901")), Invalid, &path("autoPoolIdPrefix"));
        check(with(Owner::Caller, &|_, pool| pool.id = "p".into()), UnsupportedProperty, &path("pool.id"));
        check(with(Owner::Caller, &|_, pool| pool.vm_size.clear()), Missing, &path("pool.vmSize"));
        let negative =
            |_: &mut api::AutoPoolSpecification, pool: &mut api::PoolCreate| pool.target_dedicated_nodes = Some(-1);
        check(with(Owner::Caller, &negative), Invalid, &path("pool.targetDedicatedNodes"));
        check(pool_info(&api::PoolInformation::default(), Owner::Caller), Missing, "poolInfo.poolId");
    }
}
