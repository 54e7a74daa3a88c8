//! The panel that changes an application.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::create::hint;
use super::form::{self, ApplicationFields, ApplicationForm};
use super::page::ApplicationContext;
use crate::api::{self, Application, PackageState};
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, Checkbox, ErrorBar, Field, FieldErrors, FormErrors, Select, SidePanel, TextInput,
};
use crate::portal::i18n::{msg, t, tf};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::ApplicationRef;
use crate::portal::state::{use_notifications, use_session};
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
    let (session, notifications) = (use_session(), use_notifications());
    let fields = ApplicationFields::new(application.with_untracked(ApplicationForm::of));
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    let checked = Memo::new(move |_| fields.get().to_patch());
    let local = Signal::derive(move || checked.get().err().unwrap_or_else(FieldErrors::default));
    let errors = FormErrors::provide(local, error.into());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() || !errors.check() {
            return;
        }
        let Ok(patch) = checked.get_untracked() else { return };
        let ApplicationRef { account, application } = here.clone();
        pending.set(true);
        spawn_local(async move {
            let answer = application_update(account, application, patch).await;
            pending.try_set(false);
            match answer {
                Ok(changed) => {
                    notifications.done(tf(msg::APPLICATION_EDITED, &[("application", &changed.id)]));
                    context.reload();
                    open.try_set(false);
                }
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
        });
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
        <form class="form" on:submit=submit novalidate>
            {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name=form::DISPLAY_NAME label=msg::POOL_DISPLAY_NAME><TextInput value=fields.display_name/></Field>
            <Field name=form::DEFAULT_VERSION label=msg::VERSION_DEFAULT hint=hint(msg::VERSION_DEFAULT_HINT)><Select value=fields.default_version options=versions/></Field>
            <Checkbox value=fields.allow_updates label=msg::APPLICATION_UPDATES hint=hint(msg::APPLICATION_UPDATES_HINT)/>
            <div class="dialog__actions">
                <Button label=msg::SAVE kind=ButtonKind::Primary submit=true pending refusal/>
                <Button label=msg::CANCEL on_press=move || open.set(false)/>
            </div>
        </form>
    }
}
