//! Pools: what callers ask for. Nodes come and go afterwards, by the scheduler.

use super::account::find as find_account;
use super::context::Signal;
use super::storage::linked;
use super::{Caller, Context, Result, auto_scale, certificate, containers, etag, package_references, page};
use crate::api::{self, AllocationState, Changed, Code, Duration, NodeDeallocationOption, PoolState, Timestamp};
use crate::domain::ids::{AccountName, PoolId};
use crate::domain::permission::Permission;
use crate::domain::pool::Sizes;
use crate::domain::{check, pool, quota, vm_size};
use crate::store::account::AccountRow;
use crate::store::listing::Place;
use crate::store::pool::{AutoScale, MadeFor, PoolRow};
use crate::store::{self, Conn};

pub use super::auto_scale::{pool_disable_auto_scale, pool_enable_auto_scale, pool_evaluate_auto_scale};
pub use super::pool_change::*;

pub(super) const USUAL_RESIZE_TIMEOUT: Duration = Duration::from_mins(15);

pub async fn pool_list(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    query: &api::ListQuery,
) -> Result<api::Page<api::PoolSummary>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let limit = page::limit(query);
    let sort_column = match query.sort.as_str() {
        "" | "id" => "id",
        "creationTime" => "created",
        "state" => "state",
        "allocationState" => "allocation_state",
        other => return Err(page::invalid("sort", other, "id, creationTime, state or allocationState").into()),
    };
    let rows = store::listing::rows(
        &mut conn,
        &page::listing(query, "SELECT * FROM pools WHERE", ("account_key", owner.key), sort_column)?,
    )
    .await?;
    let place = |row: &PoolRow| {
        let place = match sort_column {
            "created" => Place::Number(row.created.micros()),
            "state" => Place::Text(row.state.to_string()),
            "allocation_state" => Place::Text(row.allocation.to_string()),
            _ => Place::Text(row.id.clone()),
        };
        (place, row.key)
    };
    let mut page = page::page(store::pool::readable(&rows), limit, place, |row| summary(cx, account, row));
    page.total = (query.search.is_empty() && query.states.is_empty()).then_some(owner.n_pools);
    Ok(page)
}

pub async fn pool_get(cx: &Context, caller: &Caller, account: &AccountName, id: &PoolId) -> Result<api::PoolSummary> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account, id).await?;
    Ok(summary(cx, account, row))
}

/// As [`pool_create`], from the text of REST's body: what it says is read as strictly as there.
pub async fn pool_create_from_json(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    text: &str,
) -> Result<api::Pool> {
    caller.may(Some(account), Permission::PoolWrite)?;
    pool_create(cx, caller, account, api::body::from_bytes(text.as_bytes())?).await
}

pub async fn pool_create(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    create: api::PoolCreate,
) -> Result<api::Pool> {
    pool_create_as(cx, caller, account, create, false).await
}

/// As [`pool_create`]. `is_old_version`: the caller speaks a version of Batch before 2024-07-01, in which all nodes can be
/// reached by SSH.
pub async fn pool_create_as(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    create: api::PoolCreate,
    is_old_version: bool,
) -> Result<api::Pool> {
    caller.may(Some(account), Permission::PoolWrite)?;
    let (cx_, account_, now) = (cx.clone(), account.clone(), cx.clock.now());
    if let Some(text) = &create.auto_scale_formula {
        auto_scale::read(text)?;
    }
    if is_old_version {
        check::no_reserved_ports(&create)?;
    }
    let maps_ssh = cx.installation.remote.map_ssh.holds(is_old_version);
    let row = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let owner = find_account(conn, &account_).await?;
                insert(&cx_, conn, &owner, create, None, maps_ssh, now).await
            })
        })
        .await?;
    changed(cx, account, &row);
    Ok(to_api(cx, account, row))
}

/// Makes a pool of a caller, or one for a job, inside the transaction that asks for it. Nothing is written where it is refused.
pub(super) async fn insert(
    cx: &Context,
    conn: &mut Conn,
    owner: &AccountRow,
    mut create: api::PoolCreate,
    made_for: Option<MadeFor>,
    maps_ssh: bool,
    now: Timestamp,
) -> Result<PoolRow> {
    create.vm_size.make_ascii_lowercase();
    let sizes = cx.installation.location(&owner.location).map(|l| l.vm_sizes.as_slice()).unwrap_or_default();
    check::pool_create(&create, sizes)?;
    containers::check_pool(cx, &create)?;
    linked::check_start_task(cx, conn, owner.key, create.start_task.as_ref()).await?;
    certificate::check_references(conn, owner.key, create.certificate_references.as_mut()).await?;
    let packages = create.application_package_references.as_mut();
    package_references::check(conn, &owner.name, owner.key, packages).await?;
    match store::pool::find(conn, owner.key, &create.id).await? {
        Some(pool) if pool.state == PoolState::Deleting => return Err(Code::PoolBeingDeleted.into()),
        Some(_) => return Err(Code::PoolExists.into()),
        None => quota::pool_refusal(owner.n_pools, &owner.quotas).map_or(Ok(()), Err)?,
    }
    let cores = vm_size::find(sizes, &create.vm_size).map_or(1, |size| size.cores);
    let mut row = PoolRow { made_for, ..new_row(owner.key, create, cores, maps_ssh, now) };
    row.key = store::pool::insert(conn, &row).await?;
    Ok(row)
}

fn new_row(account_key: i64, settings: api::PoolCreate, cores: i64, maps_ssh: bool, now: Timestamp) -> PoolRow {
    let target = Sizes {
        dedicated: settings.target_dedicated_nodes.unwrap_or(0).into(),
        low_priority: settings.target_low_priority_nodes.unwrap_or(0).into(),
    };
    let resizing = target != Sizes::default();
    PoolRow {
        key: 0,
        account_key,
        id: settings.id.clone(),
        state: PoolState::Active,
        since: now,
        allocation: if resizing { AllocationState::Resizing } else { AllocationState::Steady },
        allocation_since: now,
        resize_errors: None,
        deadline: resizing.then(|| now.plus(settings.resize_timeout.unwrap_or(USUAL_RESIZE_TIMEOUT))),
        deallocation: NodeDeallocationOption::Requeue,
        target,
        cores,
        created: now,
        modified: now,
        etag: etag::first(now),
        current: Sizes::default(),
        node_counts: Default::default(),
        running_slots: 0,
        usage_from: now,
        usage_since: now,
        dedicated_core_millis: 0,
        auto_scale: AutoScale {
            next: settings.enable_auto_scale.unwrap_or_default().then_some(now),
            ..Default::default()
        },
        made_for: None,
        maps_ssh,
        settings,
    }
}

/// Whether the caller sees pools of the account, for what there is to know of pools in general.
///
/// # Errors
/// `InsufficientAccountPermissions`.
pub fn may_look(caller: &Caller, account: &AccountName) -> Result<()> {
    caller.may(Some(account), Permission::PoolRead)
}

/// Whether the caller changes pools of the account at all: asked before anything is looked for, so that whoever may not learns
/// nothing of what there is.
///
/// # Errors
/// `InsufficientAccountPermissions`.
pub fn may_change(caller: &Caller, account: &AccountName) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)
}

pub async fn pool_resize(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    resize: api::PoolResize,
) -> Result<()> {
    may_change(caller, account)?;
    check::pool_resize(&resize)?;
    let now = cx.clock.now();
    change(cx, caller, account, id, move |row| begin_resize(row, &resize, now)).await
}

pub(super) fn begin_resize(
    row: &mut PoolRow,
    resize: &api::PoolResize,
    now: Timestamp,
) -> std::result::Result<(), api::Error> {
    if let Some(code) = pool::resize_refusal(row.state, row.allocation, row.is_auto_scaled()) {
        let error = api::Error::new(code);
        let is_sized = code == Code::OperationNotValidOnPool;
        return Err(if is_sized { error.with("Reason", "autoscale is enabled on the pool") } else { error });
    }
    row.target.dedicated = resize.target_dedicated_nodes.map_or(row.target.dedicated, i64::from);
    row.target.low_priority = resize.target_low_priority_nodes.map_or(row.target.low_priority, i64::from);
    row.deallocation = resize.node_deallocation_option.unwrap_or(NodeDeallocationOption::Requeue);
    row.allocation = AllocationState::Resizing;
    row.allocation_since = now;
    row.resize_errors = None;
    let timeout = resize.resize_timeout.unwrap_or(USUAL_RESIZE_TIMEOUT);
    // A pool tells the timeout of its last resize. Source: pools, `resizeTimeout`.
    row.settings.resize_timeout = Some(timeout);
    row.deadline = Some(now.plus(timeout));
    Ok(())
}

pub async fn pool_stop_resize(cx: &Context, caller: &Caller, account: &AccountName, id: &PoolId) -> Result<()> {
    let now = cx.clock.now();
    change(cx, caller, account, id, move |row| {
        if let Some(code) = pool::stop_resize_refusal(row.state, row.allocation) {
            return Err(code.into());
        }
        (row.allocation, row.allocation_since) = (AllocationState::Stopping, now);
        Ok(())
    })
    .await
}

pub async fn pool_delete(cx: &Context, caller: &Caller, account: &AccountName, id: &PoolId) -> Result<()> {
    let now = cx.clock.now();
    change(cx, caller, account, id, move |row| {
        if let Some(code) = pool::change_refusal(row.state) {
            return Err(code.into());
        }
        (row.state, row.since) = (PoolState::Deleting, now);
        Ok(())
    })
    .await
}

/// Changes a pool in one transaction, then tells the scheduler and open pages.
pub async fn change<F>(cx: &Context, caller: &Caller, account: &AccountName, id: &PoolId, decide: F) -> Result<()>
where
    F: FnOnce(&mut PoolRow) -> std::result::Result<(), api::Error> + Send + 'static,
{
    change_settings(cx, caller, account, id, None, |row, _| decide(row)).await
}

/// As [`change`], for a change that names certificates or depends on the sizes of nodes.
pub(super) async fn change_settings<F>(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    mut references: Option<Vec<api::CertificateReference>>,
    decide: F,
) -> Result<()>
where
    F: FnOnce(&mut PoolRow, Around) -> std::result::Result<(), api::Error> + Send + 'static,
{
    caller.may(Some(account), Permission::PoolWrite)?;
    let cx_ = cx.clone();
    let (account_, id, now, only_if) = (account.clone(), id.clone(), cx.clock.now(), caller.only_if.clone());
    let row = cx
        .store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &account_, &id).await?;
                etag::check(&only_if, row.etag, row.modified)?;
                certificate::check_references(conn, row.account_key, references.as_mut()).await?;
                let owner = find_account(conn, &account_).await?;
                let sizes = cx_.installation.location(&owner.location).map(|l| l.vm_sizes.as_slice());
                let start_task = row.settings.start_task.clone();
                let packages = row.settings.application_package_references.clone();
                decide(&mut row, Around { sizes: sizes.unwrap_or_default(), references })?;
                if row.settings.start_task != start_task {
                    linked::check_start_task(&cx_, conn, owner.key, row.settings.start_task.as_ref()).await?;
                }
                if row.settings.application_package_references != packages {
                    let packages = row.settings.application_package_references.as_mut();
                    package_references::check(conn, &account_, owner.key, packages).await?;
                }
                containers::check_pool(&cx_, &row.settings)?;
                row.modified = now;
                row.etag = etag::next(row.etag, now);
                store::pool::save(conn, &row).await?;
                store::pool::save_auto_scale(conn, &row).await?;
                Ok(row)
            })
        })
        .await?;
    changed(cx, account, &row);
    Ok(())
}

/// What a change of settings needs to know beside the pool.
pub(super) struct Around<'a> {
    /// Those of the account's location.
    pub sizes: &'a [api::VmSize],
    /// The certificates that the change names, which exist.
    pub references: Option<Vec<api::CertificateReference>>,
}

/// The stored pool.
///
/// # Errors
/// `AccountNotFound`, `PoolNotFound`.
pub async fn find(conn: &mut Conn, account: &AccountName, id: &PoolId) -> Result<PoolRow> {
    if let Some(pool) = store::pool::find_by_names(conn, account.as_str(), id.as_str()).await? {
        return Ok(pool);
    }
    find_account(conn, account).await?;
    Err(Code::PoolNotFound.into())
}

pub(super) fn changed(cx: &Context, account: &AccountName, row: &PoolRow) {
    cx.signals.send(Signal::Pool(row.key));
    cx.events.tell(account.as_str(), Changed::Pool { pool: row.id.clone() });
}

/// The pool as GET returns it.
pub fn to_api(cx: &Context, account: &AccountName, row: PoolRow) -> api::Pool {
    let interval = row.is_auto_scaled().then(|| auto_scale::interval(&row));
    let mut settings = row.settings.without_secrets();
    settings.target_dedicated_nodes = Some(small(row.target.dedicated));
    settings.target_low_priority_nodes = Some(small(row.target.low_priority));
    settings.task_slots_per_node = Some(settings.slots_per_node());
    settings.resize_timeout = Some(settings.resize_timeout.unwrap_or(USUAL_RESIZE_TIMEOUT));
    settings.enable_auto_scale = Some(settings.enable_auto_scale.unwrap_or(false));
    settings.auto_scale_evaluation_interval = interval;
    settings.enable_inter_node_communication = Some(settings.enable_inter_node_communication.unwrap_or(false));
    api::Pool {
        url: format!("{}/pools/{}", cx.installation.account_url(account), row.id),
        e_tag: etag::text(row.etag),
        last_modified: row.modified,
        creation_time: row.created,
        state: row.state,
        state_transition_time: row.since,
        allocation_state: row.allocation,
        allocation_state_transition_time: row.allocation_since,
        resize_errors: row
            .resize_errors
            .filter(|errors| row.allocation == AllocationState::Steady && !errors.is_empty()),
        current_dedicated_nodes: small(row.current.dedicated),
        current_low_priority_nodes: small(row.current.low_priority),
        current_node_communication_mode: Some(api::NodeCommunicationMode::Simplified),
        auto_scale_run: row.auto_scale.run,
        stats: None,
        settings,
    }
}

fn summary(cx: &Context, account: &AccountName, row: PoolRow) -> api::PoolSummary {
    let node_counts = row.node_counts.all();
    let (running_slots, next_auto_scale) = (row.running_slots, row.auto_scale.next);
    let total_slots = node_counts.total * i64::from(row.settings.slots_per_node());
    let made_for = row.made_for.clone();
    let made_for = made_for.map(|o| api::AutoPoolOwner { kind: o.kind, id: o.id, is_left: o.key.is_none() });
    api::PoolSummary {
        pool: to_api(cx, account, row),
        made_for,
        node_counts,
        running_slots,
        total_slots,
        next_auto_scale,
    }
}

fn small(n: i64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
