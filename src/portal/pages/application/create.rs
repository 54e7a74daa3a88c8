//! A new application. Its first version is uploaded on its own page, which opens with that question.

use leptos::prelude::*;

use super::form::{self, ApplicationFields, ApplicationForm};
use crate::api;
use crate::domain::permission::Permission;
use crate::portal::components::command_bar::ButtonLink;
use crate::portal::components::field::RequiredNote;
use crate::portal::components::{
    Button, ButtonKind, Checkbox, ErrorBar, Field, FieldErrors, FormErrors, Icon, PageHeader, TextInput,
};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::pages::account::StorageNeeded;
use crate::portal::pages::making::{Made, Making};
use crate::portal::pages::refusal;
use crate::portal::paths;
use crate::portal::shell::use_account;
use crate::portal::state::use_session;
use crate::server_fns::application_create;

#[component]
pub fn ApplicationCreatePage() -> impl IntoView {
    let (account, session) = (use_account(), use_session());
    let fields = ApplicationFields::new(ApplicationForm::default());
    let making = Making::new();
    let checked = Memo::new(move |_| fields.get().to_create());
    let local = Signal::derive(move || checked.get().err().unwrap_or_else(FieldErrors::default));
    let errors = FormErrors::provide(local, making.error.into());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if making.pending.get_untracked() || !errors.check() {
            return;
        }
        let Ok((id, create)) = checked.get_untracked() else { return };
        let account = account.get_untracked();
        let page = paths::with_query(paths::application(&account, &id), &[("panel", "upload")]);
        let made = Made { note: tf(msg::APPLICATION_CREATED, &[("application", &id)]), page };
        making.send(async move { application_create(account, id, create).await.map_err(named) }, made);
    };
    let refusal = Signal::derive(move || refusal::of(session, Permission::PoolWrite, None));
    view! {
        <PageHeader title=msg::APPLICATION_ADD icon=Icon::Package/>
        <StorageNeeded why=msg::STORAGE_NEEDED/>
        <form class="form" on:submit=submit novalidate>
            {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
            <RequiredNote/>
            <Field name=form::ID label=msg::APPLICATION_ID hint=hint(msg::FORM_ID_HINT) required=true><TextInput value=fields.id code=true/></Field>
            <Field name=form::DISPLAY_NAME label=msg::POOL_DISPLAY_NAME><TextInput value=fields.display_name/></Field>
            <Checkbox value=fields.allow_updates label=msg::APPLICATION_UPDATES hint=hint(msg::APPLICATION_UPDATES_HINT)/>
            <div class="wizard__actions">
                <Button label=msg::CREATE kind=ButtonKind::Primary submit=true refusal pending=making.pending/>
                <ButtonLink label=msg::CANCEL href=Signal::derive(move || paths::applications(account.get())) kind=ButtonKind::Subtle/>
            </div>
        </form>
    }
}

/// The only condition of the call is that there is none of this name.
fn named(error: api::Error) -> api::Error {
    if error.code != api::Code::ConditionNotMet {
        return error;
    }
    api::Error::invalid_property(form::ID, "", t(msg::APPLICATION_EXISTS))
}

pub(super) fn hint(message: Msg) -> Signal<Option<String>> {
    Signal::derive(move || Some(t(message).to_owned()))
}
