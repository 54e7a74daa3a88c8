//! The panel that changes an application.

use leptos::prelude::*;

use super::create::hint;
use super::form::{self, ApplicationFields, ApplicationForm};
use super::page::ApplicationContext;
use crate::api::{Application, PackageState};
use crate::domain::permission::Permission;
use crate::portal::components::{Checkbox, Field, Select, SidePanel, TextInput};
use crate::portal::i18n::{msg, t, tf};
use crate::portal::pages::panel_form::PanelForm;
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::ApplicationRef;
use crate::portal::state::use_session;
use crate::server_fns::application_update;

#[component]
pub fn EditPanel(
    open: RwSignal<bool>,
    here: ApplicationRef,
    #[prop(into)] application: Signal<Application>,
) -> impl IntoView {
    let here = StoredValue::new(here);
    let title = move || here.with_value(|here| tf(msg::APPLICATION_EDIT_TITLE, &[("application", &here.application)]));
    view! {
        <SidePanel open title=Signal::derive(title)>
            <EditBody open here=here.get_value() application/>
        </SidePanel>
    }
}

#[component]
fn EditBody(open: RwSignal<bool>, here: ApplicationRef, application: Signal<Application>) -> impl IntoView {
    let context = expect_context::<ApplicationContext>();
    let session = use_session();
    let fields = ApplicationFields::new(application.with_untracked(ApplicationForm::of));
    let checked = Memo::new(move |_| fields.get().to_patch());
    let name = here.application.clone();
    let done = Signal::derive(move || tf(msg::APPLICATION_EDITED, &[("application", &name)]));
    let send = move |patch| {
        let ApplicationRef { account, application } = here.clone();
        async move { application_update(account, application, patch).await.map(|_| context.reload()) }
    };
    let versions = Signal::derive(move || {
        let packages = context.packages.get().unwrap_or_default();
        let active = packages.into_iter().filter(|package| package.state == PackageState::Active);
        let mut names: Vec<String> = active.map(|package| package.version).collect();
        // It stays what it is, even where it waits for an upload.
        if let Some(set) = application.with(|a| a.default_version.clone()).filter(|set| !names.contains(set)) {
            names.push(set);
        }
        let none = (String::new(), t(msg::VERSION_NO_DEFAULT).to_owned());
        std::iter::once(none).chain(names.into_iter().map(|name| (name.clone(), name))).collect::<Vec<_>>()
    });
    let refusal = Signal::derive(move || refusal::of(session, Permission::PoolWrite, None));
    view! {
        <PanelForm open checked send done refusal>
            <Field name=form::DISPLAY_NAME label=msg::POOL_DISPLAY_NAME><TextInput value=fields.display_name/></Field>
            <Field name=form::DEFAULT_VERSION label=msg::VERSION_DEFAULT hint=hint(msg::VERSION_DEFAULT_HINT)><Select value=fields.default_version options=versions/></Field>
            <Checkbox value=fields.allow_updates label=msg::APPLICATION_UPDATES hint=hint(msg::APPLICATION_UPDATES_HINT)/>
        </PanelForm>
    }
}
