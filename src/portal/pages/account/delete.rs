//! The command that deletes an account.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::{AccountCounts, AccountSummary};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::{Command, Confirmation, Icon};
use crate::portal::i18n::{msg, t, tf, tn};
use crate::portal::paths;
use crate::portal::reading::Reading;
use crate::portal::shell::use_account;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::account_delete;

/// Deletes the account of the page's path, after its name was typed.
pub fn delete_command(summary: Reading<AccountSummary>) -> Command {
    let account = use_account();
    let session = use_session();
    let notifications = use_notifications();
    let navigate = use_navigate();
    let run = move || {
        let name = account.get_untracked();
        let text = |message| tf(message, &[("name", name.as_str())]);
        let (doing, done) = (text(msg::ACCOUNT_DELETING), text(msg::ACCOUNT_DELETED));
        let navigate = navigate.clone();
        notifications.run_and_leave(doing, done, account_delete(name.clone()), move |()| {
            navigate(&paths::accounts(), NavigateOptions { resolve: false, ..Default::default() });
        });
    };
    Command::new(msg::DELETE, Icon::Delete, run)
        .danger()
        .refused(move || (!session.allows(Permission::AccountDelete)).then(|| t(msg::ERROR_FORBIDDEN).to_owned()))
        .confirmed(move || confirmation(&account.get_untracked(), summary.get().map(|s| s.counts).unwrap_or_default()))
}

fn confirmation(name: &AccountName, counts: AccountCounts) -> Confirmation {
    let pools = tn(msg::N_POOLS_ONE, msg::N_POOLS_OTHER, counts.pools);
    let jobs = tn(msg::N_JOBS_ONE, msg::N_JOBS_OTHER, counts.jobs);
    Confirmation {
        title: tf(msg::ACCOUNT_DELETE_TITLE, &[("name", name.as_str())]),
        effect: tf(msg::ACCOUNT_DELETE_EFFECT, &[("pools", &pools), ("jobs", &jobs)]),
        button: t(msg::DELETE).to_owned(),
        typed: Some(name.to_string()),
    }
}
