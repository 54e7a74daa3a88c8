//! The form that lets somebody in to a node.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Duration, NodeAccess, NodeUserCreate, Secret};
use crate::domain::check;
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, Checkbox, Copy, ErrorBar, Field, FieldErrors, FormErrors, Icon, Select, TextArea, TextInput,
};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::NodeRef;
use crate::portal::reading::Reading;
use crate::portal::state::{browser, use_notifications, use_session};
use crate::server_fns::node_user_add;

/// Hours that a user may stay, to choose from; the first is proposed.
const LIVES: [i64; 4] = [24, 1, 8, 168];
const BY_KEY: &str = "key";
const BY_PASSWORD: &str = "password";
/// Letters and digits that are not mistaken for each other; 32, so that each byte chooses one evenly.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Of the generated password: 120 bits.
const PASSWORD_LENGTH: usize = 24;

#[component]
pub fn ConnectForm(here: NodeRef, access: Reading<NodeAccess>, elevation: bool) -> impl IntoView {
    let (session, notifications) = (use_session(), use_notifications());
    let (name, key) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (way, life) = (RwSignal::new(BY_KEY.to_owned()), RwSignal::new(LIVES[0].to_string()));
    let is_admin = RwSignal::new(false);
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    let made = RwSignal::new(None::<(String, String)>);
    let form = FormErrors::provide(Signal::stored(FieldErrors::default()), error.into());
    let ways = Signal::derive(|| {
        vec![
            (BY_KEY.to_owned(), t(msg::NODE_USER_KEY).to_owned()),
            (BY_PASSWORD.to_owned(), t(msg::NODE_USER_PASSWORD).to_owned()),
        ]
    });
    let lives = Signal::derive(|| {
        LIVES.map(|hours| (hours.to_string(), tf(msg::NODE_USER_HOURS, &[("n", &hours.to_string())]))).to_vec()
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        let by_password = way.with_untracked(|way| way == BY_PASSWORD);
        let password = by_password.then(new_password).flatten();
        let hours = life.with_untracked(|hours| hours.parse().unwrap_or(LIVES[0]));
        let body = NodeUserCreate {
            name: name.get_untracked().trim().to_owned(),
            is_admin: is_admin.get_untracked().then_some(true),
            expiry_time: Some(browser::now().plus(Duration::from_mins(hours * 60))),
            password: password.clone().map(Secret),
            ssh_public_key: (!by_password).then(|| key.get_untracked().trim().to_owned()).filter(|key| !key.is_empty()),
        };
        if let Err(refused) = check::node_user_create(&body, browser::now()) {
            return error.set(Some(refused));
        }
        pending.set(true);
        error.set(None);
        let NodeRef { account, pool, node } = here.clone();
        spawn_local(async move {
            let user = body.name.clone();
            let answer = node_user_add(account, pool, node, body).await;
            pending.try_set(false);
            match answer {
                Ok(()) => {
                    notifications.done(tf(msg::NODE_USER_ADDED, &[("name", &user)]));
                    name.try_set(String::new());
                    made.try_set(password.map(|password| (user, password)));
                    access.reload();
                }
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
        });
    };
    let refusal = Signal::derive(move || refusal::of(session, Permission::PoolWrite, None));
    view! {
        {move || made.get().map(|(user, password)| view! { <Made user password/> })}
        <form class="form" on:submit=submit novalidate>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name="name" label=msg::NODE_USER_NAME required=true><TextInput value=name code=true/></Field>
            <Field name="way" label=msg::NODE_USER_WAY><Select value=way options=ways/></Field>
            <Show
                when=move || way.with(|way| way == BY_KEY)
                fallback=|| view! { <p class="form__note">{tx(msg::NODE_USER_PASSWORD_HINT)}</p> }
            >
                <Field name="sshPublicKey" label=msg::NODE_USER_PUBLIC_KEY hint=Signal::derive(|| Some(t(msg::NODE_USER_PUBLIC_KEY_HINT).to_owned()))>
                    <TextArea value=key code=true rows=3/>
                </Field>
            </Show>
            <Field name="expiryTime" label=msg::NODE_USER_LIFE><Select value=life options=lives/></Field>
            {elevation.then(|| view! { <Checkbox value=is_admin label=msg::NODE_USER_IS_ADMIN hint=Signal::derive(|| Some(t(msg::NODE_USER_IS_ADMIN_HINT).to_owned()))/> })}
            <div class="form__actions">
                <Button label=msg::NODE_USER_ADD icon=Icon::Add kind=ButtonKind::Primary submit=true pending refusal/>
            </div>
        </form>
    }
}

/// The only place and time where the password is seen.
#[component]
fn Made(user: String, password: String) -> impl IntoView {
    view! {
        <section class="card" role="status">
            <h3 class="card__title">{tf(msg::NODE_USER_MADE, &[("name", &user)])}</h3>
            <p class="card__text">{tx(msg::NODE_USER_MADE_TEXT)}</p>
            <div class="secret">
                <code class="secret__text">{password.clone()}</code>
                <Copy text=Signal::stored(password) what=msg::NODE_USER_PASSWORD/>
            </div>
        </section>
    }
}

/// Made in the browser. Nothing where it has no source of chance, which all browsers have.
fn new_password() -> Option<String> {
    let mut bytes = [0; PASSWORD_LENGTH];
    window().crypto().ok()?.get_random_values_with_u8_array(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}
