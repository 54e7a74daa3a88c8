//! `/portal/events`: tells an open page what changed, for as long as its session lives.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use serde_json::json;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::headers::ErrorAnswer;
use super::server_functions::signed_in;
use super::shutdown::Stopping;
use crate::api::{Change, Changed, Code};
use crate::domain::permission::Permission;
use crate::service::session::is_still_alive;
use crate::service::{Caller, Context};

/// A dead connection is noticed, and a proxy does not close a quiet one.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How soon a page whose session has ended hears no more.
const CHECK_SESSION: Duration = Duration::from_secs(60);
/// Events that wait for a slow page.
const BUFFER: usize = 16;

#[derive(Clone)]
pub struct Events {
    pub cx: Context,
    pub stopping: Stopping,
}

pub async fn serve(State(state): State<Events>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match signed_in(&state.cx, &parts).await {
        Ok(Some(caller)) => {
            let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
            let mut response = Sse::new(stream(state, caller)).keep_alive(keep_alive).into_response();
            response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
            response
        }
        Ok(None) => ErrorAnswer::from(Code::Unauthorized).into_response(),
        Err(error) => ErrorAnswer(error.into()).into_response(),
    }
}

fn stream(state: Events, caller: Caller) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let (page, events) = mpsc::channel(BUFFER);
    tokio::spawn(follow(state, caller, page));
    ReceiverStream::new(events)
}

/// Sends until the page goes, its session ends, or the server stops.
async fn follow(state: Events, caller: Caller, page: mpsc::Sender<Result<Event, Infallible>>) {
    let Events { cx, mut stopping } = state;
    // Heard from now on; what changed before is in what the page reads after `hello`.
    let mut changes = cx.events.listen();
    let hello = Event::default().event("hello").data(json!({ "buildId": cx.installation.build_id }).to_string());
    if page.send(Ok(hello)).await.is_err() {
        return;
    }
    let mut check = tokio::time::interval(CHECK_SESSION);
    check.reset();
    loop {
        let event = tokio::select! {
            change = changes.recv() => match to_event(&caller, change) {
                Some(Told::Event(event)) => event,
                Some(Told::Nothing) => continue,
                None => return,
            },
            _ = check.tick() => match is_still_alive(&cx, &caller).await {
                Ok(true) => continue,
                Ok(false) | Err(_) => return,
            },
            () = page.closed() => return,
            () = stopping.wait() => return,
        };
        if page.send(Ok(event)).await.is_err() {
            return;
        }
    }
}

enum Told {
    Event(Event),
    Nothing,
}

/// What the page is told; nothing at all when there will be no more.
fn to_event(caller: &Caller, received: Result<Arc<[Change]>, RecvError>) -> Option<Told> {
    match received {
        Ok(changes) => {
            let seen: Vec<_> = changes.iter().filter(|change| may_see(caller, change)).collect();
            let event = || Event::default().data(serde_json::to_string(&seen).expect("changes are plain values"));
            Some(if seen.is_empty() { Told::Nothing } else { Told::Event(event()) })
        }
        Err(broadcast::error::RecvError::Lagged(_)) => Some(Told::Event(Event::default().event("reload").data("{}"))),
        Err(broadcast::error::RecvError::Closed) => None,
    }
}

fn may_see(caller: &Caller, change: &Change) -> bool {
    let needed = match &change.what {
        Changed::Accounts | Changed::Account | Changed::Keys => Permission::AccountRead,
        Changed::Applications | Changed::Pool { .. } => Permission::PoolRead,
        Changed::Job { .. } | Changed::JobSchedule { .. } | Changed::File { .. } => Permission::JobRead,
    };
    match change.account.parse() {
        Ok(account) => caller.may(Some(&account), needed).is_ok(),
        // What concerns the list of accounts names none.
        Err(_) => caller.where_may(needed).is_ok(),
    }
}
