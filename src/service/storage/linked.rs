//! The storage account that is linked to a Batch account: resource files name its containers, and nodes read them by an
//! address that is made when a task is sent.

use super::account::container_url;
use crate::api::{Code, Duration, Error, ResourceFile, StartTask, TaskCreate};
use crate::domain::account::storage_account_name;
use crate::service::{self, Context};
use crate::store::storage::StorageRow;
use crate::store::{self, Conn};

/// How long a node can read a container. Chosen here: as long as a sent task may wait on its node, and its folder is kept.
const LIFE: Duration = Duration::from_days(7);

pub fn is_asked_for(files: Option<&[ResourceFile]>) -> bool {
    files.unwrap_or_default().iter().any(|file| file.auto_storage_container_name.is_some())
}

/// By any file of the task.
pub fn is_asked_for_by(task: &TaskCreate) -> bool {
    is_asked_for(task.resource_files.as_deref()) || is_asked_for(task.common_resource_files())
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

/// Refuses files of linked storage where none is linked.
///
/// # Errors
/// `InvalidPropertyValue`.
pub fn check(path: &str, files: Option<&[ResourceFile]>, linked: Option<&StorageRow>) -> Result<(), Error> {
    for (index, file) in files.unwrap_or_default().iter().enumerate() {
        if let (Some(name), None) = (&file.auto_storage_container_name, linked) {
            let path = format!("{path}[{index}].autoStorageContainerName");
            let reason = "no storage account of this installation is linked to the account: link one, or give a \
                          storageContainerUrl";
            return Err(Error::invalid_property(&path, &**name, reason));
        }
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
    if !asking.is_empty() {
        let storage = linked(conn, account_key).await?;
        for task in asking {
            task.resource_files = task.resource_files.take().map(|files| with_urls(cx, storage.as_ref(), files));
            if let Some(settings) = &mut task.multi_instance_settings {
                let common = settings.common_resource_files.take();
                settings.common_resource_files = common.map(|files| with_urls(cx, storage.as_ref(), files));
            }
        }
    }
    Ok(())
}

/// [`check`] for a pool's start task.
///
/// # Errors
/// `InvalidPropertyValue`.
pub async fn check_start_task(conn: &mut Conn, account_key: i64, task: Option<&StartTask>) -> service::Result<()> {
    let files = task.and_then(|task| task.resource_files.as_deref());
    if is_asked_for(files) {
        check("startTask.resourceFiles", files, linked(conn, account_key).await?.as_ref())?;
    }
    Ok(())
}

/// The start task as a node is told it.
pub async fn start_task_with_urls(cx: &Context, account_key: i64, mut task: StartTask) -> service::Result<StartTask> {
    if is_asked_for(task.resource_files.as_deref()) {
        let storage = linked(&mut *cx.store.read().await?, account_key).await?;
        task.resource_files = task.resource_files.map(|files| with_urls(cx, storage.as_ref(), files));
    }
    Ok(task)
}

/// Puts addresses in the place of containers' names. Without linked storage they stay, and the node says so.
pub fn with_urls(cx: &Context, linked: Option<&StorageRow>, files: Vec<ResourceFile>) -> Vec<ResourceFile> {
    let with_url = |mut file: ResourceFile| {
        if let (Some(storage), Some(name)) = (linked, &file.auto_storage_container_name) {
            file.storage_container_url = Some(container_url(cx, storage, name, "rl", LIFE).url.0);
            file.auto_storage_container_name = None;
        }
        file
    };
    files.into_iter().map(with_url).collect()
}
