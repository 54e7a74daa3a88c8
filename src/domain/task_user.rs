//! Under which users of a node's system runs go: the pool's own one, one of the run's own, or an account of the pool.
//!
//! Each node has a block of user ids, which no other node of the installation has: the first owns the files of ended tasks,
//! the next are lent to tasks one by one, and the rest are the pool's accounts, in their order.

use crate::api::agent::{Ids, NodeAccount, OwnUsers};
use crate::api::{ElevationLevel, UserAccount};

/// User ids of one node.
pub const IDS_PER_NODE: u32 = 512;
/// Chosen here: more nodes than one machine runs.
pub const MOST_BLOCKS: u32 = 4096;
/// User ids of all nodes.
pub const ALL_IDS: u32 = IDS_PER_NODE * MOST_BLOCKS;

/// As many as a node has slots at most.
const TASKS: u32 = 256;
const FIRST_TASK: u32 = 1;
const FIRST_ACCOUNT: u32 = FIRST_TASK + TASKS;
/// Accounts of one pool. Chosen here.
pub const MOST_ACCOUNTS: usize = 100;

/// The ids that a node lends to tasks; `first` is the first of all nodes'.
pub fn own_users(first: u32, block: u32) -> OwnUsers {
    let first = first + block * IDS_PER_NODE;
    OwnUsers { keeper: first, first: first + FIRST_TASK, count: TASKS }
}

/// The pool's accounts as a node has them; `ids` are the first of all nodes' and the node's block, where there are users at all.
pub fn accounts(accounts: &[UserAccount], ids: Option<(u32, u32)>) -> Vec<NodeAccount> {
    let account = |(index, account): (u32, &UserAccount)| {
        let own = ids.map(|(first, block)| first + block * IDS_PER_NODE + FIRST_ACCOUNT + index);
        let linux = account.linux_user_configuration.as_ref();
        let asked = linux.and_then(|linux| Some((id(linux.uid)?, id(linux.gid)?)));
        let ids = own.map(|own| asked.map_or(Ids { uid: own, gid: own }, |(uid, gid)| Ids { uid, gid }));
        let is_admin = account.elevation_level == Some(ElevationLevel::Admin);
        NodeAccount { name: account.name.clone(), is_admin, ids }
    };
    (0..).zip(accounts).take(MOST_ACCOUNTS).map(account).collect()
}

fn id(asked: Option<i32>) -> Option<u32> {
    asked.and_then(|id| u32::try_from(id).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_two_users_of_an_installation_have_one_id() {
        let named = |n| serde_json::from_value(json!({ "name": format!("u{n}") })).unwrap();
        let pool: Vec<UserAccount> = (0..MOST_ACCOUNTS).map(named).collect();
        let mut all = Vec::new();
        for block in [0, 1, MOST_BLOCKS - 1] {
            let own = own_users(1_000_000, block);
            all.push(own.keeper);
            all.extend(own.first..own.first + own.count);
            all.extend(accounts(&pool, Some((1_000_000, block))).into_iter().map(|account| account.ids.unwrap().uid));
        }
        assert_eq!(all.len(), 3 * (1 + 256 + MOST_ACCOUNTS));
        assert!(all.iter().all(|id| (1_000_000..1_000_000 + ALL_IDS).contains(id)));
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn an_account_has_the_ids_that_are_asked_for() {
        let pool = json!([
            { "name": "a", "elevationLevel": "admin", "linuxUserConfiguration": { "uid": 1001, "gid": 1002 } },
            { "name": "b", "linuxUserConfiguration": { "sshPrivateKey": "k" } },
        ]);
        let pool: Vec<UserAccount> = serde_json::from_value(pool).unwrap();
        let found = accounts(&pool, Some((1_000_000, 0)));
        assert_eq!((found[0].is_admin, found[0].ids), (true, Some(Ids { uid: 1001, gid: 1002 })));
        assert_eq!((found[1].is_admin, found[1].ids), (false, Some(Ids { uid: 1_000_258, gid: 1_000_258 })));
        assert_eq!(accounts(&pool, None)[0].ids, None);
    }
}
