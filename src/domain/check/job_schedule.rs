//! Job schedules.

use super::*;
use crate::domain::ids::JobScheduleId;

/// Source: job schedules, `startWindow` and `recurrenceInterval`.
const SHORTEST: Duration = Duration::from_mins(1);

/// Everything that a new job schedule must be like.
pub fn job_schedule_create(create: &api::JobScheduleCreate) -> Check {
    id::<JobScheduleId>("id", &create.id)?;
    display_name(create.display_name.as_deref())?;
    schedule(create.schedule.as_ref().ok_or_else(|| missing("schedule"))?)?;
    job_specification(&create.job_specification)?;
    metadata(create.metadata.as_deref())
}

pub fn job_schedule_patch(patch: &api::JobSchedulePatch) -> Check {
    patch.schedule.as_ref().map_or(Ok(()), schedule)?;
    patch.job_specification.as_ref().map_or(Ok(()), job_specification)?;
    metadata(patch.metadata.as_deref())
}

fn schedule(schedule: &api::Schedule) -> Check {
    for (path, length) in
        [("schedule.startWindow", schedule.start_window), ("schedule.recurrenceInterval", schedule.recurrence_interval)]
    {
        if let Some(length) = length.filter(|length| *length < SHORTEST) {
            return Err(Error::invalid_property(path, length.to_string(), "at least a minute, PT1M"));
        }
    }
    match (schedule.do_not_run_until, schedule.do_not_run_after) {
        // Chosen here: what could never make a job is a mistake.
        (Some(until), Some(after)) if after <= until => {
            Err(Error::invalid_property("schedule.doNotRunAfter", after.to_string(), "later than doNotRunUntil"))
        }
        _ => Ok(()),
    }
}

/// What jobs refuse, specifications refuse.
fn job_specification(specification: &api::JobSpecification) -> Check {
    let path = "jobSpecification";
    if !specification.id.is_empty() {
        return Err(Error::unsupported_property(&format!("{path}.id"), "a schedule names its jobs itself"));
    }
    let job = api::JobCreate { id: path.to_owned(), ..specification.clone() };
    super::job::job_of(&job, super::auto_pool::Owner::Schedule).map_err(|error| below(path, error))
}

/// The same error of a property of a property.
fn below(path: &str, mut error: Error) -> Error {
    for value in error.values.iter_mut().filter(|value| value.key == "PropertyName") {
        value.value = format!("{path}.{}", value.value);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::super::assert_refused as check;
    use super::*;

    #[test]
    fn a_job_schedule_is_checked_property_by_property() {
        use Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing, UnsupportedProperty};
        let with = |change: &dyn Fn(&mut api::JobScheduleCreate)| {
            let schedule = Some(api::Schedule::default());
            let mut create = api::JobScheduleCreate { id: "s".into(), schedule, ..Default::default() };
            create.job_specification.pool_info.pool_id = Some("p".into());
            change(&mut create);
            job_schedule_create(&create)
        };
        let with_times = |change: &dyn Fn(&mut api::Schedule)| with(&|s| change(s.schedule.as_mut().unwrap()));
        assert_eq!(with(&|_| ()), Ok(()));
        assert_eq!(with_times(&|s| s.recurrence_interval = Some(SHORTEST)), Ok(()));
        check(with(&|s| s.id = "s:job-1".into()), Invalid, "id");
        check(with(&|s| s.schedule = None), Missing, "schedule");
        check(with_times(&|s| s.start_window = Some(Duration::from_secs(59))), Invalid, "schedule.startWindow");
        check(with_times(&|s| s.recurrence_interval = Some(Duration(0))), Invalid, "schedule.recurrenceInterval");
        let same = Some(api::Timestamp::from_secs(9));
        check(
            with_times(&|s| (s.do_not_run_until, s.do_not_run_after) = (same, same)),
            Invalid,
            "schedule.doNotRunAfter",
        );
        check(with(&|s| s.job_specification.id = "j".into()), UnsupportedProperty, "jobSpecification.id");
        check(with(&|s| s.job_specification.priority = Some(1001)), Invalid, "jobSpecification.priority");
        let pool = "jobSpecification.poolInfo.poolId";
        check(with(&|s| s.job_specification.pool_info.pool_id = None), Missing, pool);
    }
}
