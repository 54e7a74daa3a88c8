//! The one writer: takes commands that wait, runs them in one transaction and answers them; what it does is told in [`super::db`].

use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::Connection;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use super::activity::{self, Note};
use super::db::{Conn, Error, Judge, Verdict, Write};
use super::metrics::Timings;
use crate::trace::{self, Span};

/// Commands that one transaction takes at most, so that the first does not wait long for its answer.
const COMMANDS_PER_COMMIT: usize = 256;

/// A command in the writer's queue.
pub(super) trait Command: Send {
    /// Does the work; false when it failed and is to be undone.
    fn run<'c>(&'c mut self, conn: &'c mut Conn) -> BoxFuture<'c, bool>;
    /// What is to be written once the work is done.
    fn note(&self) -> Option<&Arc<Note>>;
    /// Answers the caller, once the transaction has been committed or has failed.
    fn answer(self: Box<Self>, commit: &Commit);
}

/// What became of a transaction.
#[derive(Clone)]
pub(super) struct Commit {
    outcome: std::result::Result<(), Arc<sqlx::Error>>,
    begun: Instant,
    n_commands: usize,
}

/// A command's part of the span of whoever waits for it: from its place in the queue to its commit, which it shares with others.
pub(super) struct Seen {
    span: Span,
    since: Instant,
}

impl Seen {
    /// Nothing, where nobody looks.
    pub fn begin() -> Option<Seen> {
        trace::child("store commit").map(|span| Seen { span, since: Instant::now() })
    }

    pub fn end(self, commit: &Commit) {
        let waited = commit.begun.saturating_duration_since(self.since);
        self.span.set("db.system.name", "sqlite");
        self.span.set("fournil.store.commands", i64::try_from(commit.n_commands).unwrap_or(i64::MAX));
        self.span.set("fournil.store.waited_ms", waited.as_secs_f64() * 1000.0);
        if commit.outcome.is_err() {
            self.span.failed();
        }
    }
}

pub(super) struct Pending<F, T, E> {
    command: Option<F>,
    outcome: Option<std::result::Result<T, E>>,
    answer: oneshot::Sender<Answer<T, E>>,
    note: Option<Arc<Note>>,
}

type Answer<T, E> = (std::result::Result<T, E>, Commit);

impl<F, T, E> Pending<F, T, E> {
    pub fn new(command: F, note: Option<Arc<Note>>) -> (Self, oneshot::Receiver<Answer<T, E>>) {
        let (answer, done) = oneshot::channel();
        (Pending { command: Some(command), outcome: None, answer, note }, done)
    }
}

impl<F, T, E> Command for Pending<F, T, E>
where
    F: for<'c> FnOnce(&'c mut Conn) -> Write<'c, T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run<'c>(&'c mut self, conn: &'c mut Conn) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            let Some(command) = self.command.take() else { return false };
            let outcome = command(conn).await;
            let keep = outcome.is_ok();
            self.outcome = Some(outcome);
            keep
        })
    }

    fn note(&self) -> Option<&Arc<Note>> {
        self.note.as_ref()
    }

    fn answer(self: Box<Self>, commit: &Commit) {
        let outcome = match (self.outcome, &commit.outcome) {
            (Some(Err(error)), _) => Err(error),
            (Some(outcome), Ok(())) => outcome,
            (_, Err(error)) if is_disk_full(error) => Err(Error::DiskFull.into()),
            (_, Err(error)) => Err(Error::Commit(error.clone()).into()),
            (None, Ok(())) => Err(Error::Closed.into()),
        };
        // The caller may have gone away; the work stands all the same.
        let _ = self.answer.send((outcome, commit.clone()));
    }
}

fn is_disk_full(error: &sqlx::Error) -> bool {
    // SQLITE_FULL, also as the low byte of an extended code.
    error
        .as_database_error()
        .and_then(|e| e.code())
        .and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 13)
}

/// What the writer works with.
pub(super) struct Writer {
    pub conn: Conn,
    /// Key of the last row of the activity log.
    pub last_note: i64,
    pub timings: Timings,
    pub judge: Judge,
}

impl Writer {
    pub async fn run(
        mut self,
        mut commands: mpsc::Receiver<Box<dyn Command>>,
        closing: Arc<Notify>,
        after_commit: impl Fn(),
    ) {
        let mut batch = Vec::new();
        loop {
            let n_commands = tokio::select! {
                n_commands = commands.recv_many(&mut batch, COMMANDS_PER_COMMIT) => n_commands,
                () = closing.notified() => {
                    // What waits is still taken, and then nothing more comes.
                    commands.close();
                    continue;
                }
            };
            if n_commands == 0 {
                break;
            }
            let verdict = (self.judge)();
            let begun = Instant::now();
            let outcome = match verdict {
                Verdict::Commit | Verdict::CommitAndDie => self.transaction(&mut batch, begun).await.map_err(Arc::new),
                Verdict::Refuse => Err(Arc::new(sqlx::Error::WorkerCrashed)),
                Verdict::Die => break,
            };
            if verdict == Verdict::CommitAndDie {
                break;
            }
            after_commit();
            let commit = Commit { outcome, begun, n_commands };
            for command in batch.drain(..) {
                command.answer(&commit);
            }
        }
        let _ = self.conn.close().await;
    }

    async fn transaction(
        &mut self,
        batch: &mut [Box<dyn Command>],
        begun: Instant,
    ) -> std::result::Result<(), sqlx::Error> {
        let mut notes: Vec<Arc<Note>> = Vec::new();
        if let Err(error) = run_batch(&mut self.conn, batch, &mut notes, self.last_note).await {
            tracing::error!(error = %error, "a transaction failed; its commands were undone");
            // A failed COMMIT may leave the transaction open.
            let _ = sqlx::query("ROLLBACK").execute(&mut self.conn).await;
            notes.iter().for_each(|note| note.take_back());
            return Err(error);
        }
        self.last_note += notes.len() as i64;
        self.timings.transaction.observe(begun.elapsed().as_secs_f64());
        self.timings.commands.observe(batch.len() as f64);
        Ok(())
    }
}

/// All notes of a transaction are one statement. They are given back in `notes`, with keys after `last_note`.
async fn run_batch(
    conn: &mut Conn,
    batch: &mut [Box<dyn Command>],
    notes: &mut Vec<Arc<Note>>,
    last_note: i64,
) -> std::result::Result<(), sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    for command in batch.iter_mut() {
        sqlx::query("SAVEPOINT command").execute(&mut *conn).await?;
        let keep = command.run(conn).await;
        if !keep {
            sqlx::query("ROLLBACK TO command").execute(&mut *conn).await?;
        }
        sqlx::query("RELEASE command").execute(&mut *conn).await?;
        let note = command.note().filter(|_| keep);
        notes.extend(note.filter(|note| note.give(last_note + notes.len() as i64 + 1)).cloned());
    }
    activity::insert(conn, notes).await?;
    sqlx::query("COMMIT").execute(&mut *conn).await?;
    Ok(())
}
