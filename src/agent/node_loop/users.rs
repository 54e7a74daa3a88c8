//! Under whom runs go: the pool's user, an account of the pool, or a user that is lent to one run.
//!
//! A lent id is free again when nothing of its run is left and its files are somebody else's: the keeper's, as which nothing
//! runs. So the next task with the id can read nothing of the one before.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::failure;
use super::super::files::Users;
use super::super::process::TaskUser;
use super::super::run_id::RunId;
use super::Node;
use crate::api::TaskFailureInformation;
use crate::api::agent::{Ids, OwnUsers, RunTask, RunUser};

/// Whose a run is.
pub(super) struct Who {
    /// Absent where tasks have no users.
    pub user: Option<TaskUser>,
    /// Absent for the pool's.
    pub name: Option<String>,
    pub elevated: bool,
}

/// User ids that are lent to runs.
#[derive(Debug, Default)]
pub struct Lent {
    to: HashMap<RunId, u32>,
    /// Of runs that are over, with their folders.
    being_freed: HashMap<u32, String>,
    /// Where the search for a free one goes on, so that one is not lent again at once.
    next: u32,
}

impl Lent {
    fn n_free(&self, own: OwnUsers) -> usize {
        (own.count as usize).saturating_sub(self.to.len() + self.being_freed.len())
    }

    fn is_used(&self, id: u32) -> bool {
        self.being_freed.contains_key(&id) || self.to.values().any(|lent| *lent == id)
    }

    fn lend(&mut self, run: RunId, own: OwnUsers) -> Option<u32> {
        let ids = (0..own.count).map(|n| own.first + (self.next + n) % own.count);
        let id = ids.into_iter().find(|id| !self.is_used(*id))?;
        self.next = (id - own.first + 1) % own.count;
        self.to.insert(run, id);
        Some(id)
    }

    fn begin_to_free(&mut self, run: RunId, directory: &str) -> Option<u32> {
        let id = self.to.remove(&run)?;
        self.being_freed.insert(id, directory.to_owned());
        Some(id)
    }
}

impl Node {
    /// Those of the node's files.
    pub(super) fn users(&self) -> Option<Users> {
        let keeper = self.core.welcome().and_then(|welcome| welcome.own_users).map(|own| own.keeper);
        self.user().map(|pool| Users { pool, keeper })
    }

    fn own_users(&self) -> Option<OwnUsers> {
        self.core.welcome().and_then(|welcome| welcome.own_users)
    }

    /// Tells of tasks, one after the other, whether there is no user for one yet. The folder of an attempt before may just be given away.
    pub(super) fn must_wait_for_user(&self) -> impl FnMut(&RunTask) -> bool + use<> {
        let own = self.own_users().filter(|_| self.user().is_some());
        let mut n_free = own.map_or(usize::MAX, |own| self.lent.n_free(own));
        let given_away: Vec<String> = self.lent.being_freed.values().cloned().collect();
        move |task| {
            if task.user != RunUser::Own {
                return false;
            }
            let waits = n_free == 0 || given_away.contains(&task.directory);
            n_free -= usize::from(!waits);
            waits
        }
    }

    /// # Errors
    /// The pool has no such account; there is no user to lend.
    pub(super) fn who(&mut self, run: RunId, user: &RunUser, elevated: bool) -> Result<Who, TaskFailureInformation> {
        let pool = self.user();
        match user {
            RunUser::Pool => Ok(Who { user: pool, name: None, elevated }),
            RunUser::Account(name) => {
                let accounts = self.core.welcome().map(|welcome| welcome.accounts.as_slice()).unwrap_or_default();
                let account = accounts.iter().find(|account| account.name == *name);
                let account = account.ok_or_else(|| failure::no_account(name))?;
                let elevated = account.is_admin;
                let Some(pool) = pool else { return Ok(Who { user: None, name: None, elevated }) };
                let Ids { uid, gid } = account.ids.ok_or_else(failure::no_user_left)?;
                let user = Some(TaskUser::in_pool(uid, gid, pool.pool()));
                Ok(Who { user, name: Some(account.name.clone()), elevated })
            }
            RunUser::Own => {
                let Some(pool) = pool else { return Ok(Who { user: None, name: None, elevated }) };
                let own = self.own_users().ok_or_else(failure::no_user_left)?;
                let id = self.lent.lend(run, own).ok_or_else(failure::no_user_left)?;
                // As Batch names its own.
                let name = Some(format!("_azbatchtask_{}", id - own.first + 1));
                Ok(Who { user: Some(TaskUser::in_pool(id, id, pool.pool())), name, elevated })
            }
        }
    }

    /// Nothing of the run is left: what it has of files becomes the keeper's, and then its user is free.
    pub(super) fn give_user_back(&mut self, run: RunId, directory: &str) {
        let Some(own) = self.own_users() else { return };
        let Some(id) = self.lent.begin_to_free(run, directory) else { return };
        let (files, directory, done) = (Arc::clone(&self.files), directory.to_owned(), self.freed.clone());
        let view = self.launcher.view.clone();
        tokio::task::spawn_blocking(move || {
            files.give_to_keeper(&directory, id, own.keeper, view.as_deref());
            done.send(id)
        });
    }

    pub(super) fn is_being_given_away(&self, directory: &str) -> bool {
        self.lent.being_freed.values().any(|folder| folder == directory)
    }

    pub(super) fn on_freed(&mut self, id: u32) {
        self.lent.being_freed.remove(&id);
    }

    /// What runs of an earlier agent left when it died. Nothing runs as one of these users yet.
    pub(super) fn reclaim_users(&mut self, own: OwnUsers) {
        if !std::mem::replace(&mut self.has_reclaimed, true) {
            self.files.give_all_to_keeper(own, self.launcher.view.as_deref());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::agent::Attempt;

    const OWN: OwnUsers = OwnUsers { keeper: 99, first: 100, count: 3 };

    fn run(task: i64) -> RunId {
        RunId::Task(Attempt { task, number: 1 })
    }

    #[test]
    fn no_id_is_lent_twice_nor_again_before_it_is_free() {
        let mut lent = Lent::default();
        assert_eq!([1, 2].map(|n| lent.lend(run(n), OWN)), [Some(100), Some(101)]);
        assert_eq!(lent.begin_to_free(run(1), "d"), Some(100));
        assert_eq!((lent.lend(run(3), OWN), lent.lend(run(4), OWN), lent.n_free(OWN)), (Some(102), None, 0));
        lent.being_freed.remove(&100);
        assert_eq!((lent.n_free(OWN), lent.lend(run(4), OWN)), (1, Some(100)));
        assert_eq!(lent.begin_to_free(run(1), "d"), None, "it has been given back already");
    }

    #[test]
    fn the_id_that_has_been_free_for_longest_is_lent_next() {
        let mut lent = Lent::default();
        for expected in [100, 101, 102, 100] {
            assert_eq!(lent.lend(run(1), OWN), Some(expected));
            lent.begin_to_free(run(1), "d");
            lent.being_freed.clear();
        }
    }
}
