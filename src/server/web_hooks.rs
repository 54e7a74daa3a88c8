//! Sends what waits for web hooks. Each hook is served by itself, so that a receiver that is slow or dead holds up no other.
//! What is sent is in the store until the receiver has taken it: a server that dies in between sends it again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::shutdown::Stopping;
use crate::agent::transfer::http::Client;
use crate::domain::web_hook::inner;
use crate::service::web_hook::{Came, Outgoing, came, due_hooks, outgoing};
use crate::service::{Context, Result};

/// How soon an event is on its way.
const EVERY: Duration = Duration::from_secs(1);
/// Requests to one receiver at the same time.
const AT_ONCE: i64 = 4;
/// What a receiver has to answer.
const TIME: Duration = Duration::from_secs(10);
const LONGEST_ANSWER: usize = 1024;

/// Hooks that are being served.
type Busy = Arc<Mutex<HashSet<i64>>>;

/// Sends until the server stops.
pub async fn run(cx: Context, mut stopping: Stopping) {
    let client = Arc::new(Client::of_server(inner().to_vec(), cx.installation.web_hook_allow.clone()));
    let busy = Busy::default();
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = clock.tick() => {}
            () = stopping.wait() => return,
        }
        match due_hooks(&cx).await {
            Ok(hooks) => hooks.into_iter().for_each(|hook| begin(&cx, &client, &busy, hook)),
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "what waits for web hooks could not be read; it is tried again"
            ),
        }
    }
}

/// Marks a hook as being served, until it is dropped.
struct Serving {
    busy: Busy,
    hook: i64,
}

impl Drop for Serving {
    fn drop(&mut self) {
        lock(&self.busy).remove(&self.hook);
    }
}

fn begin(cx: &Context, client: &Arc<Client>, busy: &Busy, hook: i64) {
    if !lock(busy).insert(hook) {
        return;
    }
    let serving = Serving { busy: busy.clone(), hook };
    let (cx, client) = (cx.clone(), client.clone());
    tokio::spawn(async move {
        let _serving = serving;
        if let Err(error) = serve(&cx, &client, hook).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a web hook could not be served; it is tried again"
            );
        }
    });
}

fn lock(busy: &Busy) -> std::sync::MutexGuard<'_, HashSet<i64>> {
    busy.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends all that is due at the hook.
async fn serve(cx: &Context, client: &Client, hook: i64) -> Result<()> {
    loop {
        let requests = outgoing(cx, hook, AT_ONCE).await?;
        if requests.is_empty() {
            return Ok(());
        }
        let sent = requests.into_iter().map(|request| async move {
            let answer = send(client, &request).await;
            (request, answer)
        });
        came(cx, hook, join_all(sent).await).await?;
    }
}

async fn send(client: &Client, request: &Outgoing) -> Came {
    let asking = async {
        let body = request.body.clone();
        client.post(&request.url, headers(request), body, LONGEST_ANSWER).await
    };
    match tokio::time::timeout(TIME, asking).await {
        Ok(Ok(status)) => Came::Answer(status),
        Ok(Err(error)) => Came::Nothing(error.to_string()),
        Err(_) => Came::Nothing(format!("no answer within {} seconds", TIME.as_secs())),
    }
}

/// Those of Standard Webhooks.
fn headers(request: &Outgoing) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in [
        ("webhook-id", request.id.clone()),
        ("webhook-timestamp", request.timestamp.to_string()),
        ("webhook-signature", request.signature.clone()),
    ] {
        let value = HeaderValue::from_str(&value).expect("ids, numbers and base64 are ASCII");
        headers.insert(name, value);
    }
    headers
}
