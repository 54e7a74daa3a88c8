//! A new job as JSON, or a copy of one.

use leptos::prelude::*;

use crate::api::{self, Code};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::Icon;
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::json_form::{AsJson, JsonPage, Kind, copy_id, typed};
use crate::portal::paths;
use crate::server_fns::{job_create_from_json, job_get};

#[component]
pub fn JobFromJson(how: AsJson) -> impl IntoView {
    let kind = Kind {
        title: msg::JOB_ADD,
        icon: Icon::Job,
        submit: msg::JOB_CREATE,
        permission: Permission::JobWrite,
        list: |account| paths::jobs(account),
        least: "{\n  \"id\": \"\",\n  \"poolInfo\": {\n    \"poolId\": \"\"\n  }\n}",
        copy,
        send: |account, text| async move { job_create_from_json(account, text).await.map(|made| made.settings.id) },
        made: |account, id| (tf(msg::JOB_CREATED_NOTE, &[("job", id)]), paths::job(account, id)),
    };
    view! { <JsonPage how kind/> }
}

async fn copy(account: AccountName, from: String) -> Result<String, api::Error> {
    let job = from.parse().map_err(|_| Code::JobNotFound)?;
    let there = job_get(account, job).await?.job.settings;
    Ok(typed(&api::JobCreate { id: copy_id(&there.id), ..there }))
}
