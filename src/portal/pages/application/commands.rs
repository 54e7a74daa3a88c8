//! What can be done to an application.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::domain::application as rules;
use crate::domain::permission::Permission;
use crate::portal::components::{Command, Confirmation, Icon, use_query_param};
use crate::portal::i18n::{msg, t, tf};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::ApplicationRef;
use crate::portal::paths;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::application_delete;

pub fn application_commands(here: ApplicationRef, n_packages: Signal<i64>, deleted: Callback<()>) -> Vec<Command> {
    let (session, notifications) = (use_session(), use_notifications());
    let panel = use_query_param("panel");
    let refused = move |rule: Option<_>| refusal::of(session, Permission::PoolWrite, rule);
    let navigate = use_navigate();
    // Without the version that the panel may have been about before.
    let asking = paths::with_query(paths::application(&here.account, &here.application), &[("panel", "upload")]);
    let upload = move || navigate(&asking, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    let question = here.clone();
    let delete = move || {
        let ApplicationRef { account, application } = here.clone();
        let names = [("application", application.as_str())];
        let (doing, done) = (tf(msg::APPLICATION_DELETING, &names), tf(msg::APPLICATION_DELETED, &names));
        notifications.run_and_leave(doing, done, application_delete(account, application.clone()), move |()| {
            deleted.try_run(());
        });
    };
    let confirmation = move || Confirmation {
        title: tf(msg::APPLICATION_DELETE_TITLE, &[("application", &question.application)]),
        effect: t(msg::APPLICATION_DELETE_EFFECT).to_owned(),
        button: t(msg::DELETE).to_owned(),
        typed: None,
    };
    vec![
        Command::new(msg::VERSION_ADD, Icon::Upload, upload).primary().refused(move || refused(None)),
        Command::new(msg::APPLICATION_EDIT, Icon::Edit, move || panel.push("edit")).refused(move || refused(None)),
        Command::new(msg::DELETE, Icon::Delete, delete)
            .danger()
            .refused(move || refused(rules::delete_refusal(n_packages.get())))
            .confirmed(confirmation),
    ]
}
