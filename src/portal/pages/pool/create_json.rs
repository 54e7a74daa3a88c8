//! A new pool as JSON, or a copy of one.

use leptos::prelude::*;

use crate::api::{self, Code};
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::Icon;
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::json_form::{AsJson, JsonPage, Kind, copy_id, typed};
use crate::portal::paths;
use crate::server_fns::{pool_create_from_json, pool_get};

#[component]
pub fn PoolFromJson(how: AsJson) -> impl IntoView {
    let kind = Kind {
        title: msg::POOL_ADD,
        icon: Icon::Pool,
        submit: msg::POOL_CREATE,
        permission: Permission::PoolWrite,
        list: |account| paths::pools(account),
        least: "{\n  \"id\": \"\",\n  \"vmSize\": \"\",\n  \"targetDedicatedNodes\": 1\n}",
        copy,
        send: |account, text| async move { pool_create_from_json(account, text).await.map(|made| made.settings.id) },
        made: |account, id| (tf(msg::POOL_CREATED_NOTE, &[("pool", id)]), paths::pool(account, id)),
    };
    view! { <JsonPage how kind/> }
}

async fn copy(account: AccountName, from: String) -> Result<String, api::Error> {
    let pool = from.parse().map_err(|_| Code::PoolNotFound)?;
    let there = pool_get(account, pool).await?.pool.settings;
    Ok(typed(&api::PoolCreate { id: copy_id(&there.id), ..there }))
}
