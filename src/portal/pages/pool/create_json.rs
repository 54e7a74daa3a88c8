//! A new pool as JSON, or a copy of one.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::{self, Code};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::{Icon, Loaded, PageHeader};
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::json_form::{AsJson, JsonForm, copy_id};
use crate::portal::pages::refusal;
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::shell::use_account;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{pool_create_from_json, pool_get};

/// What every pool needs.
const LEAST: &str = "{\n  \"id\": \"\",\n  \"vmSize\": \"\",\n  \"targetDedicatedNodes\": 1\n}";

#[component]
pub fn PoolFromJson(how: AsJson) -> impl IntoView {
    let (account, session, notifications) = (use_account(), use_session(), use_notifications());
    let text = use_reading(
        move || (account.get(), how.from.clone()),
        Signal::stored(0),
        |(account, from)| first_text(account, from),
    );
    let navigate = StoredValue::new(use_navigate());
    let done = Callback::new(move |id: String| {
        notifications.done(tf(msg::POOL_CREATED_NOTE, &[("pool", &id)]));
        navigate.with_value(|go| go(&paths::pool(account.get_untracked(), &id), NavigateOptions::default()));
    });
    let send = move |text: String| {
        let account = account.get_untracked();
        async move { pool_create_from_json(account, text).await.map(|made| made.settings.id) }
    };
    let cancel = Signal::derive(move || paths::pools(account.get()));
    let refusal = Signal::derive(move || refusal::of(session, Permission::PoolWrite, None));
    view! {
        <PageHeader title=msg::POOL_ADD icon=Icon::Pool/>
        <Loaded reading=text lines=8 let:text>
            <JsonForm first=text.get_untracked() submit=msg::POOL_CREATE cancel refusal send done/>
        </Loaded>
    }
}

async fn first_text(account: AccountName, from: String) -> Result<String, api::Error> {
    if from.is_empty() {
        return Ok(LEAST.to_owned());
    }
    let pool = from.parse().map_err(|_| Code::PoolNotFound)?;
    let there = pool_get(account, pool).await?.pool.settings;
    let copy = api::PoolCreate { id: copy_id(&there.id), ..there };
    // Wire shapes always serialise.
    Ok(serde_json::to_string_pretty(&copy).unwrap_or_default())
}
