//! Small things done from time to time.

use std::time::Duration;

use super::shutdown::Stopping;
use crate::service::{
    self, Context, account, activity, kept, key, node_history, pool_history, service_event, session, storage, web_hook,
};

const EVERY: Duration = Duration::from_secs(60);
const SESSIONS_EVERY: u32 = 60;

/// Stores when keys were used, removes sessions that have run out, kept files and files of no blob, and finishes deletions of accounts, until the server
/// stops.
pub async fn run(cx: Context, mut stopping: Stopping) {
    log("remove files of no blob", storage::account::storage_sweep(&cx).await);
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for minute in 0u32.. {
        let stop = tokio::select! {
            _ = clock.tick() => false,
            () = stopping.wait() => true,
        };
        log("store when keys were used", key::store_key_uses(&cx).await);
        if stop {
            return;
        }
        log("finish deletions of accounts", account::accounts_finish_delete(&cx).await);
        log("remove kept files that are not wanted any more", kept::kept_files_prune(&cx).await);
        log(
            "remove service events that were kept for long enough",
            service_event::service_event_prune(&cx, service_event::MOST_OF_ACCOUNT).await,
        );
        log("remove what web hooks were sent long ago", web_hook::web_hook_deliveries_prune(&cx).await);
        if minute % SESSIONS_EVERY == 0 {
            log("remove blocks of no blob", storage::account::storage_expire_blocks(&cx).await);
            log("remove what the activity log has kept for long enough", activity::activity_prune(&cx).await);
            log("forget what nodes measured long ago", node_history::node_history_prune(&cx).await);
            log("forget what pools did long ago", pool_history::pool_history_prune(&cx).await);
            log("remove sessions that have run out", session::remove_expired(&cx).await);
        }
    }
}

fn log(what: &str, result: service::Result<()>) {
    if let Err(error) = result {
        tracing::error!(what, error = &error as &dyn std::error::Error, "housekeeping failed; it is tried again");
    }
}
