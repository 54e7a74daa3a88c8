//! Tasks that were asked for lately. Programs that wait for a task ask for it again and again: while it does not change, that
//! costs no look at the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::task::TaskRow;
use crate::domain::ids::{AccountName, JobId, TaskId};

/// So many are kept; then all are forgotten at once, which costs less than knowing which are the oldest.
const MOST: usize = 8192;

/// How a task is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskNames {
    pub account: AccountName,
    pub job: JobId,
    pub task: TaskId,
}

#[derive(Debug)]
pub struct FoundTask {
    /// As the job was created: ids are found without regard to case.
    pub job_id: String,
    pub row: TaskRow,
}

#[derive(Default)]
pub struct TaskCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    tasks: HashMap<TaskNames, Arc<FoundTask>>,
    /// The spellings under which a task is kept.
    names: HashMap<i64, Vec<TaskNames>>,
}

impl TaskCache {
    pub fn get(&self, names: &TaskNames) -> Option<Arc<FoundTask>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tasks.get(names).cloned()
    }

    /// Keeps what was read, if `is_current`; asked while no commit can forget tasks, so that none slips between.
    pub fn keep(&self, names: TaskNames, task: &Arc<FoundTask>, is_current: impl FnOnce() -> bool) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_current() {
            return;
        }
        if kept.tasks.len() >= MOST {
            *kept = Kept::default();
        }
        if kept.tasks.insert(names.clone(), task.clone()).is_none() {
            kept.names.entry(task.row.key).or_default().push(names);
        }
    }

    /// The tasks with these keys have changed.
    pub fn forget(&self, keys: &[i64]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            for names in kept.names.remove(key).unwrap_or_default() {
                kept.tasks.remove(&names);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{TaskState, Timestamp};
    use crate::domain::placement::Demands;
    use crate::domain::task::Life;

    fn names(task: &str) -> TaskNames {
        TaskNames { account: "acc".parse().unwrap(), job: "j".parse().unwrap(), task: task.parse().unwrap() }
    }

    fn task(key: i64) -> Arc<FoundTask> {
        let life = Life::new(Timestamp::from_secs(0));
        assert_eq!(life.state(), TaskState::Active);
        let (created, modified) = (life.since, life.since);
        Arc::new(FoundTask {
            job_id: "j".into(),
            row: TaskRow {
                key,
                job_key: 1,
                id: "t".into(),
                settings: "{}".into(),
                slots: 1,
                created,
                modified,
                etag: 1,
                life,
                node_info: None,
                n_waits: 0,
                satisfied: false,
                number: None,
                demands: Demands::default(),
                files_until: None,
                files_gone: false,
            },
        })
    }

    #[test]
    fn a_change_forgets_a_task_in_all_its_spellings() {
        let cache = TaskCache::default();
        for spelling in ["t", "T"] {
            cache.keep(names(spelling), &task(1), || true);
        }
        cache.keep(names("other"), &task(2), || true);
        cache.forget(&[1, 3]);
        assert!(cache.get(&names("t")).is_none() && cache.get(&names("T")).is_none());
        assert!(cache.get(&names("other")).is_some());
    }

    #[test]
    fn what_has_changed_meanwhile_is_not_kept() {
        let cache = TaskCache::default();
        cache.keep(names("t"), &task(1), || false);
        assert!(cache.get(&names("t")).is_none());
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let cache = TaskCache::default();
        for n in 0..=MOST as i64 {
            cache.keep(names(&format!("t{n}")), &task(n), || true);
        }
        let kept = cache.0.lock().unwrap();
        assert_eq!((kept.tasks.len(), kept.names.len()), (1, 1));
    }
}
