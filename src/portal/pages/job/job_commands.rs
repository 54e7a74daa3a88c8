//! What can be done to a job: the bar of its page and the menu of its row show the same list.

use leptos::prelude::*;

use crate::api::{JobState, JobSummary};
use crate::domain::job::{self as rules, Wish};
use crate::domain::permission::Permission;
use crate::portal::components::{Command, Confirmation, Icon};
use crate::portal::i18n::{msg, t, tf, tn};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::JobRef;
use crate::portal::paths;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{job_delete, job_enable};

/// A job with more tasks than this is deleted only when its name is typed.
const MANY_TASKS: i64 = 100;

/// What the commands need to know of the job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JobFacts {
    pub state: JobState,
    pub n_tasks: i64,
    pub n_running: i64,
}

impl JobFacts {
    /// Before the job is read: nothing is shown of it.
    pub const UNKNOWN: JobFacts = JobFacts { state: JobState::Active, n_tasks: 0, n_running: 0 };

    pub fn of(summary: &JobSummary) -> Self {
        let counts = summary.counts.task_counts;
        JobFacts { state: summary.job.state, n_tasks: counts.total(), n_running: counts.running }
    }
}

/// What the page does for a command that asks for more than yes.
#[derive(Clone, Copy)]
pub struct JobPanels {
    pub disable: Callback<()>,
    pub terminate: Callback<()>,
    pub deleted: Callback<()>,
}

pub fn job_commands(here: JobRef, facts: Signal<JobFacts>, panels: JobPanels) -> Vec<Command> {
    let (session, notifications) = (use_session(), use_notifications());
    let refused =
        move |wish| move || refusal::of(session, Permission::JobWrite, rules::refusal(facts.get().state, wish));
    let add = paths::task_add(&here.account, &here.job);
    let edit = paths::with_query(paths::job(&here.account, &here.job), &[("panel", "edit")]);
    let clone = paths::job_from_json(&here.account, &here.job);
    let edit_json = paths::edit_json(paths::job_properties(&here.account, &here.job));
    let hook = paths::web_hook_of_jobs(&here.account, &here.job);
    let may_not_hook = move || refusal::of(session, Permission::AccountWrite, None);
    let (enable, delete) = (here.clone(), here.clone());
    let run_enable = move || {
        let JobRef { account, job } = enable.clone();
        let names = [("job", job.as_str())];
        let (doing, done) = (tf(msg::JOB_ENABLING, &names), tf(msg::JOB_ENABLED, &names));
        notifications.run(doing, done, job_enable(account, job), |()| ());
    };
    let run_delete = move || {
        let JobRef { account, job } = delete.clone();
        let names = [("job", job.as_str())];
        let (doing, done) = (tf(msg::JOB_DELETING, &names), tf(msg::JOB_DELETE_BEGUN, &names));
        notifications.run_and_leave(doing, done, job_delete(account, job), move |()| {
            panels.deleted.try_run(());
        });
    };
    vec![
        Command::link(msg::JOB_ADD_TASKS, Icon::Add, Signal::stored(add)),
        Command::link(msg::JOB_EDIT, Icon::Edit, Signal::stored(edit)),
        Command::new(msg::JOB_ENABLE, Icon::Play, run_enable).refused(refused(Wish::Enable)),
        Command::new(msg::JOB_DISABLE, Icon::Pause, move || panels.disable.run(())).refused(refused(Wish::Disable)),
        Command::new(msg::JOB_TERMINATE, Icon::Stop, move || panels.terminate.run(()))
            .refused(refused(Wish::Terminate)),
        Command::link(msg::EDIT_JSON, Icon::Edit, Signal::stored(edit_json)).refused(refused(Wish::Update)),
        Command::link(msg::JOB_CLONE, Icon::Copy, Signal::stored(clone)),
        Command::link(msg::HOOK_ADD, Icon::Bell, Signal::stored(hook)).refused(may_not_hook),
        Command::new(msg::JOB_DELETE, Icon::Delete, run_delete)
            .danger()
            .refused(refused(Wish::Delete))
            .confirmed(move || confirmation(&here, facts.get_untracked())),
    ]
}

fn confirmation(here: &JobRef, facts: JobFacts) -> Confirmation {
    let id = here.job.to_string();
    let tasks = tn(msg::JOB_DELETE_TASKS_ONE, msg::JOB_DELETE_TASKS_OTHER, facts.n_tasks);
    Confirmation {
        title: tf(msg::JOB_DELETE_TITLE, &[("job", &id)]),
        effect: format!("{tasks} {}", t(msg::JOB_DELETE_EFFECT)),
        button: t(msg::JOB_DELETE).to_owned(),
        typed: (facts.n_tasks > MANY_TASKS).then_some(id),
    }
}
