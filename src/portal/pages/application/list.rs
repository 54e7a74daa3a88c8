//! Applications of the account.

use leptos::prelude::*;

use crate::api::{Application, Changed};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::{
    ButtonKind, Column, Command, CommandBar, DataTable, Empty, Icon, PageHeader, Source, Time,
};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t};
use crate::portal::pages::account::StorageNeeded;
use crate::portal::paths;
use crate::portal::shell::use_account;
use crate::portal::state::{use_changes, use_session};
use crate::server_fns::application_list;

#[component]
pub fn ApplicationListPage() -> impl IntoView {
    let account = use_account();
    let session = use_session();
    let tick = use_changes(move |change| {
        change.account == account.get_untracked().as_str() && change.what == Changed::Applications
    });
    let create = Signal::derive(move || paths::application_create(account.get()));
    let can_create = move || session.allows(Permission::PoolWrite);
    let commands = move || {
        can_create().then(|| {
            view! { <CommandBar commands=vec![Command::link(msg::APPLICATION_ADD, Icon::Add, create).primary()]/> }
        })
    };
    let command = Signal::derive(move || {
        format!("az batch application create -g default -n {} --application-name blender", account.get())
    });
    view! {
        <PageHeader title=msg::APPLICATIONS icon=Icon::Package/>
        {commands}
        <StorageNeeded why=msg::STORAGE_NEEDED/>
        <DataTable
            label=msg::APPLICATIONS
            columns=columns(account)
            id=|application: &Application| application.id.clone()
            source=Source::new(move |query| application_list(account.get(), query))
            tick
            empty=move || view! {
                <Empty icon=Icon::Package title=msg::APPLICATIONS_EMPTY text=msg::APPLICATIONS_EMPTY_TEXT command>
                    <Show when=can_create><ButtonLink label=msg::APPLICATION_ADD href=create icon=Icon::Add kind=ButtonKind::Primary/></Show>
                </Empty>
            }
        />
    }
}

fn columns(account: Memo<AccountName>) -> Vec<Column<Application>> {
    vec![
        Column::new("id", msg::APPLICATION_ID, move |application: &Application| {
            let id = application.id.clone();
            view! { <a href=paths::application(account.get(), &id)>{id.clone()}</a> }
        })
        .sortable()
        .width(12.0),
        Column::new("displayName", msg::POOL_DISPLAY_NAME, |application: &Application| {
            application.display_name.clone()
        })
        .width(14.0),
        Column::new("defaultVersion", msg::VERSION_DEFAULT, |application: &Application| {
            application.default_version.clone()
        })
        .width(8.0),
        Column::new("activeVersions", msg::VERSIONS_ACTIVE, |application: &Application| {
            format::number(language(), application.n_active_packages)
        })
        .number()
        .width(7.0),
        Column::new("versions", msg::VERSIONS, |application: &Application| {
            format::number(language(), application.n_packages)
        })
        .number()
        .width(7.0)
        .hidden(),
        Column::new("allowUpdates", msg::APPLICATION_UPDATES, |application: &Application| {
            t(if application.allow_updates { msg::POOL_YES } else { msg::POOL_NO })
        })
        .width(8.0),
        Column::new("lastModified", msg::LAST_MODIFIED, |application: &Application| {
            view! { <Time at=application.last_modified/> }
        })
        .sortable()
        .width(8.0),
        Column::new("creationTime", msg::CREATED, |application: &Application| {
            view! { <Time at=application.creation_time/> }
        })
        .sortable()
        .hidden()
        .width(8.0),
    ]
}
