//! Who is signed in. Whatever is answered by 401 ends here, and the shell leads to the sign-in page and back.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::domain::permission::{self, Permission};
use crate::portal::shell::account_of;
use crate::server_fns;

#[derive(Clone, Debug, PartialEq)]
pub enum SessionState {
    /// Not asked yet.
    Unknown,
    SignedOut,
    SignedIn(api::Session),
    /// The server could not be asked.
    Failed(api::Error),
}

#[derive(Clone, Copy)]
pub struct Session {
    state: RwSignal<SessionState>,
    /// The server's build when the page was loaded, and as it says now.
    page_build: RwSignal<Option<String>>,
    server_build: RwSignal<Option<String>>,
}

impl Session {
    pub fn provide() -> Session {
        let session = Session {
            state: RwSignal::new(SessionState::Unknown),
            page_build: RwSignal::new(None),
            server_build: RwSignal::new(None),
        };
        provide_context(session);
        session
    }

    /// Asks the server who is signed in.
    pub fn load(self) {
        spawn_local(async move {
            match server_fns::session_get().await {
                Ok(session) => self.signed_in(session),
                Err(error) if error.code == api::Code::Unauthorized => self.state.set(SessionState::SignedOut),
                Err(error) => self.state.set(SessionState::Failed(error)),
            }
        });
    }

    pub fn state(self) -> SessionState {
        self.state.get()
    }

    pub fn is_signed_in(self) -> bool {
        self.state.with(|state| matches!(state, SessionState::SignedIn(_)))
    }

    pub fn is_signed_in_untracked(self) -> bool {
        untrack(|| self.is_signed_in())
    }

    pub fn user(self) -> Option<api::Session> {
        self.state.with(|state| match state {
            SessionState::SignedIn(session) => Some(session.clone()),
            _ => None,
        })
    }

    /// Whether the user's role allows it everywhere, or another one in the account whose page is shown; the server decides again.
    pub fn allows(self, permission: Permission) -> bool {
        self.user().is_some_and(|session| {
            permission::allows(session.role, permission)
                || session
                    .account_roles
                    .iter()
                    .any(|more| permission::allows(more.role, permission) && is_here(&more.account))
        })
    }

    /// Asks whether the session still lasts, and changes nothing if it does or nobody answers.
    pub async fn probe(self) {
        if let Err(error) = server_fns::session_get().await {
            self.observe(&error);
        }
    }

    pub fn signed_in(self, session: api::Session) {
        self.page_build.update(|build| {
            build.get_or_insert_with(|| session.build_id.clone());
        });
        self.state.set(SessionState::SignedIn(session));
    }

    pub fn signed_out(self) {
        self.state.set(SessionState::SignedOut);
    }

    /// Takes note of an error: 401 means that the session has ended. True when it did.
    pub fn observe(self, error: &api::Error) -> bool {
        let ended = error.code == api::Code::Unauthorized;
        if ended {
            self.state.set(SessionState::SignedOut);
        }
        ended
    }

    pub fn server_says_build(self, build: String) {
        self.server_build.set(Some(build));
    }

    /// The page is older than the server: it should be loaded again.
    pub fn is_outdated(self) -> bool {
        match (self.page_build.get(), self.server_build.get()) {
            (Some(page), Some(server)) => page != server,
            _ => false,
        }
    }
}

/// Whether the page that is shown is one of the account's.
fn is_here(account: &str) -> bool {
    let path = window().location().pathname().unwrap_or_default();
    account_of(&path).as_deref() == Some(account)
}

pub fn use_session() -> Session {
    expect_context()
}
