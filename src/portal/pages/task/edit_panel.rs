//! The panel that changes the limits of a task. Of a task that has ended only its retention time still matters, and the others
//! if it is put back.

use leptos::prelude::*;

use crate::api::{Task, TaskConstraints, TaskUpdate};
use crate::domain::permission::Permission;
use crate::portal::components::{Field, FieldErrors, NumberInput, SidePanel, TextInput};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::pages::panel_form::PanelForm;
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::TaskRef;
use crate::portal::pages::typed::{self, form};
use crate::portal::state::use_session;
use crate::server_fns::task_update;

form! {
    LimitsForm, LimitsFields {
        /// Empty: no limit.
        max_wall_clock: String,
        /// Empty: seven days.
        retention: String,
        max_retries: String,
    }
}

impl LimitsForm {
    fn of(task: &Task) -> Self {
        let constraints = task.settings.constraints.clone().unwrap_or_default();
        LimitsForm {
            max_wall_clock: typed::write_length(constraints.max_wall_clock_time),
            retention: constraints.retention_time.map(|time| time.to_string()).unwrap_or_default(),
            max_retries: constraints.max_task_retry_count.unwrap_or(0).to_string(),
        }
    }

    fn to_update(&self) -> Result<TaskUpdate, FieldErrors> {
        let mut errors = FieldErrors::default();
        let constraints = TaskConstraints {
            max_wall_clock_time: errors
                .take("constraints.maxWallClockTime", typed::length(&self.max_wall_clock))
                .flatten(),
            retention_time: errors.take("constraints.retentionTime", typed::length(&self.retention)).flatten(),
            max_task_retry_count: errors
                .take("constraints.maxTaskRetryCount", typed::number(&self.max_retries, -1..=i32::MAX)),
        };
        errors.or(TaskUpdate { constraints: Some(constraints) })
    }
}

#[component]
pub fn LimitsPanel(open: RwSignal<bool>, here: TaskRef, #[prop(into)] task: Signal<Task>) -> impl IntoView {
    let here = StoredValue::new(here);
    let title = move || here.with_value(|here| tf(msg::TASK_EDIT_TITLE, &[("task", here.task.as_str())]));
    view! {
        <SidePanel open title=Signal::derive(title)>
            <LimitsBody open here=here.get_value() task/>
        </SidePanel>
    }
}

#[component]
fn LimitsBody(open: RwSignal<bool>, here: TaskRef, task: Signal<Task>) -> impl IntoView {
    let session = use_session();
    let fields = LimitsFields::new(task.with_untracked(LimitsForm::of));
    let checked = Memo::new(move |_| fields.get().to_update());
    let refused = Signal::derive(move || refusal::of(session, Permission::JobWrite, None));
    let name = here.task.clone();
    let done = Signal::derive(move || tf(msg::TASK_EDITED, &[("task", name.as_str())]));
    let send = move |update| {
        let TaskRef { account, job, task } = here.clone();
        task_update(account, job, task, update)
    };
    let hint = |message: Msg| Signal::derive(move || Some(t(message).to_owned()));
    view! {
        <PanelForm open checked send done refusal=refused>
            <Field name="constraints.retentionTime" label=msg::TASK_RETENTION hint=hint(msg::TASK_RETENTION_HINT)>
                <TextInput value=fields.retention code=true placeholder=hint(msg::TASK_RETENTION_EXAMPLE)/>
            </Field>
            <Field name="constraints.maxWallClockTime" label=msg::JOB_MAX_WALL_CLOCK hint=hint(msg::JOB_EMPTY_NO_LIMIT)>
                <TextInput value=fields.max_wall_clock code=true/>
            </Field>
            <Field name="constraints.maxTaskRetryCount" label=msg::JOB_MAX_RETRIES hint=hint(msg::FORM_RETRIES_HINT)><NumberInput value=fields.max_retries min=-1/></Field>
        </PanelForm>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_sent_as_they_were_typed() {
        let form = |retention: &str| LimitsForm {
            max_wall_clock: String::new(),
            retention: retention.into(),
            max_retries: "2".into(),
        };
        let sent = form("2d").to_update().unwrap().constraints.unwrap();
        assert_eq!(sent.retention_time.unwrap().to_string(), "P2D");
        assert_eq!((sent.max_wall_clock_time, sent.max_task_retry_count), (None, Some(2)));
        assert!(form("soon").to_update().unwrap_err().of("constraints.retentionTime").is_some());
    }
}
