//! What the form of a new job schedule and the panel that changes one share.

use leptos::prelude::*;

use super::schedule_form::ScheduleFields;
use crate::api;
use crate::portal::components::{Checkbox, Field, TextInput};
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::pages::job::{self, JobFields, JobLimits, JobManager, JobRules, hint};

/// When jobs are made.
#[component]
pub fn Times(fields: ScheduleFields) -> impl IntoView {
    let example = |message: Msg| Signal::derive(move || Some(t(message).to_owned()));
    view! {
        <Field name="schedule.doNotRunUntil" label=msg::JOB_SCHEDULE_UNTIL hint=hint(msg::JOB_SCHEDULE_UNTIL_HINT)>
            <TextInput value=fields.until code=true placeholder=example(msg::JOB_SCHEDULE_TIME_EXAMPLE)/>
        </Field>
        <Field name="schedule.recurrenceInterval" label=msg::JOB_SCHEDULE_INTERVAL hint=hint(msg::JOB_SCHEDULE_INTERVAL_HINT)>
            <TextInput value=fields.interval code=true placeholder=example(msg::FORM_LENGTH_EXAMPLE)/>
        </Field>
        <Field name="schedule.startWindow" label=msg::JOB_SCHEDULE_WINDOW hint=hint(msg::JOB_SCHEDULE_WINDOW_HINT)>
            <TextInput value=fields.window code=true placeholder=example(msg::FORM_LENGTH_EXAMPLE)/>
        </Field>
        <Field name="schedule.doNotRunAfter" label=msg::JOB_SCHEDULE_AFTER hint=hint(msg::JOB_SCHEDULE_AFTER_HINT)>
            <TextInput value=fields.after code=true placeholder=example(msg::JOB_SCHEDULE_TIME_EXAMPLE)/>
        </Field>
    }
}

/// How the jobs get their tasks, how they end, and their limits.
#[component]
pub fn Jobs(job: JobFields) -> impl IntoView {
    let has_manager = move || job::is_said(&job.manager_command.get(), &job.manager_in.get());
    let ends_empty = move || job.ends_with_tasks.get() && !has_manager();
    view! {
        <Field name="jobManagerTask.commandLine" label=msg::JOB_SCHEDULE_MANAGER hint=hint(msg::JOB_SCHEDULE_MANAGER_HINT)>
            <TextInput value=job.manager_command code=true/>
        </Field>
        <JobManager fields=job/>
        <Checkbox value=job.ends_with_tasks label=msg::JOB_SCHEDULE_ENDS hint=hint(msg::JOB_SCHEDULE_ENDS_HINT)/>
        <Show when=ends_empty><p class="form__note" role="status">{tx(msg::JOB_SCHEDULE_ENDS_EMPTY)}</p></Show>
        <JobLimits fields=job/>
        <JobRules fields=job/>
    }
}

/// The server names a job's settings below `jobSpecification`; the fields here do as on a job's.
pub fn as_named_here(mut error: api::Error) -> api::Error {
    for value in error.values.iter_mut().filter(|value| value.key == "PropertyName") {
        if let Some(name) = value.value.strip_prefix("jobSpecification.") {
            value.value = name.to_owned();
        }
    }
    job::as_named_here(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_a_jobs_setting_stands_at_its_field() {
        let check = |name: &str, expected: &str| {
            let error = as_named_here(api::Error::invalid_property(name, "", ""));
            assert_eq!(error.value("PropertyName"), Some(expected));
        };
        check("jobSpecification.poolInfo.poolId", "poolInfo.poolId");
        check("jobSpecification.poolInfo.autoPoolSpecification.pool.vmSize", "vmSize");
        check("schedule.startWindow", "schedule.startWindow");
    }
}
