//! What can be done to a job schedule: the bar of its page and the menu of its row show the same list.

use leptos::prelude::*;

use crate::api::{JobScheduleState, JobScheduleSummary};
use crate::domain::job_schedule::{self as rules, Wish};
use crate::domain::permission::Permission;
use crate::portal::components::{Command, Confirmation, Icon};
use crate::portal::i18n::{msg, t, tf, tn};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::JobScheduleRef;
use crate::portal::paths;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{job_schedule_delete, job_schedule_disable, job_schedule_enable, job_schedule_terminate};

/// A schedule with more jobs than this is deleted only when its name is typed.
const MANY_JOBS: i64 = 10;

/// What the commands need to know of the schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFacts {
    pub state: JobScheduleState,
    pub n_jobs: i64,
}

impl ScheduleFacts {
    /// Before the schedule is read: nothing is shown of it.
    pub const UNKNOWN: ScheduleFacts = ScheduleFacts { state: JobScheduleState::Active, n_jobs: 0 };

    pub fn of(summary: &JobScheduleSummary) -> Self {
        ScheduleFacts { state: summary.job_schedule.state, n_jobs: summary.n_jobs }
    }
}

pub fn schedule_commands(here: JobScheduleRef, facts: Signal<ScheduleFacts>, deleted: Callback<()>) -> Vec<Command> {
    let (session, notifications) = (use_session(), use_notifications());
    let refused =
        move |wish| move || refusal::of(session, Permission::JobWrite, rules::refusal(facts.get().state, wish));
    let edit = paths::with_query(paths::job_schedule(&here.account, &here.schedule), &[("panel", "edit")]);
    let edit_json = paths::edit_json(paths::job_schedule_properties(&here.account, &here.schedule));
    let (enable, disable, terminate, delete) = (here.clone(), here.clone(), here.clone(), here.clone());
    let (end_question, delete_question) = (here.clone(), here);
    let run_enable = move || {
        let JobScheduleRef { account, schedule } = enable.clone();
        let names = [("schedule", schedule.as_str())];
        let (doing, done) = (tf(msg::JOB_SCHEDULE_ENABLING, &names), tf(msg::JOB_SCHEDULE_ENABLED, &names));
        notifications.run(doing, done, job_schedule_enable(account, schedule), |()| ());
    };
    let run_disable = move || {
        let JobScheduleRef { account, schedule } = disable.clone();
        let names = [("schedule", schedule.as_str())];
        let (doing, done) = (tf(msg::JOB_SCHEDULE_DISABLING, &names), tf(msg::JOB_SCHEDULE_DISABLED, &names));
        notifications.run(doing, done, job_schedule_disable(account, schedule), |()| ());
    };
    let run_terminate = move || {
        let JobScheduleRef { account, schedule } = terminate.clone();
        let names = [("schedule", schedule.as_str())];
        let (doing, done) = (tf(msg::JOB_SCHEDULE_TERMINATING, &names), tf(msg::JOB_SCHEDULE_TERMINATED, &names));
        notifications.run(doing, done, job_schedule_terminate(account, schedule), |()| ());
    };
    let run_delete = move || {
        let JobScheduleRef { account, schedule } = delete.clone();
        let names = [("schedule", schedule.as_str())];
        let (doing, done) = (tf(msg::JOB_SCHEDULE_DELETING, &names), tf(msg::JOB_SCHEDULE_DELETE_BEGUN, &names));
        notifications.run_and_leave(doing, done, job_schedule_delete(account, schedule), move |()| {
            deleted.try_run(());
        });
    };
    vec![
        Command::link(msg::JOB_EDIT, Icon::Edit, Signal::stored(edit)).refused(refused(Wish::Update)),
        Command::new(msg::JOB_SCHEDULE_ENABLE, Icon::Play, run_enable).refused(refused(Wish::Enable)),
        Command::new(msg::JOB_SCHEDULE_DISABLE, Icon::Pause, run_disable).refused(refused(Wish::Disable)),
        Command::new(msg::JOB_SCHEDULE_TERMINATE, Icon::Stop, run_terminate)
            .refused(refused(Wish::Terminate))
            .confirmed(move || ask_to_terminate(&end_question)),
        Command::link(msg::EDIT_JSON, Icon::Edit, Signal::stored(edit_json)).refused(refused(Wish::Update)),
        Command::new(msg::JOB_SCHEDULE_DELETE, Icon::Delete, run_delete)
            .danger()
            .refused(refused(Wish::Delete))
            .confirmed(move || ask_to_delete(&delete_question, facts.get_untracked())),
    ]
}

fn ask_to_terminate(here: &JobScheduleRef) -> Confirmation {
    Confirmation {
        title: tf(msg::JOB_SCHEDULE_TERMINATE_TITLE, &[("schedule", here.schedule.as_str())]),
        effect: t(msg::JOB_SCHEDULE_TERMINATE_EFFECT).to_owned(),
        button: t(msg::JOB_SCHEDULE_TERMINATE).to_owned(),
        typed: None,
    }
}

fn ask_to_delete(here: &JobScheduleRef, facts: ScheduleFacts) -> Confirmation {
    let id = here.schedule.to_string();
    let jobs = tn(msg::JOB_SCHEDULE_DELETE_JOBS_ONE, msg::JOB_SCHEDULE_DELETE_JOBS_OTHER, facts.n_jobs);
    Confirmation {
        title: tf(msg::JOB_SCHEDULE_DELETE_TITLE, &[("schedule", &id)]),
        effect: format!("{jobs} {}", t(msg::JOB_SCHEDULE_DELETE_EFFECT)),
        button: t(msg::JOB_SCHEDULE_DELETE).to_owned(),
        typed: (facts.n_jobs > MANY_JOBS).then_some(id),
    }
}
