//! Personal access tokens of the user: how programs sign in to the management plane.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Duration, NewToken, Role, Token, TokenLimit};
use crate::portal::components::{
    Button, ButtonKind, Confirmation, Empty, ErrorBar, Field, FieldErrors, FormErrors, Icon, Loaded, PageHeader,
    Select, ShownOnce, TextInput, Time, ask,
};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{token_create, token_list, token_revoke};

/// Days that a token can live, to choose from; the first is proposed.
const LIVES: [i64; 4] = [90, 7, 30, 365];

#[component]
pub fn TokensPage() -> impl IntoView {
    let tokens = use_reading(|| (), Signal::stored(0), |()| token_list());
    let made = RwSignal::new(None::<NewToken>);
    view! {
        <PageHeader title=msg::TOKENS icon=Icon::Key/>
        <p class="lead">{tx(msg::TOKENS_LEAD)}</p>
        <CreateForm tokens made/>
        {move || made.get().map(|made| view! { <ShownOnce title=msg::TOKEN_MADE text=msg::TOKEN_MADE_TEXT what=msg::TOKEN secret=made.secret/> })}
        <Loaded reading=tokens let:all><TokenTable all tokens/></Loaded>
    }
}

#[component]
fn CreateForm(tokens: Reading<Vec<Token>>, made: RwSignal<Option<NewToken>>) -> impl IntoView {
    let (session, notifications) = (use_session(), use_notifications());
    let (description, life) = (RwSignal::new(String::new()), RwSignal::new(LIVES[0].to_string()));
    let (role, scope) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    // What a description, a length of life and a scope may be the server says; nothing that can be typed here is wrong otherwise.
    let form = FormErrors::provide(Signal::stored(FieldErrors::default()), error.into());
    let options = Signal::derive(|| {
        LIVES.map(|days| (days.to_string(), tf(msg::TOKEN_DAYS, &[("n", &days.to_string())]))).to_vec()
    });
    let roles = Signal::derive(|| {
        let all = Role::ALL.iter().filter(|role| **role != Role::NoRole);
        let all = all.map(|role| (role.to_string(), role.to_string()));
        [(String::new(), t(msg::TOKEN_UNLIMITED).to_owned())].into_iter().chain(all).collect::<Vec<_>>()
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        let days = life.with_untracked(|days| days.parse().unwrap_or(LIVES[0]));
        let scope_typed = scope.with_untracked(|scope| scope.trim().to_owned());
        let limit = TokenLimit {
            role: role.with_untracked(|role| role.parse().ok()),
            scope: (!scope_typed.is_empty()).then_some(scope_typed),
        };
        pending.set(true);
        error.set(None);
        spawn_local(async move {
            let answer = token_create(description.get_untracked(), Duration::from_days(days), Some(limit)).await;
            pending.try_set(false);
            match answer {
                Ok(new) => {
                    notifications.done(t(msg::TOKEN_MADE).to_owned());
                    description.try_set(String::new());
                    made.try_set(Some(new));
                    tokens.reload();
                }
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
        });
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name="description" label=msg::TOKEN_DESCRIPTION hint=Signal::derive(|| Some(t(msg::TOKEN_DESCRIPTION_HINT).to_owned()))>
                <TextInput value=description/>
            </Field>
            <Field name="expiry" label=msg::TOKEN_LIFE><Select value=life options/></Field>
            <Field name="role" label=msg::TOKEN_ROLE hint=Signal::derive(|| Some(t(msg::TOKEN_ROLE_HINT).to_owned()))>
                <Select value=role options=roles/>
            </Field>
            <Field name="scope" label=msg::TOKEN_SCOPE hint=Signal::derive(|| Some(t(msg::TOKEN_SCOPE_HINT).to_owned()))>
                <TextInput value=scope/>
            </Field>
            <div class="form__actions">
                <Button label=msg::TOKEN_CREATE icon=Icon::Add kind=ButtonKind::Primary submit=true pending/>
            </div>
        </form>
    }
}

#[component]
fn TokenTable(all: Signal<Vec<Token>>, tokens: Reading<Vec<Token>>) -> impl IntoView {
    let rows = move || all.get().into_iter().map(|token| view! { <Row token tokens/> }).collect_view();
    let none = || view! { <Empty icon=Icon::Key title=msg::TOKENS_NONE text=msg::TOKENS_NONE_TEXT/> };
    view! {
        <Show when=move || !all.with(Vec::is_empty) fallback=none>
            <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::TOKENS)>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{tx(msg::TOKEN_DESCRIPTION)}</th>
                            <th scope="col">{tx(msg::TOKEN_LIMITED)}</th>
                            <th scope="col">{tx(msg::CREATED)}</th>
                            <th scope="col">{tx(msg::TOKEN_EXPIRES)}</th>
                            <th scope="col">{tx(msg::TOKEN_LAST_USED)}</th>
                            <th scope="col">{tx(msg::TOKEN_REVOKE)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Show>
    }
}

#[component]
fn Row(token: Token, tokens: Reading<Vec<Token>>) -> impl IntoView {
    let notifications = use_notifications();
    let name = if token.description.is_empty() { token.id.clone() } else { token.description.clone() };
    let (shown, id) = (name.clone(), token.id);
    let revoke = move || {
        let (id, text) = (id.clone(), |message| tf(message, &[("name", &name)]));
        let confirmation = Confirmation {
            title: text(msg::TOKEN_REVOKE_TITLE),
            effect: t(msg::TOKEN_REVOKE_EFFECT).to_owned(),
            button: t(msg::TOKEN_REVOKE).to_owned(),
            typed: None,
        };
        let (doing, done) = (text(msg::TOKEN_REVOKING), text(msg::TOKEN_REVOKED));
        ask(confirmation, move || {
            notifications.run(doing, done, token_revoke(id), move |()| tokens.reload());
        });
    };
    let label = {
        let shown = shown.clone();
        move || tf(msg::TOKEN_REVOKE_WHICH, &[("name", &shown)])
    };
    view! {
        <tr>
            <th scope="row">{shown}</th>
            <td>{limit_text(&token.limit)}</td>
            <td><Time at=token.creation_time/></td>
            <td><Time at=token.expiry_time/></td>
            <td>{match token.last_used {
                Some(at) => view! { <Time at/> }.into_any(),
                None => view! { <span>{tx(msg::NEVER)}</span> }.into_any(),
            }}</td>
            <td><Button label=Signal::derive(label) icon=Icon::Delete icon_only=true kind=ButtonKind::Subtle on_press=revoke/></td>
        </tr>
    }
}

/// What a token lets do, in short: a role, and the last name of a scope.
fn limit_text(limit: &TokenLimit) -> String {
    let role = limit.role.map(|role| role.to_string());
    let place = limit.scope.as_deref().and_then(|scope| scope.rsplit('/').next()).map(str::to_owned);
    let parts: Vec<String> = role.into_iter().chain(place).collect();
    if parts.is_empty() { t(msg::TOKEN_UNLIMITED).to_owned() } else { parts.join(" · ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_said_by_its_role_and_place() {
        let limit = |role, scope: Option<&str>| limit_text(&TokenLimit { role, scope: scope.map(str::to_owned) });
        let account = "/subscriptions/s/resourcegroups/lab/providers/microsoft.batch/batchaccounts/acc";
        assert_eq!(limit(Some(Role::Reader), Some(account)), "Reader · acc");
        assert_eq!(limit(None, Some("/subscriptions/s/resourcegroups/lab")), "lab");
        assert_eq!(limit(None, None), "Whatever you may do");
    }
}
