//! A new job as JSON, or a copy of one.

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
use crate::server_fns::{job_create_from_json, job_get};

/// What every job needs.
const LEAST: &str = "{\n  \"id\": \"\",\n  \"poolInfo\": {\n    \"poolId\": \"\"\n  }\n}";

#[component]
pub fn JobFromJson(how: AsJson) -> impl IntoView {
    let (account, session, notifications) = (use_account(), use_session(), use_notifications());
    let text = use_reading(
        move || (account.get(), how.from.clone()),
        Signal::stored(0),
        |(account, from)| first_text(account, from),
    );
    let navigate = StoredValue::new(use_navigate());
    let done = Callback::new(move |id: String| {
        notifications.done(tf(msg::JOB_CREATED_NOTE, &[("job", &id)]));
        navigate.with_value(|go| go(&paths::job(account.get_untracked(), &id), NavigateOptions::default()));
    });
    let send = move |text: String| {
        let account = account.get_untracked();
        async move { job_create_from_json(account, text).await.map(|made| made.settings.id) }
    };
    let cancel = Signal::derive(move || paths::jobs(account.get()));
    let refusal = Signal::derive(move || refusal::of(session, Permission::JobWrite, None));
    view! {
        <PageHeader title=msg::JOB_ADD icon=Icon::Job/>
        <Loaded reading=text lines=8 let:text>
            <JsonForm first=text.get_untracked() submit=msg::JOB_CREATE cancel refusal send done/>
        </Loaded>
    }
}

async fn first_text(account: AccountName, from: String) -> Result<String, api::Error> {
    if from.is_empty() {
        return Ok(LEAST.to_owned());
    }
    let job = from.parse().map_err(|_| Code::JobNotFound)?;
    let there = job_get(account, job).await?.job.settings;
    let copy = api::JobCreate { id: copy_id(&there.id), ..there };
    // Wire shapes always serialise.
    Ok(serde_json::to_string_pretty(&copy).unwrap_or_default())
}
