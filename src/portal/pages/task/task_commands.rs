//! What can be done to a task: the bar of its page and the menu of its row show the same list.

use std::future::Future;

use leptos::prelude::*;

use crate::api::{self, Code, JobState, Task, TaskExecutionResult, TaskState};
use crate::domain::permission::Permission;
use crate::domain::task as rules;
use crate::portal::components::{Command, Confirmation, Icon};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::TaskRef;
use crate::portal::paths;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{task_delete, task_reactivate, task_terminate};

/// What the commands need to know of the task and its job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TaskFacts {
    pub state: TaskState,
    pub result: Option<TaskExecutionResult>,
    pub job: JobState,
}

impl TaskFacts {
    pub fn of(task: &Task, job: JobState) -> Self {
        TaskFacts { state: task.state, result: task.execution_info.result, job }
    }
}

/// Something that is done to a task, or to many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Terminate,
    Reactivate,
    Delete,
}

impl Deed {
    pub const fn label(self) -> Msg {
        match self {
            Deed::Terminate => msg::TASK_TERMINATE,
            Deed::Reactivate => msg::TASK_REACTIVATE,
            Deed::Delete => msg::TASK_DELETE,
        }
    }

    pub const fn icon(self) -> Icon {
        match self {
            Deed::Terminate => Icon::Stop,
            Deed::Reactivate => Icon::Refresh,
            Deed::Delete => Icon::Delete,
        }
    }

    /// What follows, for the question before it.
    pub const fn effect(self) -> Msg {
        match self {
            Deed::Terminate => msg::TASK_TERMINATE_EFFECT,
            Deed::Reactivate => msg::TASK_REACTIVATE_EFFECT,
            Deed::Delete => msg::TASK_DELETE_EFFECT,
        }
    }

    const fn notes(self) -> (Msg, Msg) {
        match self {
            Deed::Terminate => (msg::TASK_TERMINATING, msg::TASK_TERMINATED),
            Deed::Reactivate => (msg::TASK_REACTIVATING, msg::TASK_REACTIVATED),
            Deed::Delete => (msg::TASK_DELETING, msg::TASK_DELETED),
        }
    }

    fn refusal(self, task: TaskFacts) -> Option<Code> {
        match self {
            Deed::Terminate => rules::terminate_refusal(task.state),
            Deed::Reactivate => rules::reactivate_refusal(task.state, task.result, task.job),
            Deed::Delete => None,
        }
    }

    /// Asks the server to do it.
    pub fn request(self, here: TaskRef) -> impl Future<Output = Result<(), api::Error>> {
        let TaskRef { account, job, task } = here;
        async move {
            match self {
                Deed::Terminate => task_terminate(account, job, task).await,
                Deed::Reactivate => task_reactivate(account, job, task).await,
                Deed::Delete => task_delete(account, job, task).await,
            }
        }
    }
}

/// The commands; `changed` follows a success of anything but a delete, `deleted` that of a delete.
pub fn task_commands(
    here: TaskRef,
    facts: Signal<TaskFacts>,
    changed: Callback<()>,
    deleted: Callback<()>,
) -> Vec<Command> {
    let (session, notifications) = (use_session(), use_notifications());
    let add = paths::task_add(&here.account, &here.job);
    let edit = paths::with_query(paths::task(&here.account, &here.job, &here.task), &[("panel", "edit")]);
    let clone = paths::with_query(add, &[("clone", here.task.as_str())]);
    let command = |deed: Deed| {
        let (run, ask) = (here.clone(), here.clone());
        let perform = move || {
            let names = [("task", run.task.as_str())];
            let (doing, done) = deed.notes();
            let (doing, done, request) = (tf(doing, &names), tf(done, &names), deed.request(run.clone()));
            if deed == Deed::Delete {
                notifications.run_and_leave(doing, done, request, move |()| {
                    deleted.try_run(());
                });
            } else {
                notifications.run(doing, done, request, move |()| {
                    changed.try_run(());
                });
            }
        };
        let command = Command::new(deed.label(), deed.icon(), perform)
            .refused(move || refusal::of(session, Permission::JobWrite, deed.refusal(facts.get())));
        match deed {
            // It can be ended again: no question.
            Deed::Reactivate => command,
            Deed::Terminate => command.confirmed(move || confirmation(deed, &ask)),
            Deed::Delete => command.danger().confirmed(move || confirmation(deed, &ask)),
        }
    };
    vec![
        command(Deed::Terminate),
        command(Deed::Reactivate),
        Command::link(msg::TASK_EDIT, Icon::Edit, Signal::stored(edit)),
        Command::link(msg::TASK_CLONE, Icon::Copy, Signal::stored(clone)),
        command(Deed::Delete),
    ]
}

fn confirmation(deed: Deed, here: &TaskRef) -> Confirmation {
    let title = if deed == Deed::Delete { msg::TASK_DELETE_TITLE } else { msg::TASK_TERMINATE_TITLE };
    Confirmation {
        title: tf(title, &[("task", here.task.as_str())]),
        effect: t(deed.effect()).to_owned(),
        button: t(deed.label()).to_owned(),
        typed: None,
    }
}
