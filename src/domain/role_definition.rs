//! Roles as Azure's role definitions: their fixed ids and names, and what they allow in Azure's words. What a role allows is
//! `permission`'s and nothing is decided here.

use super::permission::{Permission, allows};
use crate::api::Role;

/// A role that can be assigned, as programs know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleDefinition {
    pub role: Role,
    /// Azure's GUID of the built-in role. Source: Azure built-in roles.
    pub id: &'static str,
    /// Azure's name of it.
    pub name: &'static str,
    pub description: &'static str,
}

/// In the order of Azure's own list: those for everything first.
pub const ALL: &[RoleDefinition] = &[
    RoleDefinition {
        role: Role::Owner,
        id: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        name: "Owner",
        description: "Everything, and who may do what.",
    },
    RoleDefinition {
        role: Role::Contributor,
        id: "b24988ac-6180-42a0-ab88-20f7382dd24c",
        name: "Contributor",
        description: "Everything but who may do what.",
    },
    RoleDefinition {
        role: Role::Reader,
        id: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        name: "Reader",
        description: "Looks at everything but keys, and changes nothing.",
    },
    RoleDefinition {
        role: Role::BatchAccountContributor,
        id: "29fe4964-1e60-436b-bd3a-77fd4c178b3c",
        name: "Azure Batch Account Contributor",
        description: "Accounts with their keys, pools and jobs.",
    },
    RoleDefinition {
        role: Role::BatchAccountReader,
        id: "11076f67-66f6-4be0-8f6b-f0609fd05cc9",
        name: "Azure Batch Account Reader",
        description: "Looks at accounts, pools and jobs.",
    },
    RoleDefinition {
        role: Role::BatchDataContributor,
        id: "6aaa78f1-f7de-44ca-8722-c64a23943cae",
        name: "Azure Batch Data Contributor",
        description: "Pools and jobs, but neither accounts nor keys.",
    },
    RoleDefinition {
        role: Role::BatchJobSubmitter,
        id: "48e5e92e-a480-4e71-aa9c-2778f4c13781",
        name: "Azure Batch Job Submitter",
        description: "Jobs and tasks.",
    },
];

/// Absent for the role that allows nothing, which nobody assigns.
pub fn of(role: Role) -> Option<&'static RoleDefinition> {
    ALL.iter().find(|definition| definition.role == role)
}

/// The definition that an id ends with: `/subscriptions/{id}/providers/Microsoft.Authorization/roleDefinitions/{guid}`, also without
/// a subscription, or the GUID alone.
pub fn of_id(id: &str) -> Option<&'static RoleDefinition> {
    let (before, guid) = id.trim_end_matches('/').rsplit_once('/').unwrap_or(("", id));
    let before = before.to_ascii_lowercase();
    let is_of_a_role = before.is_empty() || before.ends_with("/providers/microsoft.authorization/roledefinitions");
    ALL.iter().find(|definition| is_of_a_role && definition.id.eq_ignore_ascii_case(guid))
}

impl RoleDefinition {
    /// What it allows on resources, as Azure's operations are named.
    pub fn actions(&self) -> Vec<&'static str> {
        self.named(|permission| match permission {
            Permission::AccountRead => {
                &["Microsoft.Batch/batchAccounts/read", "Microsoft.Resources/subscriptions/resourceGroups/read"]
            }
            Permission::AccountWrite => {
                &["Microsoft.Batch/batchAccounts/write", "Microsoft.Batch/batchAccounts/syncAutoStorageKeys/action"]
            }
            Permission::AccountDelete => &["Microsoft.Batch/batchAccounts/delete"],
            Permission::KeyRead => &["Microsoft.Batch/batchAccounts/listKeys/action"],
            Permission::KeyWrite => &["Microsoft.Batch/batchAccounts/regenerateKeys/action"],
            Permission::PoolRead => &[
                "Microsoft.Batch/batchAccounts/pools/read",
                "Microsoft.Batch/batchAccounts/applications/read",
                "Microsoft.Batch/batchAccounts/applications/versions/read",
                "Microsoft.Batch/batchAccounts/certificates/read",
            ],
            Permission::PoolWrite => &[
                "Microsoft.Batch/batchAccounts/pools/write",
                "Microsoft.Batch/batchAccounts/pools/delete",
                "Microsoft.Batch/batchAccounts/pools/stopResize/action",
                "Microsoft.Batch/batchAccounts/pools/disableAutoscale/action",
                "Microsoft.Batch/batchAccounts/applications/write",
                "Microsoft.Batch/batchAccounts/applications/delete",
                "Microsoft.Batch/batchAccounts/applications/versions/write",
                "Microsoft.Batch/batchAccounts/applications/versions/delete",
                "Microsoft.Batch/batchAccounts/applications/versions/activate/action",
                "Microsoft.Batch/batchAccounts/certificates/write",
                "Microsoft.Batch/batchAccounts/certificates/delete",
                "Microsoft.Batch/batchAccounts/certificates/cancelDelete/action",
            ],
            Permission::UserWrite => {
                &["Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete"]
            }
            Permission::QuotaWrite
            | Permission::StorageLink
            | Permission::JobRead
            | Permission::JobWrite
            | Permission::StorageRead
            | Permission::StorageWrite => &[],
        })
    }

    /// And on what is in them.
    pub fn data_actions(&self) -> Vec<&'static str> {
        self.named(|permission| match permission {
            Permission::JobRead => {
                &["Microsoft.Batch/batchAccounts/jobs/read", "Microsoft.Batch/batchAccounts/jobSchedules/read"]
            }
            Permission::JobWrite => &[
                "Microsoft.Batch/batchAccounts/jobs/write",
                "Microsoft.Batch/batchAccounts/jobs/delete",
                "Microsoft.Batch/batchAccounts/jobSchedules/write",
                "Microsoft.Batch/batchAccounts/jobSchedules/delete",
            ],
            _ => &[],
        })
    }

    fn named(&self, names: impl Fn(Permission) -> &'static [&'static str]) -> Vec<&'static str> {
        let allowed = Permission::ALL.iter().filter(|permission| allows(self.role, **permission));
        allowed.flat_map(|permission| names(*permission).iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_but_none_has_a_definition() {
        for role in Role::ALL {
            assert_eq!(of(*role).is_none(), *role == Role::NoRole, "{role}");
        }
    }

    #[test]
    fn ids_are_read_in_all_forms_and_nothing_else_is() {
        let reader = of(Role::Reader).unwrap();
        let check = |text: &str, found: bool| assert_eq!(of_id(text), found.then_some(reader), "{text}");
        check("acdd72a7-3385-48ef-bd42-f606fba81ae7", true);
        check("/providers/Microsoft.Authorization/roleDefinitions/ACDD72A7-3385-48EF-BD42-F606FBA81AE7", true);
        check(
            "/subscriptions/s/providers/microsoft.authorization/roledefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
            true,
        );
        check("/subscriptions/acdd72a7-3385-48ef-bd42-f606fba81ae7", false);
        check("Reader", false);
        check("", false);
    }

    #[test]
    fn what_is_said_to_be_allowed_is_what_is_allowed() {
        let submitter = of(Role::BatchJobSubmitter).unwrap();
        assert!(!submitter.actions().iter().any(|action| action.contains("pools/write") || action.contains("Keys")));
        assert!(submitter.data_actions().contains(&"Microsoft.Batch/batchAccounts/jobs/write"));
        assert!(of(Role::Reader).unwrap().actions().iter().all(|action| action.ends_with("/read")));
    }
}
