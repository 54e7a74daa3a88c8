//! What a form makes: it is sent, and when it is there its page is gone to.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api;
use crate::portal::state::{Notifications, Session, use_notifications, use_session};

/// What is said when something was made, and the page it has.
pub struct Made {
    pub note: String,
    pub page: String,
}

#[derive(Clone, Copy)]
pub struct Making {
    /// A request is under way.
    pub pending: RwSignal<bool>,
    /// What the server answered to the last one.
    pub error: RwSignal<Option<api::Error>>,
    session: Session,
    notifications: Notifications,
    go: Callback<String>,
}

impl Making {
    pub fn new() -> Self {
        let navigate = use_navigate();
        Making {
            pending: RwSignal::new(false),
            error: RwSignal::new(None),
            session: use_session(),
            notifications: use_notifications(),
            go: Callback::new(move |page: String| navigate(&page, NavigateOptions::default())),
        }
    }

    pub fn send<T: 'static>(self, request: impl Future<Output = Result<T, api::Error>> + 'static, made: Made) {
        self.send_named(request, move |_| made);
    }

    /// The same where only the answer says what was made.
    pub fn send_named<T: 'static>(
        self,
        request: impl Future<Output = Result<T, api::Error>> + 'static,
        made: impl FnOnce(T) -> Made + 'static,
    ) {
        self.pending.set(true);
        self.error.set(None);
        spawn_local(async move {
            let answer = request.await;
            self.pending.try_set(false);
            match answer {
                Ok(there) => {
                    let Made { note, page } = made(there);
                    self.notifications.done(note);
                    // Whoever has left the form stays where they are.
                    self.go.try_run(page);
                }
                Err(refused) => {
                    self.session.observe(&refused);
                    self.error.try_set(Some(refused));
                }
            }
        });
    }
}
