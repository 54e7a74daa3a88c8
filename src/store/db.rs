//! The database: one writer that commits many commands at once, and a pool of readers.
//!
//! SQLite in WAL mode with `synchronous=FULL`: what is answered survives a power cut. A commit costs a sync of the disk,
//! so the writer takes all commands that wait, runs them in one transaction with a savepoint each, commits once, and only
//! then answers. A command that fails undoes its own work and nothing else.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::{JoinError, JoinHandle};

use super::activity::{self, Note};
use super::changes::Changes;
use super::metrics::Timings;
use super::migrate;
use super::task_cache::{FoundTask, TaskCache, TaskNames};
use super::writer::{Command, Pending, Seen, Writer};

/// A connection, of the writer inside [`Store::write`] or of a reader.
pub type Conn = SqliteConnection;
pub type Result<T> = std::result::Result<T, Error>;

/// SQLite below this can corrupt a WAL database when two connections checkpoint at the same moment.
const OLDEST_SAFE_SQLITE: &str = "3.51.3";

/// Commands that wait for the writer; more than so many wait at the door.
const QUEUE: usize = 4096;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database refused a statement")]
    Sql(#[from] sqlx::Error),
    #[error("the disk is full; nothing was changed")]
    DiskFull,
    #[error("the commit failed; nothing was changed")]
    Commit(#[source] Arc<sqlx::Error>),
    #[error("the store is closed")]
    Closed,
    #[error("the database's schema is version {found}, this program knows up to {known}: use a newer program")]
    SchemaTooNew { found: i64, known: i64 },
    #[error("SQLite {0} is older than 3.51.3, which can corrupt a database: build with the bundled one")]
    OldSqlite(String),
    #[error("it has none of Fournil's tables")]
    NotOurs,
    #[error("a stored {what} cannot be read")]
    Unreadable {
        what: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    pub fn unreadable(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::Unreadable { what, source: source.into() }
    }
}

/// What is to become of a commit, in tests of what happens when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Commit,
    /// As on a full disk: nothing is stored, and the server lives.
    Refuse,
    /// As if the server died before it.
    Die,
    /// As if the server died behind it, and before anybody heard of it.
    CommitAndDie,
}

/// Asked before each commit.
pub type Judge = Arc<dyn Fn() -> Verdict + Send + Sync>;

/// What a command of the writer returns while it runs.
pub type Write<'c, T, E> = BoxFuture<'c, std::result::Result<T, E>>;

#[derive(Clone)]
pub struct Store {
    queue: mpsc::Sender<Box<dyn Command>>,
    readers: SqlitePool,
    closing: Arc<Notify>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
    changes: Arc<Changes>,
    tasks: Arc<TaskCache>,
    timings: Timings,
    /// What is written with the next command that succeeds.
    note: Option<Arc<Note>>,
}

impl Store {
    /// Opens the database in `folder`, making or upgrading it.
    ///
    /// # Errors
    /// When the schema is newer than this program, SQLite is too old, or the file cannot be opened.
    pub async fn open(folder: &Path) -> Result<Store> {
        Store::open_judged(folder, Arc::new(|| Verdict::Commit)).await
    }

    /// As [`Store::open`], with commits that fail as a test wants it.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_judged(folder: &Path, judge: Judge) -> Result<Store> {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("fournil.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .statement_cache_capacity(256)
            .pragma("cache_size", "-32768")
            .pragma("temp_store", "memory")
            // The log is copied back in larger steps than by default: fewer syncs under load.
            .pragma("wal_autocheckpoint", "4000");
        let mut writer = SqliteConnection::connect_with(&options).await?;
        check_version(&mut writer).await?;
        migrate::run(&mut writer).await?;
        let (changes, tasks) = (Arc::<Changes>::default(), Arc::<TaskCache>::default());
        changes.watch(&mut writer).await?;
        let last_note = activity::last_key(&mut writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            // A file does not go away as a server does: asking whether it is there doubles the time of a read.
            .test_before_acquire(false)
            .connect_with(options.clone().read_only(true).create_if_missing(false))
            .await?;
        let (queue, commands) = mpsc::channel(QUEUE);
        let (closing, timings) = (Arc::new(Notify::new()), Timings::default());
        let after_commit = {
            let (changes, tasks) = (changes.clone(), tasks.clone());
            move || tasks.forget(&changes.close())
        };
        let writer = Writer { conn: writer, last_note, timings: timings.clone(), judge };
        let writer = tokio::spawn(writer.run(commands, closing.clone(), after_commit));
        let writer = Arc::new(Mutex::new(Some(writer)));
        Ok(Store { queue, readers, closing, writer, changes, tasks, timings, note: None })
    }

    /// What has changed lately.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The task by names, from memory when it was asked for since it last changed.
    pub async fn task(&self, names: TaskNames) -> Result<Option<Arc<FoundTask>>> {
        if let Some(task) = self.tasks.get(&names) {
            return Ok(Some(task));
        }
        let version = self.changes.version();
        let found = super::task::find_by_names(&mut *self.read().await?, &names).await?.map(Arc::new);
        if let Some(task) = &found {
            self.tasks.keep(names, task, || self.changes.task_is_as_at(version, task.row.key));
        }
        Ok(found)
    }

    /// The same store for one call: the first of its commands that succeeds takes the note into its transaction, so that a
    /// change and the note of it are there together or not at all.
    pub fn noting(&self, note: Arc<Note>) -> Store {
        Store { note: Some(note), ..self.clone() }
    }

    /// What the call leaves in the activity log, where this is the store of one call.
    pub fn note(&self) -> Option<&Arc<Note>> {
        self.note.as_ref()
    }

    /// How the writer does.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// Commands that wait for the writer.
    pub fn queue_length(&self) -> i64 {
        self.queue.max_capacity().saturating_sub(self.queue.capacity()) as i64
    }

    /// Runs a command in the writer's next transaction; returns when it is on the disk. An error undoes what it did.
    pub async fn write<T, E, F>(&self, command: F) -> std::result::Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Write<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let seen = Seen::begin();
        let (pending, done) = Pending::new(command, self.note.clone());
        self.queue.send(Box::new(pending)).await.map_err(|_| Error::Closed)?;
        let (outcome, commit) = done.await.map_err(|_| Error::Closed)?;
        if let Some(seen) = seen {
            seen.end(&commit);
        }
        outcome
    }

    /// A reader. What it sees is a committed state; give it back soon.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>> {
        Ok(self.readers.acquire().await?)
    }

    /// Copies the database as it is now into a new file, while the server works.
    pub async fn backup_to(&self, file: &Path) -> Result<()> {
        let mut conn = self.readers.acquire().await?;
        sqlx::query("VACUUM INTO ?").bind(file.to_string_lossy().into_owned()).execute(&mut *conn).await?;
        Ok(())
    }

    /// Whether a file is a database of ours, so that nothing else is taken for an empty one and changed.
    ///
    /// # Errors
    /// When it is none.
    pub async fn check_is_ours(file: &Path) -> Result<()> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let mut conn = SqliteConnection::connect_with(&options).await?;
        let n_tables: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name IN ('meta', 'accounts', 'tasks')")
                .fetch_one(&mut conn)
                .await?;
        conn.close().await?;
        if n_tables == 3 { Ok(()) } else { Err(Error::NotOurs) }
    }

    /// Finishes what waits, lets go of the file and returns; what is asked afterwards gets [`Error::Closed`].
    pub async fn close(&self) {
        // The writer goes last: whoever closes the file last tidies up its log, which readers cannot.
        self.readers.close().await;
        self.closing.notify_one();
        let writer = self.writer.lock().await.take();
        if let Some(Err(error)) = join(writer).await {
            tracing::error!(%error, "the store's writer had ended badly");
        }
    }

    /// Everything stored is sound as far as SQLite can tell: empty, or its complaints.
    pub async fn integrity(&self) -> Result<Vec<String>> {
        let mut conn = self.readers.acquire().await?;
        let rows: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut *conn).await?;
        Ok(rows.into_iter().filter(|row| row != "ok").collect())
    }
}

async fn check_version(conn: &mut Conn) -> Result<()> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(conn).await?;
    let parts = |text: &str| text.split('.').map(|n| n.parse().unwrap_or(0)).collect::<Vec<u32>>();
    if parts(&version) < parts(OLDEST_SAFE_SQLITE) { Err(Error::OldSqlite(version)) } else { Ok(()) }
}

async fn join(task: Option<JoinHandle<()>>) -> Option<std::result::Result<(), JoinError>> {
    Some(task?.await)
}
