//! What can be done to a version of an application.

use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::page::ApplicationContext;
use crate::api::{ApplicationPatch, PackageState};
use crate::domain::application as rules;
use crate::domain::permission::Permission;
use crate::portal::components::{Command, Confirmation, Icon};
use crate::portal::i18n::{msg, t, tf};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::ApplicationRef;
use crate::portal::paths;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{application_package_delete, application_update};

/// What the commands need to know of the version.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionFacts {
    pub version: String,
    pub state: PackageState,
    pub is_default: bool,
    pub allow_updates: bool,
}

impl VersionFacts {
    /// Why it cannot be what a reference without a version means, in words.
    fn default_refusal(&self) -> Option<String> {
        match self {
            VersionFacts { is_default: true, .. } => Some(t(msg::VERSION_IS_DEFAULT_ALREADY).to_owned()),
            VersionFacts { state: PackageState::Pending, .. } => Some(t(msg::VERSION_IS_PENDING).to_owned()),
            _ => None,
        }
    }
}

pub fn version_commands(here: ApplicationRef, facts: VersionFacts, context: ApplicationContext) -> Vec<Command> {
    let (session, notifications) = (use_session(), use_notifications());
    let navigate = use_navigate();
    let role = move || refusal::of(session, Permission::PoolWrite, None);
    let VersionFacts { version, state, allow_updates, .. } = facts.clone();
    let replace = {
        let page = paths::application(&here.account, &here.application);
        let href = paths::with_query(page, &[("panel", "upload"), ("version", &version)]);
        move || navigate(&href, NavigateOptions { scroll: false, ..NavigateOptions::default() })
    };
    let make_default = {
        let (here, version) = (here.clone(), version.clone());
        move || {
            let ApplicationRef { account, application } = here.clone();
            let names = [("application", application.as_str()), ("version", version.as_str())];
            let (doing, done) = (tf(msg::VERSION_DEFAULT_SETTING, &names), tf(msg::VERSION_DEFAULT_SET, &names));
            let patch = ApplicationPatch { default_version: Some(version.clone()), ..ApplicationPatch::default() };
            let work = application_update(account, application.clone(), patch);
            notifications.run(doing, done, work, move |_| context.reload());
        }
    };
    let delete = {
        let version = version.clone();
        move || {
            let ApplicationRef { account, application } = here.clone();
            let names = [("application", application.as_str()), ("version", version.as_str())];
            let (doing, done) = (tf(msg::VERSION_DELETING, &names), tf(msg::VERSION_DELETED, &names));
            let work = application_package_delete(account, application.clone(), version.clone());
            notifications.run(doing, done, work, move |()| context.reload());
        }
    };
    let confirmation = move || Confirmation {
        title: tf(msg::VERSION_DELETE_TITLE, &[("version", &version)]),
        effect: t(msg::VERSION_DELETE_EFFECT).to_owned(),
        button: t(msg::DELETE).to_owned(),
        typed: None,
    };
    let rule = move |code| refusal::of(session, Permission::PoolWrite, code);
    vec![
        Command::new(msg::VERSION_MAKE_DEFAULT, Icon::Check, make_default)
            .refused(move || role().or_else(|| facts.default_refusal())),
        Command::new(msg::VERSION_REPLACE, Icon::Upload, replace)
            .refused(move || rule(rules::replace_refusal(allow_updates, state))),
        Command::new(msg::DELETE, Icon::Delete, delete)
            .danger()
            .refused(move || rule(rules::package_delete_refusal(allow_updates, state)))
            .confirmed(confirmation),
    ]
}
