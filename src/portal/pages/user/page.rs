//! One user: role, whether the user is let in, a link for a new password, and sessions.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_params_map;

use super::external::ExternalForm;
use super::link::LinkCard;
use super::list::UserState;
use super::sessions::SessionTable;
use super::{about, roles};
use crate::api::{PasswordLink, Role, User};
use crate::portal::components::{
    Button, ButtonKind, Command, CommandBar, Confirmation, Essential, Essentials, Field, FieldErrors, FormErrors, Icon,
    Loaded, PageHeader, Select, Time,
};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::reading::{Reading, use_reading};
use crate::portal::shell::NotFoundPage;
use crate::portal::state::use_notifications;
use crate::server_fns::{password_link_create, user_list, user_set_disabled, user_set_role};

#[component]
pub fn UserPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|params| params.get("user").unwrap_or_default()));
    let users = use_reading(|| (), Signal::stored(0), |()| user_list());
    let link = RwSignal::new(None::<PasswordLink>);
    let found = move |all: &[User]| name.with(|name| all.iter().find(|user| user.name == *name).cloned());
    view! {
        <PageHeader title=name kind=Signal::derive(|| Some(t(msg::USER).to_owned())) icon=Icon::User/>
        <Loaded reading=users let:all>
            {move || match all.with(|all| found(all)) {
                None => view! { <NotFoundPage/> }.into_any(),
                Some(user) => view! {
                    <UserCommands user=user.clone() users link/>
                    {move || link.get().map(|link| view! { <LinkCard link/> })}
                    <Facts user=user.clone()/>
                    <RoleForm user=user.clone() users/>
                    <ExternalForm user=user.clone() users/>
                    <SessionTable user=user.name/>
                }
                .into_any(),
            }}
        </Loaded>
    }
}

#[component]
fn UserCommands(user: User, users: Reading<Vec<User>>, link: RwSignal<Option<PasswordLink>>) -> impl IntoView {
    let notifications = use_notifications();
    let is_disabled = user.disabled;
    let (name, named) = (StoredValue::new(user.name), move |message, name: StoredValue<String>| {
        name.with_value(|name| tf(message, &[("user", name)]))
    });
    let (label, icon, doing, done) = match is_disabled {
        true => (msg::USER_ENABLE, Icon::Play, msg::USER_ENABLING, msg::USER_ENABLED),
        false => (msg::USER_DISABLE, Icon::Stop, msg::USER_DISABLING, msg::USER_DISABLED),
    };
    let switch = Command::new(label, icon, move || {
        let call = user_set_disabled(name.get_value(), !is_disabled);
        notifications.run(named(doing, name), named(done, name), call, move |_| users.reload());
    });
    let switch = match is_disabled {
        true => switch,
        false => switch.danger().confirmed(move || Confirmation {
            title: named(msg::USER_DISABLE_TITLE, name),
            effect: t(msg::USER_DISABLE_EFFECT).to_owned(),
            button: t(msg::USER_DISABLE).to_owned(),
            typed: None,
        }),
    };
    let make_link = Command::new(msg::USER_LINK_CREATE, Icon::Key, move || {
        spawn_local(async move {
            match password_link_create(name.get_value()).await {
                Ok(made) => drop(link.try_set(Some(made))),
                Err(error) => notifications.failed(named(msg::USER_LINK, name), error),
            }
        });
    })
    .refused(move || is_disabled.then(|| t(msg::USER_IS_DISABLED).to_owned()));
    view! { <CommandBar commands=vec![make_link, switch]/> }
}

#[component]
fn Facts(user: User) -> impl IntoView {
    view! {
        <Essentials>
            <Essential label=msg::STATE><UserState is_disabled=user.disabled/></Essential>
            <Essential label=msg::USER_PRINCIPAL_ID><code>{user.principal_id}</code></Essential>
            <Essential label=msg::CREATED><Time at=user.creation_time/></Essential>
            <Essential label=msg::USER_LAST_SIGN_IN>{match user.last_sign_in {
                Some(at) => view! { <Time at/> }.into_any(),
                None => view! { <span>{tx(msg::NEVER)}</span> }.into_any(),
            }}</Essential>
        </Essentials>
    }
}

#[component]
fn RoleForm(user: User, users: Reading<Vec<User>>) -> impl IntoView {
    let notifications = use_notifications();
    let (name, now) = (user.name, user.role);
    let role = RwSignal::new(now.to_string());
    FormErrors::provide(Signal::stored(FieldErrors::default()), Signal::stored(None));
    let chosen = move || role.get().parse::<Role>().unwrap_or(now);
    let refusal = Signal::derive(move || (chosen() == now).then(|| t(msg::NOTHING_CHANGED).to_owned()));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if refusal.with_untracked(Option::is_some) {
            return;
        }
        let text = |message| tf(message, &[("user", &name)]);
        let call = user_set_role(name.clone(), untrack(chosen));
        notifications.run(text(msg::USER_CHANGING), text(msg::USER_ROLE_SAVED), call, move |_| users.reload());
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <h2>{tx(msg::USER_ROLE)}</h2>
            <Field name="role" label=msg::USER_ROLE hint=Signal::derive(move || Some(t(about(chosen())).to_owned()))>
                <Select value=role options=Signal::derive(roles)/>
            </Field>
            <div class="form__actions"><Button label=msg::SAVE icon=Icon::Check kind=ButtonKind::Primary submit=true refusal/></div>
        </form>
    }
}
