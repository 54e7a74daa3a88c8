//! Who may do what in an account: roles given here and those that hold further out.

use leptos::prelude::*;

use super::{about, roles};
use crate::api::{AccountSummary, Role, RoleAssignment, RoleAssignmentCreate};
use crate::domain::permission::Permission;
use crate::domain::scope::Scope;
use crate::portal::components::field::required_text;
use crate::portal::components::{
    Button, ButtonKind, Confirmation, Field, FieldErrors, FormErrors, Icon, Loaded, PageHeader, Select, TextInput, ask,
};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::pages::account::use_account_summary;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::shell::use_account;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{role_assignment_create, role_assignment_delete, role_assignment_list};

#[component]
pub fn AccessPage() -> impl IntoView {
    let account = use_account();
    let session = use_session();
    let assignments = use_reading(move || account.get(), Signal::stored(0), |name| role_assignment_list(Some(name)));
    let summary = use_account_summary();
    let may_assign = move || session.allows(Permission::UserWrite);
    view! {
        <PageHeader title=msg::ACCESS_CONTROL kind=Signal::derive(move || Some(account.get().to_string())) icon=Icon::User/>
        <p class="lead">{tx(msg::ACCESS_CONTROL_LEAD)}</p>
        <Loaded reading=assignments let:all><AssignmentTable all assignments/></Loaded>
        <Show when=may_assign>
            <Loaded reading=summary let:summary><AssignForm summary assignments/></Loaded>
        </Show>
    }
}

#[component]
fn AssignmentTable(all: Signal<Vec<RoleAssignment>>, assignments: Reading<Vec<RoleAssignment>>) -> impl IntoView {
    let rows = move || all.get().into_iter().map(|row| view! { <Row row assignments/> }).collect_view();
    view! {
        <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::ACCESS_CONTROL)>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{tx(msg::USER)}</th>
                        <th scope="col">{tx(msg::USER_ROLE)}</th>
                        <th scope="col">{tx(msg::ACCESS_SCOPE)}</th>
                        <th scope="col">{tx(msg::ACCESS_REMOVE)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(row: RoleAssignment, assignments: Reading<Vec<RoleAssignment>>) -> impl IntoView {
    let (session, notifications) = (use_session(), use_notifications());
    // What holds further out is taken away there.
    let is_here = matches!(row.scope.parse(), Ok(Scope::Account { .. }));
    let row = StoredValue::new(row);
    let text =
        move |message: Msg| row.with_value(|row| tf(message, &[("user", &row.user), ("role", row.role.as_str())]));
    let remove = move || {
        let confirmation = Confirmation {
            title: text(msg::ACCESS_REMOVE_TITLE),
            effect: t(msg::ACCESS_REMOVE_EFFECT).to_owned(),
            button: t(msg::ACCESS_REMOVE).to_owned(),
            typed: None,
        };
        ask(confirmation, move || {
            let id = row.with_value(|row| row.id.clone());
            let (doing, done) = (text(msg::ACCESS_REMOVING), text(msg::ACCESS_REMOVED));
            notifications.run(doing, done, role_assignment_delete(id), move |()| assignments.reload());
        });
    };
    view! {
        <tr>
            <th scope="row">{row.with_value(|row| row.user.clone())}</th>
            <td>{row.with_value(|row| row.role.as_str())}</td>
            <td>{tx(row.with_value(|row| place(&row.scope)))}</td>
            <td>
                <Show when=move || is_here && session.allows(Permission::UserWrite)>
                    <Button label=msg::ACCESS_REMOVE icon=Icon::Delete kind=ButtonKind::Subtle on_press=remove/>
                </Show>
            </td>
        </tr>
    }
}

fn place(scope: &str) -> Msg {
    match scope.parse() {
        Ok(Scope::Account { .. }) => msg::ACCESS_SCOPE_ACCOUNT,
        Ok(Scope::Group { .. }) => msg::ACCESS_SCOPE_GROUP,
        Ok(Scope::Subscription(_)) => msg::ACCESS_SCOPE_SUBSCRIPTION,
        Err(_) => msg::ACCESS_SCOPE_ALL,
    }
}

#[component]
fn AssignForm(summary: Signal<AccountSummary>, assignments: Reading<Vec<RoleAssignment>>) -> impl IntoView {
    let (session, notifications) = (use_session(), use_notifications());
    let (user, role) = (RwSignal::new(String::new()), RwSignal::new(Role::Reader.to_string()));
    let scope = RwSignal::new(ACCOUNT.to_owned());
    let local = Signal::derive(move || {
        let mut errors = FieldErrors::default();
        required_text(&mut errors, "user", &user.get());
        errors
    });
    let errors = FormErrors::provide(local, Signal::stored(None));
    let chosen = move || role.get().parse::<Role>().unwrap_or(Role::Reader);
    // Further out only who looks after users everywhere.
    let scopes = Signal::derive(move || {
        let everywhere = session.user().is_some_and(|user| user.role == Role::Owner);
        let all = [
            (ACCOUNT, msg::ACCESS_SCOPE_ACCOUNT),
            (GROUP, msg::ACCESS_SCOPE_GROUP),
            (SUBSCRIPTION, msg::ACCESS_SCOPE_SUBSCRIPTION),
        ];
        let shown = if everywhere { 3 } else { 1 };
        all[..shown].iter().map(|(key, label)| ((*key).to_owned(), t(*label).to_owned())).collect::<Vec<_>>()
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if !errors.check() {
            return;
        }
        let name = user.get_untracked().trim().to_owned();
        let assign = RoleAssignmentCreate {
            user: name.clone(),
            role: untrack(chosen),
            scope: summary.with_untracked(|s| scope_of(s, &scope.get_untracked())),
        };
        let text = |message| tf(message, &[("user", &name), ("role", assign.role.as_str())]);
        let (doing, done) = (text(msg::ACCESS_ASSIGNING), text(msg::ACCESS_ASSIGNED));
        notifications.run(doing, done, role_assignment_create(assign), move |_| {
            user.try_set(String::new());
            errors.reset();
            assignments.reload();
        });
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <h2>{tx(msg::ACCESS_ADD)}</h2>
            <Field name="user" label=msg::USER required=true><TextInput value=user code=true/></Field>
            <Field name="role" label=msg::USER_ROLE hint=Signal::derive(move || Some(t(about(chosen())).to_owned()))>
                <Select value=role options=Signal::derive(|| roles().into_iter().filter(|(key, _)| key != Role::NoRole.as_str()).collect::<Vec<_>>())/>
            </Field>
            <Field name="scope" label=msg::ACCESS_SCOPE><Select value=scope options=scopes/></Field>
            <div class="form__actions"><Button label=msg::ACCESS_ADD icon=Icon::Add kind=ButtonKind::Primary submit=true/></div>
        </form>
    }
}

const ACCOUNT: &str = "account";
const GROUP: &str = "group";
const SUBSCRIPTION: &str = "subscription";

fn scope_of(summary: &AccountSummary, kind: &str) -> String {
    let account = &summary.account;
    let outer = Scope::of_account(&account.subscription_id, &account.resource_group, &account.name).with_outer();
    let index = match kind {
        SUBSCRIPTION => 0,
        GROUP => 1,
        _ => 2,
    };
    outer[index].to_string()
}
