//! The bucket of a linked storage account: where it is, how it answered last, and what its Owner does with it.

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::link_form::{IDENTITY, SECRET};
use super::link_panel::{hint, kind_text};
use super::place::use_refusal;
use crate::api::{Bucket, BucketCredentials, BucketState, Secret, StorageAccount};
use crate::domain::permission::Permission;
use crate::portal::components::field::required_text;
use crate::portal::components::{
    Command, CommandBar, Confirmation, Essential, Essentials, Field, FieldErrors, Icon, SidePanel, StateBadge,
    TextInput, Time, Tone,
};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::pages::panel_form::PanelForm;
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_notifications;
use crate::server_fns::{storage_check, storage_credentials_set, storage_list, storage_unlink};

/// Nothing for a built-in account.
#[component]
pub fn BucketSection(storage: Memo<String>) -> impl IntoView {
    let accounts = use_reading(|| (), Signal::stored(0), |()| storage_list());
    let found = Memo::new(move |_| {
        accounts.with(|accounts| accounts?.iter().find(|account| account.name == storage.get()).cloned())
    });
    let bucket = Memo::new(move |_| found.get().and_then(|account| account.bucket));
    view! {
        {move || bucket.get().map(|bucket| view! {
            <section class="section">
                <h2 class="section__title">{tx(kind_text(bucket.kind))}</h2>
                <Commands storage accounts identity=bucket.identity.clone()/>
                <Facts bucket found/>
            </section>
        })}
    }
}

#[component]
fn Facts(bucket: Bucket, found: Memo<Option<StorageAccount>>) -> impl IntoView {
    let health = Memo::new(move |_| found.get().and_then(|account| account.health));
    let state = move || {
        match health.get() {
        None => view! { {tx(msg::BUCKET_NOT_ASKED)} }.into_any(),
        Some(health) => view! {
            <StateBadge tone=Signal::stored(tone(health.state)) label=Signal::derive(move || t(state_text(health.state)).to_owned())/>
            " " <Time at=health.time/>
        }
        .into_any(),
    }
    };
    let code = |text: String| view! { <code>{text}</code> };
    view! {
        <Essentials>
            <Essential label=msg::BUCKET_STATE>{state}</Essential>
            <Essential label=msg::BUCKET_NAME>{code(bucket.name)}</Essential>
            <Essential label=msg::BUCKET_IDENTITY>{code(bucket.identity)}</Essential>
            {(!bucket.prefix.is_empty()).then(|| view! { <Essential label=msg::BUCKET_PREFIX>{code(bucket.prefix)}</Essential> })}
            {bucket.endpoint.map(|endpoint| view! { <Essential label=msg::BUCKET_ENDPOINT>{code(endpoint)}</Essential> })}
            {bucket.region.map(|region| view! { <Essential label=msg::BUCKET_REGION>{code(region)}</Essential> })}
        </Essentials>
    }
}

#[component]
fn Commands(storage: Memo<String>, accounts: Reading<Vec<StorageAccount>>, identity: String) -> impl IntoView {
    let (notifications, navigate) = (use_notifications(), StoredValue::new(use_navigate()));
    let (may_ask, may_link) = (use_refusal(Permission::StorageRead), use_refusal(Permission::StorageLink));
    let open = RwSignal::new(false);
    let text = move |message| tf(message, &[("name", storage.get_untracked().as_str())]);
    let check = move || {
        let asked = storage_check(storage.get_untracked());
        notifications.run(text(msg::BUCKET_CHECKING), text(msg::BUCKET_CHECKED), asked, move |_| accounts.reload());
    };
    let unlink = move || {
        let work = storage_unlink(storage.get_untracked());
        notifications.run(text(msg::BUCKET_UNLINKING), text(msg::BUCKET_UNLINKED), work, move |()| {
            navigate.with_value(|navigate| navigate(&paths::stores(), Default::default()));
        });
    };
    let confirmation = move || Confirmation {
        title: text(msg::BUCKET_UNLINK_TITLE),
        effect: t(msg::BUCKET_UNLINK_EFFECT).to_owned(),
        button: t(msg::BUCKET_UNLINK).to_owned(),
        typed: None,
    };
    let commands = vec![
        Command::new(msg::BUCKET_CHECK, Icon::Refresh, check).refused(move || may_ask.get()),
        Command::new(msg::BUCKET_CREDENTIALS, Icon::Key, move || open.set(true)).refused(move || may_link.get()),
        Command::new(msg::BUCKET_UNLINK, Icon::Delete, unlink)
            .danger()
            .refused(move || may_link.get())
            .confirmed(confirmation),
    ];
    view! {
        <CommandBar commands/>
        <SidePanel open title=Signal::derive(|| t(msg::BUCKET_CREDENTIALS).to_owned())>
            <Credentials open storage accounts identity=identity.clone()/>
        </SidePanel>
    }
}

#[component]
fn Credentials(
    open: RwSignal<bool>,
    storage: Memo<String>,
    accounts: Reading<Vec<StorageAccount>>,
    identity: String,
) -> impl IntoView {
    let (identity, secret) = (RwSignal::new(identity), RwSignal::new(String::new()));
    let checked = Memo::new(move |_| {
        let mut errors = FieldErrors::default();
        let identity = required_text(&mut errors, IDENTITY, &identity.get());
        let secret = Secret(required_text(&mut errors, SECRET, &secret.get()));
        if errors.first().is_none() { Ok(BucketCredentials { identity: Some(identity), secret }) } else { Err(errors) }
    });
    let send = move |new: BucketCredentials| async move {
        storage_credentials_set(storage.get_untracked(), new).await?;
        accounts.reload();
        Ok(())
    };
    let done = Signal::derive(move || tf(msg::BUCKET_CREDENTIALS_SET, &[("name", storage.get().as_str())]));
    view! {
        <PanelForm open checked send done>
            <Field name=IDENTITY label=msg::BUCKET_IDENTITY required=true><TextInput value=identity code=true/></Field>
            <Field name=SECRET label=msg::BUCKET_SECRET hint=hint(msg::BUCKET_SECRET_HINT) required=true>
                <TextInput value=secret kind="password" autocomplete="new-password" code=true/>
            </Field>
        </PanelForm>
    }
}

const fn tone(state: BucketState) -> Tone {
    match state {
        BucketState::Reachable => Tone::Good,
        BucketState::Unavailable => Tone::Warning,
        BucketState::Refuses | BucketState::Missing => Tone::Bad,
    }
}

const fn state_text(state: BucketState) -> Msg {
    match state {
        BucketState::Reachable => msg::BUCKET_REACHABLE,
        BucketState::Refuses => msg::BUCKET_REFUSES,
        BucketState::Missing => msg::BUCKET_MISSING,
        BucketState::Unavailable => msg::BUCKET_UNAVAILABLE,
    }
}
