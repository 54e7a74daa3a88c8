//! The form of a new job schedule. What its jobs are like is the form of a job.

use crate::api::{self, Duration, Schedule};
use crate::domain::ids::JobScheduleId;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::job::JobForm;
use crate::portal::pages::typed::{self, Problem, form};

const SHORTEST: Duration = Duration::from_mins(1);

form! {
    /// What the screen holds beside the job's form, as typed.
    #[derive(Default)]
    ScheduleForm, ScheduleFields {
        id: String,
        display_name: String,
        /// Empty: at once.
        until: String,
        /// Empty: it goes on.
        after: String,
        /// Empty: one job.
        interval: String,
        /// Empty: until the next turn.
        window: String,
    }
}

impl ScheduleForm {
    /// What the screen holds of a schedule that is there.
    pub fn of(schedule: &api::JobScheduleCreate) -> Self {
        let times = schedule.schedule.unwrap_or_default();
        let time = |at: Option<api::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        ScheduleForm {
            id: schedule.id.clone(),
            display_name: schedule.display_name.clone().unwrap_or_default(),
            until: time(times.do_not_run_until),
            after: time(times.do_not_run_after),
            interval: typed::write_length(times.recurrence_interval),
            window: typed::write_length(times.start_window),
        }
    }

    /// What is to change of a schedule. Times that stay are not sent, nor settings of the jobs: the server replaces either as a
    /// whole.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn to_patch(&self, job: &JobForm, old: &api::JobScheduleCreate) -> Result<api::JobSchedulePatch, FieldErrors> {
        let mut errors = FieldErrors::default();
        let schedule = self.schedule(&mut errors);
        // What stays is not complained about: the password of a registry, say, is not known here.
        let is_changed = *job != JobForm::of(&old.job_specification);
        let job_specification = is_changed.then(|| {
            job.over(&old.job_specification).unwrap_or_else(|found| {
                errors.extend(found);
                api::JobSpecification::default()
            })
        });
        errors.or(api::JobSchedulePatch {
            schedule: (*self != ScheduleForm::of(old)).then_some(schedule),
            job_specification,
            metadata: None,
        })
    }

    /// Whether the turns begin anew with this change; where the other times alone change they stay.
    pub fn begins_anew(&self, old: &api::JobScheduleCreate) -> bool {
        let before = ScheduleForm::of(old);
        (&self.until, &self.interval) != (&before.until, &before.interval)
    }

    /// The body of the request.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn to_create(&self, job: &JobForm) -> Result<api::JobScheduleCreate, FieldErrors> {
        let mut errors = FieldErrors::default();
        let create = api::JobScheduleCreate {
            id: errors.take("id", typed::id::<JobScheduleId>(&self.id)).map(String::from).unwrap_or_default(),
            display_name: errors.take("displayName", typed::optional(&self.display_name, 1024)).flatten(),
            schedule: Some(self.schedule(&mut errors)),
            job_specification: self.job_specification(job, &mut errors),
            metadata: None,
        };
        errors.or(create)
    }

    fn schedule(&self, errors: &mut FieldErrors) -> Schedule {
        let schedule = Schedule {
            do_not_run_until: errors.take("schedule.doNotRunUntil", typed::time(&self.until)).flatten(),
            do_not_run_after: errors.take("schedule.doNotRunAfter", typed::time(&self.after)).flatten(),
            start_window: errors.take("schedule.startWindow", long_enough(&self.window)).flatten(),
            recurrence_interval: errors.take("schedule.recurrenceInterval", long_enough(&self.interval)).flatten(),
        };
        if schedule.do_not_run_until.zip(schedule.do_not_run_after).is_some_and(|(until, after)| after <= until) {
            errors.add("schedule.doNotRunAfter", msg::JOB_SCHEDULE_AFTER_TOO_EARLY);
        }
        schedule
    }

    fn job_specification(&self, job: &JobForm, errors: &mut FieldErrors) -> api::JobSpecification {
        // The schedule names its jobs itself; an id that fits is not complained about.
        let named = JobForm { id: "job".to_owned(), ..job.clone() };
        let settings = match named.to_create() {
            Ok(settings) => settings,
            Err(found) => {
                errors.extend(found);
                return api::JobSpecification::default();
            }
        };
        api::JobSpecification { id: String::new(), ..settings }
    }
}

fn long_enough(text: &str) -> Result<Option<Duration>, Problem> {
    match typed::length(text)? {
        Some(length) if length < SHORTEST => Err(msg::JOB_SCHEDULE_TOO_SHORT.into()),
        length => Ok(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check;

    fn form(change: impl FnOnce(&mut ScheduleForm, &mut JobForm)) -> (ScheduleForm, JobForm) {
        let mut form = ScheduleForm { id: "s1".into(), ..ScheduleForm::default() };
        let mut job = JobForm { pool: "p1".into(), ..JobForm::default() };
        change(&mut form, &mut job);
        (form, job)
    }

    fn check_error(field: &str, change: impl FnOnce(&mut ScheduleForm, &mut JobForm)) {
        let (form, job) = form(change);
        let errors = form.to_create(&job).unwrap_err();
        assert!(errors.of(field).is_some(), "{field}: {errors:?}");
    }

    #[test]
    fn an_id_and_a_pool_are_enough() {
        let (form, job) = form(|_, _| ());
        let create = form.to_create(&job).unwrap();
        assert_eq!((create.schedule, &create.display_name), (Some(Schedule::default()), &None));
        assert_eq!(create.job_specification.pool_info.pool_id.as_deref(), Some("p1"));
        assert_eq!(check::job_schedule_create(&create), Ok(()));
    }

    #[test]
    fn times_are_sent_as_batch_writes_them() {
        let (form, job) = form(|form, _| {
            form.until = "2027-01-31 02:00".into();
            form.after = "2027-12-31".into();
            form.interval = "1d".into();
            form.window = "2h 30m".into();
        });
        let schedule = serde_json::to_value(form.to_create(&job).unwrap().schedule).unwrap();
        let expected = serde_json::json!({
            "doNotRunUntil": "2027-01-31T02:00:00Z", "doNotRunAfter": "2027-12-31T00:00:00Z",
            "startWindow": "PT2H30M", "recurrenceInterval": "P1D"
        });
        assert_eq!(schedule, expected);
    }

    #[test]
    fn a_manager_ends_the_job_unless_the_job_ends_with_its_tasks() {
        for ends_with_tasks in [true, false] {
            let (form, job) = form(|_, job| {
                job.manager_command = "make tasks".into();
                job.ends_with_tasks = ends_with_tasks;
            });
            let create = serde_json::to_value(form.to_create(&job).unwrap()).unwrap();
            let manager = &create["jobSpecification"]["jobManagerTask"];
            assert_eq!(manager["commandLine"], "make tasks");
            assert_eq!(manager["killJobOnCompletion"], !ends_with_tasks);
        }
    }

    #[test]
    fn what_did_not_change_is_not_sent() {
        let old: api::JobScheduleCreate = serde_json::from_value(serde_json::json!({
            "id": "s1",
            "schedule": { "doNotRunUntil": "2027-01-31T02:00:00Z", "recurrenceInterval": "P1D", "startWindow": "PT1H" },
            "jobSpecification": { "priority": 1, "poolInfo": { "poolId": "p1" }, "constraints": { "maxTaskRetryCount": 0 } },
        }))
        .unwrap();
        let (times, job) = (ScheduleForm::of(&old), JobForm::of(&old.job_specification));
        assert_eq!(times.to_patch(&job, &old).unwrap(), api::JobSchedulePatch::default());
        assert!(!times.begins_anew(&old));
        let later = ScheduleForm { window: "2h".into(), ..times.clone() };
        let patch = later.to_patch(&job, &old).unwrap();
        assert_eq!(
            (patch.schedule.unwrap().start_window, patch.job_specification),
            (Some(Duration::from_mins(120)), None)
        );
        assert!(!later.begins_anew(&old));
        assert!(ScheduleForm { interval: "2d".into(), ..times.clone() }.begins_anew(&old));
        let urgent = JobForm { priority: "9".into(), ..job.clone() };
        let patch = times.to_patch(&urgent, &old).unwrap();
        assert_eq!((patch.schedule, patch.job_specification.unwrap().priority), (None, Some(9)));
        let wrong = ScheduleForm { window: "30s".into(), ..times };
        let errors = wrong.to_patch(&JobForm { priority: "x".into(), ..job }, &old).unwrap_err();
        assert!(errors.of("schedule.startWindow").is_some() && errors.of("priority").is_some());
    }

    #[test]
    fn errors_stand_at_their_fields() {
        check_error("id", |form, _| form.id = "s:job-1".into());
        check_error("schedule.doNotRunUntil", |form, _| form.until = "soon".into());
        check_error("schedule.startWindow", |form, _| form.window = "30s".into());
        check_error("schedule.recurrenceInterval", |form, _| form.interval = "often".into());
        check_error("schedule.doNotRunAfter", |form, _| {
            (form.until, form.after) = ("2027-01-31 02:00".into(), "2027-01-31 02:00".into());
        });
        check_error("poolInfo.poolId", |_, job| job.pool.clear());
        check_error("priority", |_, job| job.priority = "1001".into());
    }
}
