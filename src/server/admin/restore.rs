//! Puts a backup in the place of the database of a stopped server.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::doctor;
use crate::server::data_dir::DataDir;
use crate::store::Store;

/// Checks the file first, then swaps it in at once. Returns where the database that was there is kept, if one was.
///
/// # Errors
/// When the server runs, a database is there and `force` is not said, or the file is no sound backup.
pub async fn run(data_dir: &Path, file: &Path, force: bool) -> anyhow::Result<Option<PathBuf>> {
    let own = DataDir::lock(data_dir).context("a database is restored on a stopped server only")?;
    let had_one = own.state().join("fournil.db").exists();
    ensure!(force || !had_one, "there is a database in {} already; say --force to replace it", data_dir.display());
    let new = data_dir.join("state.restoring");
    // From a restore that was interrupted.
    if new.exists() {
        std::fs::remove_dir_all(&new).with_context(|| format!("{} cannot be removed", new.display()))?;
    }
    DirBuilder::new().mode(0o700).create(&new)?;
    if let Err(error) = fill(&new, file).await {
        let _ = std::fs::remove_dir_all(&new);
        return Err(error.context(format!("{} was not restored", file.display())));
    }
    // One step: there is always one whole database in place.
    renameat_with(CWD, &new, CWD, own.state(), RenameFlags::EXCHANGE).context("the databases cannot be exchanged")?;
    let kept = keep(data_dir, &new, had_one)?;
    File::open(data_dir)?.sync_all()?;
    Ok(kept)
}

/// Copies the backup into the folder and brings it to this program's schema.
async fn fill(folder: &Path, file: &Path) -> anyhow::Result<()> {
    let copy = folder.join("fournil.db");
    std::fs::copy(file, &copy).with_context(|| format!("{} cannot be read", file.display()))?;
    Store::check_is_ours(&copy).await.context("it is no database of Fournil's")?;
    let store = Store::open(folder).await.context("it cannot be opened")?;
    let problems = doctor::problems_of_store(&store).await?;
    store.close().await;
    ensure!(problems.is_empty(), "it is not sound:\n  {}", problems.join("\n  "));
    File::open(&copy)?.sync_all()?;
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// Puts what was in place before under a name of its own, or away when there was nothing.
fn keep(data_dir: &Path, old: &Path, had_one: bool) -> anyhow::Result<Option<PathBuf>> {
    if !had_one {
        std::fs::remove_dir_all(old)?;
        return Ok(None);
    }
    let free = (1..).map(|n| data_dir.join(format!("state.before-restore-{n}"))).find(|path| !path.exists());
    let kept = free.expect("numbers do not end");
    std::fs::rename(old, &kept)?;
    Ok(Some(kept))
}
