//! What happened to what the user asked for. Long operations stay in the pane until they end; toasts show the latest.

use std::future::Future;
use std::pin::Pin;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Refresh, Session, browser};
use crate::api::{self, Timestamp};
use crate::portal::components::live_region::announce;

/// Work and what follows its success.
type Work = Pin<Box<dyn Future<Output = Result<Box<dyn FnOnce()>, api::Error>>>>;

/// The pane keeps so many.
const KEPT: usize = 50;

#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub id: u64,
    pub text: String,
    pub state: NoticeState,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NoticeState {
    Pending,
    Done,
    Failed(api::Error),
}

#[derive(Clone, Copy)]
pub struct Notifications {
    /// Newest first.
    all: RwSignal<Vec<Notice>>,
    /// Ids of those that the user has not seen in the pane.
    unseen: RwSignal<Vec<u64>>,
    session: Session,
    refresh: Refresh,
}

impl Notifications {
    pub fn provide(session: Session, refresh: Refresh) -> Notifications {
        let notifications =
            Notifications { all: RwSignal::new(Vec::new()), unseen: RwSignal::new(Vec::new()), session, refresh };
        provide_context(notifications);
        notifications
    }

    pub fn all(self) -> Vec<Notice> {
        self.all.get()
    }

    pub fn n_unseen(self) -> usize {
        self.unseen.with(Vec::len)
    }

    pub fn mark_seen(self) {
        self.unseen.set(Vec::new());
    }

    pub fn clear(self) {
        self.all.update(|all| all.retain(|notice| notice.state == NoticeState::Pending));
        self.unseen.set(Vec::new());
    }

    /// Does the work, and says how it went: `doing` while it lasts, then `done` or the error. `then` follows success.
    pub fn run<T: 'static>(
        self,
        doing: String,
        done: String,
        work: impl Future<Output = Result<T, api::Error>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        self.run_boxed(
            doing,
            done,
            Box::pin(async move {
                let value = work.await?;
                Ok(Box::new(move || then(value)) as Box<dyn FnOnce()>)
            }),
        );
    }

    /// As [`Notifications::run`], for what deletes the thing that the page shows: `then` leads away from it. The news of its
    /// end must not reach the page before that, or the page would say that there is no such thing.
    pub fn run_and_leave<T: 'static>(
        self,
        doing: String,
        done: String,
        work: impl Future<Output = Result<T, api::Error>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        let refresh = self.refresh;
        refresh.hold();
        let held = async move { work.await.inspect_err(|_| refresh.release()) };
        self.run(doing, done, held, move |value| {
            then(value);
            refresh.release_when_drawn();
        });
    }

    /// The part that does not depend on the kind of work: it is compiled once.
    fn run_boxed(self, doing: String, done: String, work: Work) {
        let id = self.add(doing.clone(), NoticeState::Pending);
        spawn_local(async move {
            match work.await {
                Ok(then) => {
                    self.end(id, done, NoticeState::Done);
                    then();
                }
                Err(error) => {
                    self.session.observe(&error);
                    self.end(id, doing, NoticeState::Failed(error));
                }
            }
        });
    }

    /// Says that something was done.
    pub fn done(self, text: String) {
        announce(text.clone());
        self.add(text, NoticeState::Done);
    }

    pub fn failed(self, text: String, error: api::Error) {
        if !self.session.observe(&error) {
            announce(format!("{text}: {}", error.message));
            self.add(text, NoticeState::Failed(error));
        }
    }

    fn add(self, text: String, state: NoticeState) -> u64 {
        let id = self.all.with_untracked(|all| all.first().map_or(1, |newest| newest.id + 1));
        let notice = Notice { id, text, state, at: browser::now() };
        self.all.update(|all| {
            all.insert(0, notice);
            all.truncate(KEPT);
        });
        self.unseen.update(|unseen| unseen.push(id));
        id
    }

    fn end(self, id: u64, text: String, state: NoticeState) {
        match &state {
            NoticeState::Failed(error) => announce(format!("{text}: {}", error.message)),
            _ => announce(text.clone()),
        }
        self.all.update(|all| {
            if let Some(notice) = all.iter_mut().find(|n| n.id == id) {
                *notice = Notice { id, text, state, at: browser::now() };
            }
        });
        self.unseen.update(|unseen| {
            if !unseen.contains(&id) {
                unseen.push(id);
            }
        });
    }
}

pub fn use_notifications() -> Notifications {
    expect_context()
}
