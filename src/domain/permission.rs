//! What a role may do. One table for REST, the server functions and the portal's buttons.

use std::sync::Arc;

use super::ids::AccountName;
use crate::api::Role;

/// Something a caller wants to do to an account or the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    AccountRead,
    AccountWrite,
    AccountDelete,
    KeyRead,
    KeyWrite,
    PoolRead,
    PoolWrite,
    /// Jobs, tasks and their files.
    JobRead,
    JobWrite,
    /// Containers and blobs of the installation's storage, and signed URLs that only read.
    StorageRead,
    StorageWrite,
    UserWrite,
    /// Limits of accounts: the operator's word.
    QuotaWrite,
    /// Which buckets are storage accounts of the installation, and by which credentials they are entered.
    StorageLink,
}

impl Permission {
    pub const ALL: &'static [Permission] = &[
        Permission::AccountRead,
        Permission::AccountWrite,
        Permission::AccountDelete,
        Permission::KeyRead,
        Permission::KeyWrite,
        Permission::PoolRead,
        Permission::PoolWrite,
        Permission::JobRead,
        Permission::JobWrite,
        Permission::StorageRead,
        Permission::StorageWrite,
        Permission::UserWrite,
        Permission::QuotaWrite,
        Permission::StorageLink,
    ];
}

/// What it takes, over everything, to link a storage account to a Batch account: from then on the account's tasks read and
/// write all that is in it, whoever submits them. A role at the Batch account alone is not enough. Chosen here; in Azure it
/// takes a right to the storage account, which has no roles of its own here.
pub const TO_CHOOSE_STORAGE: Permission = Permission::StorageWrite;

/// Whether the role allows it. Deny by default: what is not written here is not allowed.
pub fn allows(role: Role, permission: Permission) -> bool {
    use Permission as P;
    match role {
        Role::Owner => true,
        Role::NoRole => false,
        Role::Contributor | Role::BatchAccountContributor => {
            !matches!(permission, P::UserWrite | P::QuotaWrite | P::StorageLink)
        }
        Role::Reader | Role::BatchAccountReader => matches!(permission, P::AccountRead | P::PoolRead | P::JobRead),
        Role::BatchDataContributor => matches!(
            permission,
            P::AccountRead | P::PoolRead | P::PoolWrite | P::JobRead | P::JobWrite | P::StorageRead | P::StorageWrite
        ),
        // Who submits jobs brings their input and takes their output; a reader is no reader of all data, as in Azure.
        Role::BatchJobSubmitter => matches!(
            permission,
            P::AccountRead | P::PoolRead | P::JobRead | P::JobWrite | P::StorageRead | P::StorageWrite
        ),
    }
}

/// What a token lets do at most; its user's rights are another question. The usual one limits nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    pub role: Option<Role>,
    /// The accounts that there are where it holds; absent for everywhere. What belongs to no account is out of a limit's reach then.
    pub accounts: Option<Arc<[AccountName]>>,
}

impl Limit {
    pub fn allows(&self, account: Option<&AccountName>, permission: Permission) -> bool {
        let is_here = |own: &Arc<[AccountName]>| account.is_some_and(|account| own.contains(account));
        self.role.is_none_or(|role| allows(role, permission)) && self.accounts.as_ref().is_none_or(is_here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owner_and_contributor_read_keys() {
        for role in Role::ALL {
            let expected = matches!(role, Role::Owner | Role::Contributor | Role::BatchAccountContributor);
            assert_eq!(allows(*role, Permission::KeyRead), expected, "{role}");
        }
    }

    #[test]
    fn only_an_owner_looks_after_users_quotas_and_buckets_and_no_role_allows_nothing() {
        for (role, permission) in Role::ALL.iter().flat_map(|role| Permission::ALL.iter().map(move |p| (*role, *p))) {
            let is_owners =
                matches!(permission, Permission::UserWrite | Permission::QuotaWrite | Permission::StorageLink);
            assert!(!(is_owners && role != Role::Owner && allows(role, permission)), "{role} {permission:?}");
            assert!(role != Role::NoRole || !allows(role, permission), "{permission:?}");
        }
    }

    #[test]
    fn a_limit_allows_what_its_role_does_where_it_holds() {
        let [here, there]: [AccountName; 2] = ["here", "there"].map(|name| name.parse().unwrap());
        let check = |limit: &Limit, account: Option<&AccountName>, permission, expected| {
            assert_eq!(limit.allows(account, permission), expected, "{limit:?} {account:?} {permission:?}");
        };
        for permission in Permission::ALL {
            check(&Limit::default(), None, *permission, true);
        }
        let reads = Limit { role: Some(Role::Reader), accounts: None };
        check(&reads, None, Permission::AccountRead, true);
        check(&reads, Some(&here), Permission::JobWrite, false);
        let local = Limit { role: None, accounts: Some([here.clone()].into()) };
        check(&local, Some(&here), Permission::KeyRead, true);
        check(&local, Some(&there), Permission::AccountRead, false);
        check(&local, None, Permission::AccountRead, false);
        let both = Limit { role: Some(Role::BatchJobSubmitter), ..local };
        check(&both, Some(&here), Permission::JobWrite, true);
        check(&both, Some(&here), Permission::PoolWrite, false);
        let nowhere = Limit { role: None, accounts: Some([].into()) };
        check(&nowhere, Some(&here), Permission::AccountRead, false);
    }

    #[test]
    fn a_reader_changes_nothing() {
        for permission in Permission::ALL {
            let reads = matches!(permission, Permission::AccountRead | Permission::PoolRead | Permission::JobRead);
            assert_eq!(allows(Role::Reader, *permission), reads, "{permission:?}");
        }
    }
}
