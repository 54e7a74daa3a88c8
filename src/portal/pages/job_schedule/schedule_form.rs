//! The form of a new job schedule. What its jobs are like is the form of a job.

use crate::api::{self, Duration, Schedule};
use crate::domain::check;
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
        /// Empty: no job manager task.
        manager_command: String,
    }
}

impl ScheduleForm {
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
        let manager = job_manager(&self.manager_command, !job.ends_with_tasks);
        api::JobSpecification { id: String::new(), ..with_manager(settings, manager) }
    }
}

fn long_enough(text: &str) -> Result<Option<Duration>, Problem> {
    match typed::length(text)? {
        Some(length) if length < SHORTEST => Err(msg::JOB_SCHEDULE_TOO_SHORT.into()),
        length => Ok(length),
    }
}

/// A job manager task as it goes on the wire; nothing without a command. Where the job ends with its tasks, it outlives
/// its manager.
fn job_manager(command: &str, ends_with_manager: bool) -> Option<serde_json::Value> {
    let task = || {
        serde_json::json!({
            "id": "jobmanager", "commandLine": command, "killJobOnCompletion": ends_with_manager
        })
    };
    (!command.trim().is_empty()).then(task)
}

fn with_manager(mut job: api::JobCreate, manager: Option<serde_json::Value>) -> api::JobCreate {
    job.job_manager_task = manager.and_then(|task| serde_json::from_value(task).ok());
    job
}

/// Whether jobs can have a job manager task: the rule of jobs says so.
pub fn takes_job_manager() -> bool {
    let form = JobForm { id: "j".to_owned(), pool: "p".to_owned(), ..JobForm::default() };
    let job = form.to_create().map(|job| with_manager(job, job_manager("true", true)));
    job.is_ok_and(|job| job.job_manager_task.is_some() && check::job_create(&job).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let (form, job) = form(|form, job| {
                form.manager_command = "make tasks".into();
                job.ends_with_tasks = ends_with_tasks;
            });
            let create = serde_json::to_value(form.to_create(&job).unwrap()).unwrap();
            let manager = &create["jobSpecification"]["jobManagerTask"];
            assert_eq!(manager["commandLine"], "make tasks");
            assert_eq!(manager["killJobOnCompletion"], !ends_with_tasks);
        }
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
