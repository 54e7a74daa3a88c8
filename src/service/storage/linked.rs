//! The storage account that is linked to a Batch account: resource files name its containers, identities open its addresses,
//! and nodes read and write them by addresses that are made when a task is sent.

use super::account::{container_url, place_of, url_of};
use crate::api::{Code, Duration, Error, JobCreate, OutputFile, ResourceFile, StartTask, TaskCreate};
use crate::domain::account::storage_account_name;
use crate::service::{self, Context};
use crate::store::storage::StorageRow;
use crate::store::{self, Conn};

/// How long a node can use a container. Chosen here: as long as a sent task may wait on its node, and its folder is kept.
const LIFE: Duration = Duration::from_days(7);
/// What nodes may do by an address that is made for them.
const TO_READ: &str = "rl";
const TO_WRITE: &str = "rcw";

fn is_asked_for(files: Option<&[ResourceFile]>) -> bool {
    let asks = |file: &ResourceFile| file.auto_storage_container_name.is_some() || file.identity_reference.is_some();
    files.unwrap_or_default().iter().any(asks)
}

fn is_written(files: Option<&[OutputFile]>) -> bool {
    let asks = |file: &OutputFile| file.destination.container.as_ref().is_some_and(|c| c.identity_reference.is_some());
    files.unwrap_or_default().iter().any(asks)
}

/// By any file of the task.
pub fn is_asked_for_by(task: &TaskCreate) -> bool {
    is_asked_for(task.resource_files.as_deref())
        || is_asked_for(task.common_resource_files())
        || is_written(task.output_files.as_deref())
}

/// The storage that is linked to the account, when it is the built-in one.
pub async fn linked(conn: &mut Conn, account_key: i64) -> store::Result<Option<StorageRow>> {
    let account = store::account::find_by_key(conn, account_key).await?;
    match account.and_then(|account| account.storage_account_id) {
        Some(id) => store::storage::find(conn, storage_account_name(&id)).await,
        None => Ok(None),
    }
}

/// As [`linked`], for what cannot be without it.
///
/// # Errors
/// `AutoStorageNotConfigured`.
pub async fn linked_or_refuse(conn: &mut Conn, account_key: i64) -> service::Result<StorageRow> {
    linked(conn, account_key).await?.ok_or_else(|| {
        let reason = "Link one to the account: its autoStorage names a storage account of this installation.";
        Error::new(Code::AutoStorageNotConfigured).with("Reason", reason).into()
    })
}

/// Refuses files of linked storage where none is linked, and identities for what is not in it.
fn check(cx: &Context, path: &str, files: Option<&[ResourceFile]>, linked: Option<&StorageRow>) -> Result<(), Error> {
    for (index, file) in files.unwrap_or_default().iter().enumerate() {
        let path = |name: &str| format!("{path}[{index}].{name}");
        if let (Some(name), None) = (&file.auto_storage_container_name, linked) {
            let reason = "no storage account of this installation is linked to the account: link one, or give a \
                          storageContainerUrl";
            return Err(Error::invalid_property(&path("autoStorageContainerName"), &**name, reason));
        }
        if file.identity_reference.is_some() {
            let path = path("identityReference");
            file.http_url.as_ref().map_or(Ok(()), |url| check_identity(cx, &path, url, Opens::Blob, linked))?;
            let container = file.storage_container_url.as_ref();
            container.map_or(Ok(()), |url| check_identity(cx, &path, url, Opens::Container, linked))?;
        }
    }
    Ok(())
}

/// What an address has to lead to.
#[derive(Clone, Copy, PartialEq)]
pub enum Opens {
    Blob,
    Container,
}

/// # Errors
/// `InvalidPropertyValue` when `url` leads to no such thing in the linked storage.
pub fn check_identity(
    cx: &Context,
    path: &str,
    url: &str,
    opens: Opens,
    linked: Option<&StorageRow>,
) -> Result<(), Error> {
    let reason = match linked.map(|storage| place_of(cx, storage, url)) {
        None => "an identity opens the storage that is linked to the account, and none of this installation is",
        Some(None) => {
            "an identity opens the storage that is linked to the account: any other address has its own signature"
        }
        Some(Some((_, None))) if opens == Opens::Blob => "the address of one blob, not of a container",
        Some(Some((_, Some(_)))) if opens == Opens::Container => "the address of a container, not of a blob",
        Some(Some(_)) => return Ok(()),
    };
    Err(Error::invalid_property(path, crate::domain::storage::without_query(url), reason))
}

/// [`check`] for all files of a task.
///
/// # Errors
/// `InvalidPropertyValue`.
pub fn check_task(cx: &Context, task: &TaskCreate, linked: Option<&StorageRow>) -> Result<(), Error> {
    check(cx, "resourceFiles", task.resource_files.as_deref(), linked)?;
    check(cx, "multiInstanceSettings.commonResourceFiles", task.common_resource_files(), linked)?;
    for (index, file) in task.output_files.iter().flatten().enumerate() {
        let Some(container) = &file.destination.container else { continue };
        if container.identity_reference.is_some() {
            let path = format!("outputFiles[{index}].destination.container.identityReference");
            check_identity(cx, &path, &container.container_url, Opens::Container, linked)?;
        }
    }
    Ok(())
}

/// [`check`] for the tasks that a job brings, and for the start task of its own pool.
///
/// # Errors
/// `InvalidPropertyValue`.
pub async fn check_job(cx: &Context, conn: &mut Conn, account_key: i64, job: &JobCreate) -> service::Result<()> {
    let manager = job.job_manager_task.as_ref().map(crate::domain::job_manager::to_task);
    let preparation = job.job_preparation_task.as_ref().and_then(|task| task.resource_files.as_deref());
    let release = job.job_release_task.as_ref().and_then(|task| task.resource_files.as_deref());
    let own_pool = job.pool_info.auto_pool_specification.as_ref().and_then(|auto| auto.pool.as_ref());
    let start = own_pool.and_then(|pool| pool.start_task.as_ref()).and_then(|task| task.resource_files.as_deref());
    let asks =
        manager.as_ref().is_some_and(is_asked_for_by) || [preparation, release, start].into_iter().any(is_asked_for);
    if asks {
        let linked = linked(conn, account_key).await?;
        let linked = linked.as_ref();
        if let Some(manager) = &manager {
            check_task(cx, manager, linked).map_err(|error| error.below("jobManagerTask"))?;
        }
        check(cx, "jobPreparationTask.resourceFiles", preparation, linked)?;
        check(cx, "jobReleaseTask.resourceFiles", release, linked)?;
        check(cx, "poolInfo.autoPoolSpecification.pool.startTask.resourceFiles", start, linked)?;
    }
    Ok(())
}

/// [`check`] for a pool's start task.
///
/// # Errors
/// `InvalidPropertyValue`.
pub async fn check_start_task(
    cx: &Context,
    conn: &mut Conn,
    account_key: i64,
    task: Option<&StartTask>,
) -> service::Result<()> {
    let files = task.and_then(|task| task.resource_files.as_deref());
    if is_asked_for(files) {
        check(cx, "startTask.resourceFiles", files, linked(conn, account_key).await?.as_ref())?;
    }
    Ok(())
}

/// Puts addresses into tasks that are about to be sent.
pub async fn give_urls<'t>(
    cx: &Context,
    conn: &mut Conn,
    account_key: i64,
    tasks: impl Iterator<Item = &'t mut TaskCreate> + Send,
) -> store::Result<()> {
    let asking: Vec<&mut TaskCreate> = tasks.filter(|task| is_asked_for_by(task)).collect();
    if asking.is_empty() {
        return Ok(());
    }
    let Some(storage) = linked(conn, account_key).await? else { return Ok(()) };
    for task in asking {
        task.resource_files.iter_mut().flatten().for_each(|file| give_url(cx, &storage, file));
        if let Some(settings) = &mut task.multi_instance_settings {
            settings.common_resource_files.iter_mut().flatten().for_each(|file| give_url(cx, &storage, file));
        }
        let containers = task.output_files.iter_mut().flatten().filter_map(|file| file.destination.container.as_mut());
        for container in containers.filter(|container| container.identity_reference.is_some()) {
            container.container_url = address_to_write(cx, &storage, &container.container_url);
        }
    }
    Ok(())
}

/// Files as a node is told them: with addresses in the place of containers' names. Without linked storage those stay, and the
/// node says so.
///
/// # Errors
/// Those of the store.
pub async fn files_with_urls(
    cx: &Context,
    account_key: i64,
    mut files: Vec<ResourceFile>,
) -> service::Result<Vec<ResourceFile>> {
    if is_asked_for(Some(&files))
        && let Some(storage) = linked(&mut *cx.store.read().await?, account_key).await?
    {
        files.iter_mut().for_each(|file| give_url(cx, &storage, file));
    }
    Ok(files)
}

fn give_url(cx: &Context, storage: &StorageRow, file: &mut ResourceFile) {
    if let Some(name) = file.auto_storage_container_name.take() {
        file.storage_container_url = Some(container_url(cx, storage, &name, TO_READ, LIFE).url.0);
    } else if file.identity_reference.is_some() {
        for url in [&mut file.http_url, &mut file.storage_container_url].into_iter().flatten() {
            if let Some((container, blob)) = place_of(cx, storage, url) {
                *url = url_of(cx, storage, &container, blob.as_deref(), TO_READ, LIFE).url.0;
            }
        }
    }
}

/// An address of the linked storage that a node can write to; any other stays as it is.
pub fn address_to_write(cx: &Context, storage: &StorageRow, url: &str) -> String {
    match place_of(cx, storage, url) {
        Some((container, None)) => container_url(cx, storage, &container, TO_WRITE, LIFE).url.0,
        _ => url.to_owned(),
    }
}
