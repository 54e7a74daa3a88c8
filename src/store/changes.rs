//! What commits change, so that what is kept in memory knows when it is old. SQLite itself says which rows of the writer
//! change: no writer can forget to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::db::{Conn, Result};

/// Changed tasks that are remembered. What was read before the oldest of them was changed counts as old.
const REMEMBERED: usize = 16_384;

/// A moment between two commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64);

#[derive(Default)]
pub struct Changes {
    /// Of the transaction that is open.
    open: Mutex<Touched>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Touched {
    accounts: bool,
    tasks: Vec<i64>,
}

#[derive(Default)]
struct Log {
    now: Version,
    /// When an account changed last.
    accounts: Version,
    /// Keys of tasks with the version that their change made, in order.
    tasks: VecDeque<(Version, i64)>,
    /// Changes of tasks up to here may be missing above.
    forgotten: Version,
}

impl Changes {
    /// Listens to the writer's connection.
    pub(super) async fn watch(self: &Arc<Self>, writer: &mut Conn) -> Result<()> {
        let changes = self.clone();
        writer.lock_handle().await?.set_update_hook(move |change| match change.table {
            "accounts" => lock(&changes.open).accounts = true,
            "tasks" => lock(&changes.open).tasks.push(change.rowid),
            _ => {}
        });
        Ok(())
    }

    /// Ends the open transaction. To be called after the commit and before anybody hears of it; what a failed one did not
    /// change counts as changed, which does no harm. Gives back the keys of the tasks.
    pub(super) fn close(&self) -> Vec<i64> {
        let touched = std::mem::take(&mut *lock(&self.open));
        let mut log = lock(&self.log);
        log.now.0 += 1;
        let now = log.now;
        if touched.accounts {
            log.accounts = now;
        }
        log.tasks.extend(touched.tasks.iter().map(|key| (now, *key)));
        while log.tasks.len() > REMEMBERED {
            log.forgotten = log.tasks.pop_front().map_or(now, |(version, _)| version);
        }
        touched.tasks
    }

    /// To be taken before a read whose result is to be kept.
    pub fn version(&self) -> Version {
        lock(&self.log).now
    }

    /// Whether no account has changed since then.
    pub fn accounts_are_as_at(&self, version: Version) -> bool {
        lock(&self.log).accounts <= version
    }

    /// Whether the task has not changed since then, as far as is remembered.
    pub fn task_is_as_at(&self, version: Version, key: i64) -> bool {
        let log = lock(&self.log);
        log.forgotten <= version
            && log.tasks.iter().rev().take_while(|(changed, _)| *changed > version).all(|(_, changed)| *changed != key)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(changes: &Changes, tasks: impl IntoIterator<Item = i64>) -> Version {
        lock(&changes.open).tasks.extend(tasks);
        changes.close();
        changes.version()
    }

    #[test]
    fn a_task_is_old_when_it_was_changed_after_it_was_read() {
        let changes = Changes::default();
        let before = changes.version();
        let after = commit(&changes, [7]);
        assert!(!changes.task_is_as_at(before, 7) && changes.task_is_as_at(before, 8));
        assert!(changes.task_is_as_at(after, 7));
        let later = commit(&changes, [8]);
        assert!(changes.task_is_as_at(after, 7) && !changes.task_is_as_at(after, 8) && changes.task_is_as_at(later, 8));
    }

    #[test]
    fn what_is_forgotten_counts_as_changed() {
        let changes = Changes::default();
        let before = changes.version();
        let between = commit(&changes, [1]);
        commit(&changes, 2..=REMEMBERED as i64);
        assert!(changes.task_is_as_at(before, 0), "all are remembered");
        commit(&changes, [2]);
        assert!(!changes.task_is_as_at(before, 0), "the change of 1 is not");
        assert!(changes.task_is_as_at(between, 1));
    }

    #[test]
    fn accounts_count_as_one() {
        let changes = Changes::default();
        let before = changes.version();
        commit(&changes, [1]);
        assert!(changes.accounts_are_as_at(before));
        lock(&changes.open).accounts = true;
        changes.close();
        assert!(!changes.accounts_are_as_at(before) && changes.accounts_are_as_at(changes.version()));
    }
}
