//! Pools: the data plane's, by ARM's names.

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::account_shape;
use super::body::Body;
use super::call::Call;
use super::error::{Failure, Result};
use super::operation_result;
use super::pool_shape::{Change, PoolBody};
use super::pool_view::{self, etag, pool_to_arm};
use super::reply;
use super::router::Routes;
use crate::api::{self, AllocationState, Code, PoolState};
use crate::domain::ids::{AccountName, PoolId};
use crate::domain::odata::{Field, Filter, Kind, Operator, Slice};
use crate::service::{Caller, pool, slices};

const POOL: &str = "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/pools/{pool}";

pub fn routes() -> Routes {
    Routes::default()
        .on(
            Method::GET,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/pools",
            pool_list,
        )
        .on(Method::GET, POOL, pool_get)
        .on(Method::PUT, POOL, pool_create)
        .on(Method::PATCH, POOL, pool_update)
        .on(Method::DELETE, POOL, pool_delete)
        .on(
            Method::POST,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/pools/{pool}/disableautoscale",
            pool_disable_auto_scale,
        )
        .on(
            Method::POST,
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.batch/batchaccounts/{account}/pools/{pool}/stopresize",
            pool_stop_resize,
        )
}

/// The account and the pool that the path names.
struct Place {
    account: api::Account,
    name: AccountName,
    id: PoolId,
}

impl Place {
    async fn of(call: &Call) -> Result<Place> {
        let account = call.account().await?;
        let name = call.account_name().expect("the account was found by it");
        Ok(Place { account, name, id: call.pool_id()? })
    }

    async fn load(&self, call: &Call) -> Result<api::Pool> {
        Ok(pool::pool_get(&call.cx, &call.caller, &self.name, &self.id).await?.pool)
    }

    fn show(&self, pool: &api::Pool) -> Response {
        reply::with_etag(reply::resource(&pool_to_arm(pool, &account_shape::id(&self.account))), &etag(pool))
    }
}

const EQ_NE: &[Operator] = &[Operator::Eq, Operator::Ne];

const fn time(name: &'static str) -> Field {
    Field { name, kind: Kind::Time, operators: Operator::ALL, prefix: false }
}

/// What lists of pools can be filtered by. Source: `Pool_ListByBatchAccount`, api-version 2024-02-01; kinds of scale
/// settings and communication are left out.
const FIELDS: &[Field] = &[
    Field { name: "name", kind: Kind::Text, operators: Operator::ALL, prefix: true },
    Field {
        name: "properties/provisioningState",
        kind: Kind::Name(|text| match text.to_ascii_lowercase().as_str() {
            "succeeded" => Some(PoolState::Active.as_str()),
            "deleting" => Some(PoolState::Deleting.as_str()),
            _ => None,
        }),
        operators: EQ_NE,
        prefix: false,
    },
    time("properties/provisioningStateTransitionTime"),
    Field {
        name: "properties/allocationState",
        kind: Kind::Name(|text| text.parse::<AllocationState>().ok().map(AllocationState::as_str)),
        operators: EQ_NE,
        prefix: false,
    },
    time("properties/allocationStateTransitionTime"),
    time("properties/creationTime"),
    time("properties/lastModified"),
    Field { name: "properties/vmSize", kind: Kind::Text, operators: EQ_NE, prefix: false },
];

/// What `$select` takes. Source: `Pool_ListByBatchAccount`, the properties of pools of api-version 2024-02-01 to 2025-06-01.
const SELECTABLE: &[&str] = &[
    "properties/allocationState",
    "properties/allocationStateTransitionTime",
    "properties/applicationLicenses",
    "properties/applicationPackages",
    "properties/autoScaleRun",
    "properties/certificates",
    "properties/creationTime",
    "properties/currentDedicatedNodes",
    "properties/currentLowPriorityNodes",
    "properties/currentNodeCommunicationMode",
    "properties/deploymentConfiguration",
    "properties/displayName",
    "properties/interNodeCommunication",
    "properties/lastModified",
    "properties/metadata",
    "properties/mountConfiguration",
    "properties/networkConfiguration",
    "properties/provisioningState",
    "properties/provisioningStateTransitionTime",
    "properties/resizeOperationStatus",
    "properties/resourceTags",
    "properties/scaleSettings",
    "properties/startTask",
    "properties/targetNodeCommunicationMode",
    "properties/taskSchedulingPolicy",
    "properties/taskSlotsPerNode",
    "properties/upgradePolicy",
    "properties/userAccounts",
    "properties/vmSize",
];

/// The data plane's filter.
fn to_batch(filter: &Filter) -> Filter {
    let field = |name: &'static str| match name {
        "name" => "id",
        "properties/provisioningState" => "state",
        "properties/provisioningStateTransitionTime" => "stateTransitionTime",
        other => other.strip_prefix("properties/").unwrap_or(other),
    };
    let all = |parts: &[Filter]| parts.iter().map(to_batch).collect();
    match filter {
        Filter::All(parts) => Filter::All(all(parts)),
        Filter::Any(parts) => Filter::Any(all(parts)),
        Filter::Compare { field: name, operator, value } => {
            Filter::Compare { field: field(name), operator: *operator, value: value.clone() }
        }
        Filter::StartsWith { field: name, prefix } => Filter::StartsWith { field: field(name), prefix: prefix.clone() },
    }
}

async fn pool_list(call: Call) -> Result {
    let (slice, select) = call.slice_and_select(FIELDS, SELECTABLE)?;
    let account = call.account().await?;
    let name = call.account_name().expect("the account was found by it");
    let slice = Slice { filter: slice.filter.as_ref().map(to_batch), ..slice };
    let pools = slices::pool_slice(&call.cx, &call.caller, &name, &slice, false).await?;
    let id = account_shape::id(&account);
    let pools = pools.map(|pools| pools.iter().map(|pool| pool_to_arm(pool, &id)).collect());
    Ok(reply::page_of(&call, pools, select.as_deref()))
}

async fn pool_get(call: Call) -> Result {
    call.allow(&[])?;
    let place = Place::of(&call).await?;
    Ok(place.show(&place.load(&call).await?))
}

/// Makes a pool. Chosen here: one that is there already is answered if it is what the body says, and is not changed.
async fn pool_create(call: Call, Body(body): Body<PoolBody>) -> Result {
    call.allow(&[])?;
    let account = call.account().await?;
    let name = call.account_name().expect("the account was found by it");
    // As it is: what cannot be an id is refused by the rule of ids.
    let id = call.name("pool").to_owned();
    let create = body.to_create(&id)?;
    if call.only_if_there() {
        let known = id.parse().map_err(|_| Failure::from(Code::PoolNotFound))?;
        let place = Place { account: account.clone(), name: name.clone(), id: known };
        place.load(&call).await.map_err(|_| Failure::from(Code::ConditionNotMet))?;
    }
    let is_old_version = call.version.as_str() < "2024-07-01";
    match pool::pool_create_as(&call.cx, &call.caller, &name, create, is_old_version).await {
        Ok(pool) => {
            let place = Place { account, name, id: pool.settings.id.parse().expect("it is the id of a pool") };
            Ok(place.show(&pool))
        }
        Err(error) if error.public.code == Code::PoolExists && call.only_if_absent() => {
            Err(Code::ConditionNotMet.into())
        }
        Err(error) if error.public.code == Code::PoolExists => {
            let place = Place { account, name, id: call.pool_id()? };
            let pool = place.load(&call).await?;
            there_already(&place, &pool, &body)
        }
        Err(error) => Err(error.into()),
    }
}

fn there_already(place: &Place, pool: &api::Pool, body: &PoolBody) -> Result {
    match body.difference(&pool_view::settings(&pool.settings, &account_shape::id(&place.account))) {
        None => Ok(place.show(pool)),
        Some(target) => {
            let reason = format!("The specified pool already exists, with another {target}. Change it by PATCH.");
            Err(Failure::new(StatusCode::CONFLICT, "PoolExists", reason).about(&target))
        }
    }
}

async fn pool_update(call: Call, Body(body): Body<PoolBody>) -> Result {
    call.allow(&[])?;
    let place = Place::of(&call).await?;
    pool::may_change(&call.caller, &place.name)?;
    let there = pool_view::settings(&place.load(&call).await?.settings, &account_shape::id(&place.account));
    let Change { patch, resize, auto_scale } = body.to_change(&there)?;
    let remove_start_task = body.removes_start_task();
    let update = pool::PoolUpdateAndResize { patch, remove_start_task, resize, auto_scale, ..Default::default() };
    pool::pool_update_and_resize(&call.cx, &call.conditional(), &place.name, &place.id, update).await?;
    Ok(place.show(&place.load(&call).await?))
}

/// A pool that is not there has been deleted: 204.
async fn pool_delete(call: Call) -> Result {
    call.allow(&[])?;
    let place = Place::of(&call).await?;
    pool::may_change(&call.caller, &place.name)?;
    let pool = match place.load(&call).await {
        Ok(pool) => pool,
        Err(failure) if failure.status == StatusCode::NOT_FOUND => return Ok(StatusCode::NO_CONTENT.into_response()),
        Err(failure) => return Err(failure),
    };
    match pool::pool_delete(&call.cx, &call.caller, &place.name, &place.id).await {
        Ok(()) => {}
        // It goes already.
        Err(error) if error.public.code == Code::PoolBeingDeleted => {}
        Err(error) => return Err(error.into()),
    }
    Ok(operation_result::pool_deletion_begun(&call, &place.account, &pool))
}

async fn pool_stop_resize(call: Call) -> Result {
    call.allow(&[])?;
    let place = Place::of(&call).await?;
    pool::pool_stop_resize(&call.cx, &call.conditional(), &place.name, &place.id).await?;
    Ok(place.show(&place.load(&call).await?))
}

async fn pool_disable_auto_scale(call: Call) -> Result {
    call.allow(&[])?;
    let place = Place::of(&call).await?;
    let caller: Caller = call.conditional();
    pool::pool_disable_auto_scale(&call.cx, &caller, &place.name, &place.id).await?;
    Ok(place.show(&place.load(&call).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_speaks_of_the_data_planes_properties() {
        let filter =
            "startswith(name,'a') and properties/provisioningState eq 'Succeeded' and properties/vmSize eq 'x'";
        let expected = "startswith(id,'a') and state eq 'active' and vmSize eq 'x'";
        let filter = to_batch(&Filter::parse(filter, FIELDS).unwrap());
        assert_eq!(filter, Filter::parse(expected, crate::domain::odata::POOL_FIELDS).unwrap());
    }
}
