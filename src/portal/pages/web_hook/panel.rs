//! The panels that make and change a web hook.

use leptos::prelude::*;

use super::form::{self, HookFields};
use crate::api::{ServiceEventType, WebHook, WebHookSecret};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::{Checkbox, Field, SidePanel, TextInput, use_query_param};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::pages::panel_form::PanelForm;
use crate::portal::pages::refusal;
use crate::portal::state::use_session;
use crate::server_fns::{web_hook_create, web_hook_update};

#[component]
pub(super) fn AddPanel(
    open: RwSignal<bool>,
    account: Memo<AccountName>,
    made: Callback<WebHookSecret>,
) -> impl IntoView {
    view! {
        <SidePanel open title=Signal::derive(|| t(msg::HOOK_ADD).to_owned())><AddBody open account made/></SidePanel>
    }
}

#[component]
fn AddBody(open: RwSignal<bool>, account: Memo<AccountName>, made: Callback<WebHookSecret>) -> impl IntoView {
    let session = use_session();
    let fields = HookFields::new();
    // A link can say of which jobs.
    fields.prefix.set(use_query_param("jobs").get_untracked());
    let checked = Memo::new(move |_| fields.checked());
    let send = move |hook| {
        let account = account.get_untracked();
        async move { web_hook_create(account, hook).await.map(|secret| made.run(secret)) }
    };
    let refusal = Signal::derive(move || refusal::of(session, Permission::AccountWrite, None));
    view! {
        <PanelForm open checked send done=Signal::derive(|| t(msg::HOOK_MADE).to_owned()) submit=msg::CREATE refusal>
            <Field name=form::ID label=msg::NAME hint=hint(msg::FORM_ID_HINT) required=true><TextInput value=fields.id code=true/></Field>
            <Fields fields/>
        </PanelForm>
    }
}

#[component]
pub(super) fn EditPanel(
    open: RwSignal<bool>,
    account: AccountName,
    #[prop(into)] hook: Signal<WebHook>,
    changed: Callback<()>,
) -> impl IntoView {
    let account = StoredValue::new(account);
    let title = Signal::derive(move || hook.with(|hook| tf(msg::HOOK_EDIT_TITLE, &[("name", &hook.id)])));
    view! {
        <SidePanel open title><EditBody open account=account.get_value() hook changed/></SidePanel>
    }
}

#[component]
fn EditBody(open: RwSignal<bool>, account: AccountName, hook: Signal<WebHook>, changed: Callback<()>) -> impl IntoView {
    let session = use_session();
    let fields = HookFields::of(&hook.get_untracked());
    let checked = Memo::new(move |_| fields.checked());
    let send = move |hook| {
        let account = account.clone();
        async move { web_hook_update(account, hook).await.map(|()| changed.run(())) }
    };
    let refusal = Signal::derive(move || refusal::of(session, Permission::AccountWrite, None));
    view! {
        <PanelForm open checked send done=Signal::derive(|| t(msg::HOOK_CHANGED).to_owned()) refusal>
            <Fields fields/>
        </PanelForm>
    }
}

#[component]
fn Fields(fields: HookFields) -> impl IntoView {
    view! {
        <Field name=form::URL label=msg::HOOK_URL hint=hint(msg::HOOK_URL_HINT) required=true><TextInput value=fields.url code=true/></Field>
        <Field name=form::PREFIX label=msg::HOOK_PREFIX hint=hint(msg::HOOK_PREFIX_HINT)><TextInput value=fields.prefix code=true/></Field>
        <Checkbox value=fields.enabled label=msg::ENABLED hint=hint(msg::HOOK_ENABLED_HINT)/>
        <Field name=form::TYPES label=msg::HOOK_EVENTS required=true group=true>
            {ServiceEventType::ALL.iter().map(|what| view! { <TypeBox fields what=*what/> }).collect_view()}
        </Field>
    }
}

/// One type of event.
#[component]
fn TypeBox(fields: HookFields, what: ServiceEventType) -> impl IntoView {
    let value = RwSignal::new(fields.types.with_untracked(|types| types.contains(&what)));
    // Out of the box into the form's own set.
    Effect::new(move || {
        let is_chosen = value.get();
        fields.types.update(|types| {
            if is_chosen {
                types.insert(what);
            } else {
                types.remove(&what);
            }
        });
    });
    view! { <Checkbox value label=Signal::stored(what.as_str().to_owned())/> }
}

fn hint(message: Msg) -> Signal<Option<String>> {
    Signal::derive(move || Some(t(message).to_owned()))
}
