//! One application: its settings, and its versions.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::commands::application_commands;
use super::edit_panel::EditPanel;
use super::upload_panel::{UploadPanel, Uploads};
use super::versions::Versions;
use crate::api::{Application, ApplicationPackage, Changed, Code};
use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{
    CommandBar, Copy, Essential, Essentials, Icon, Loaded, PageHeader, Time, use_query_param,
};
use crate::portal::i18n::{Msg, msg, t};
use crate::portal::pages::account::StorageNeeded;
use crate::portal::pages::route_ids::{ApplicationRef, use_application_ref};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_changes;
use crate::server_fns::{application_get, application_package_list};

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct ApplicationContext {
    pub here: Memo<Option<ApplicationRef>>,
    pub reading: Reading<Application>,
    pub packages: Reading<Vec<ApplicationPackage>>,
    pub uploads: Uploads,
}

impl ApplicationContext {
    /// Reads again what a command changed.
    pub fn reload(self) {
        self.reading.reload();
        self.packages.reload();
    }
}

#[component]
pub fn ApplicationPage() -> impl IntoView {
    let here = use_application_ref();
    let tick = use_changes(move |change| {
        let is_here = here.with_untracked(|here| here.as_ref().is_some_and(|h| h.account.as_str() == change.account));
        is_here && change.what == Changed::Applications
    });
    let reading = use_reading(
        move || here.get(),
        tick,
        |here| async move {
            let here = here.ok_or(Code::ApplicationNotFound)?;
            application_get(here.account, here.application).await
        },
    );
    let packages = use_reading(
        move || here.get(),
        tick,
        |here| async move {
            let here = here.ok_or(Code::ApplicationNotFound)?;
            application_package_list(here.account, here.application).await
        },
    );
    let context = ApplicationContext { here, reading, packages, uploads: Uploads::new() };
    provide_context(context);
    let id = Signal::derive(move || here.get().map(|here| here.application).unwrap_or_default());
    view! {
        <PageHeader title=id kind=Signal::derive(|| Some(t(msg::APPLICATION).to_owned())) icon=Icon::Package/>
        {move || here.get().map(|here| view! { <Commands here/> })}
        <StorageNeeded why=msg::STORAGE_NEEDED/>
        <Loaded reading let:application>
            <Facts application/>
            <Versions application/>
        </Loaded>
    }
}

#[component]
fn Commands(here: ApplicationRef) -> impl IntoView {
    let context = expect_context::<ApplicationContext>();
    let navigate = use_navigate();
    let list = paths::applications(&here.account);
    let deleted = Callback::new(move |()| navigate(&list, NavigateOptions::default()));
    let n_packages = Memo::new(move |_| context.reading.with(|a| a.map_or(0, |a| a.n_packages)));
    let commands = StoredValue::new(application_commands(here.clone(), n_packages.into(), deleted));
    let has_data = Memo::new(move |_| context.reading.with(|application| application.is_some()));
    let panel = use_query_param("panel");
    let (editing, uploading) = (panel_open(panel, "edit", has_data), panel_open(panel, "upload", has_data));
    let here = StoredValue::new(here);
    // Asked for only while there is data.
    let application =
        Memo::new(move |last: Option<&Option<Application>>| context.reading.get().or_else(|| last.cloned().flatten()));
    view! {
        <Show when=move || has_data.get()>
            <CommandBar commands=commands.get_value()/>
            <EditPanel open=editing here=here.get_value() application=Signal::derive(move || application.get().expect("there is data"))/>
            <UploadPanel open=uploading here=here.get_value()/>
        </Show>
    }
}

#[component]
fn Facts(application: Signal<Application>) -> impl IntoView {
    let text = move |of: fn(&Application) -> Option<String>, none: Msg| {
        move || application.with(of).unwrap_or_else(|| t(none).to_owned())
    };
    let id = Signal::derive(move || application.with(|a| a.id.clone()));
    let updates = move || t(if application.with(|a| a.allow_updates) { msg::POOL_YES } else { msg::POOL_NO });
    view! {
        <Essentials>
            <Essential label=msg::APPLICATION_ID><code>{id}</code>" "<Copy text=id what=msg::APPLICATION_ID/></Essential>
            <Essential label=msg::POOL_DISPLAY_NAME>{text(|a| a.display_name.clone(), msg::NONE)}</Essential>
            <Essential label=msg::VERSION_DEFAULT>{text(|a| a.default_version.clone(), msg::VERSION_NO_DEFAULT)}</Essential>
            <Essential label=msg::APPLICATION_UPDATES>{updates}</Essential>
            <Essential label=msg::CREATED><Time at=Signal::derive(move || application.with(|a| a.creation_time))/></Essential>
            <Essential label=msg::LAST_MODIFIED><Time at=Signal::derive(move || application.with(|a| a.last_modified))/></Essential>
        </Essentials>
    }
}
