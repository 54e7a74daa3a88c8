//! Accounts as ARM shows them and takes them. What Azure's accounts can be and ours cannot is refused by name: an identity
//! or an encryption that only seemed to be there would be worse than none.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::body::Shape;
use super::error::{Failure, Result};
use crate::api::{self, AuthenticationMode, PublicNetworkAccess};

/// The body of PUT and PATCH.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AccountBody {
    /// Needed by PUT.
    pub location: Option<String>,
    pub tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub properties: Properties,
    identity: Option<Identity>,
}

impl Shape for AccountBody {
    const READ_ONLY: &'static [&'static str] = &["id", "name", "type", "systemData"];
    const READ_ONLY_BELOW: &'static [&'static str] = &[
        "accountEndpoint",
        "nodeManagementEndpoint",
        "provisioningState",
        "privateEndpointConnections",
        "dedicatedCoreQuota",
        "lowPriorityCoreQuota",
        "dedicatedCoreQuotaPerVMFamily",
        "dedicatedCoreQuotaPerVMFamilyEnforced",
        "poolQuota",
        "activeJobAndJobScheduleQuota",
    ];
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Properties {
    auto_storage: Option<AutoStorage>,
    pool_allocation_mode: Option<String>,
    key_vault_reference: Option<Value>,
    public_network_access: Option<PublicNetworkAccess>,
    network_profile: Option<api::NetworkProfile>,
    encryption: Option<Encryption>,
    allowed_authentication_modes: Option<Vec<AuthenticationMode>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AutoStorage {
    storage_account_id: String,
    authentication_mode: Option<String>,
    node_identity_reference: Option<Value>,
    /// Read only; comes back from clients that send what they read.
    #[serde(rename = "lastKeySync")]
    _last_key_sync: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(rename = "type")]
    kind: String,
    user_assigned_identities: Option<BTreeMap<String, Value>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Encryption {
    key_source: Option<String>,
    key_vault_properties: Option<Value>,
}

impl AccountBody {
    pub fn to_create(&self, name: &str, subscription: &str, group: &str) -> Result<api::AccountCreate> {
        self.check()?;
        let missing = || api::Error::new(api::Code::MissingRequiredProperty).with("PropertyName", "location");
        Ok(api::AccountCreate {
            name: name.to_owned(),
            subscription_id: Some(subscription.to_owned()),
            resource_group: Some(group.to_owned()),
            location: self.location.clone().ok_or_else(missing)?,
            public_network_access: self.properties.public_network_access,
            network_profile: self.properties.network_profile.clone(),
            storage_account_id: self.storage_account_id(),
            tags: self.tags.clone().unwrap_or_default(),
            allowed_authentication_modes: self.properties.allowed_authentication_modes.clone().unwrap_or_default(),
        })
    }

    pub fn to_patch(&self, account: &api::Account) -> Result<api::AccountPatch> {
        self.check()?;
        if let Some(location) = &self.location
            && !location.eq_ignore_ascii_case(&account.location)
        {
            return Err(Failure::property("location", "An account does not move: delete it and make another."));
        }
        Ok(api::AccountPatch {
            tags: self.tags.clone(),
            public_network_access: self.properties.public_network_access,
            network_profile: self.network_profile(account),
            storage_account_id: self.storage_account_id(),
            allowed_authentication_modes: self.properties.allowed_authentication_modes.clone(),
        })
    }

    /// The first property that the account has otherwise. PUT makes accounts and changes none.
    pub fn difference(&self, account: &api::Account) -> Option<&'static str> {
        let properties = &self.properties;
        let differs = |given: bool, same: bool| given && !same;
        let storage = account.auto_storage.as_ref().map(|storage| storage.storage_account_id.clone());
        let modes = properties.allowed_authentication_modes.as_ref();
        [
            ("location", self.location.as_ref().is_some_and(|l| !l.eq_ignore_ascii_case(&account.location))),
            ("tags", self.tags.as_ref().is_some_and(|tags| *tags != account.tags)),
            (
                "properties.publicNetworkAccess",
                properties.public_network_access.is_some_and(|access| access != account.public_network_access),
            ),
            (
                "properties.networkProfile",
                self.network_profile(account)
                    .is_some_and(|profile| network(&profile) != network(&account.network_profile)),
            ),
            (
                "properties.autoStorage.storageAccountId",
                differs(properties.auto_storage.is_some(), self.storage_account_id() == storage),
            ),
            (
                "properties.allowedAuthenticationModes",
                modes.is_some_and(|modes| !modes.is_empty() && *modes != account.allowed_authentication_modes),
            ),
        ]
        .into_iter()
        .find_map(|(name, differs)| differs.then_some(name))
    }

    /// An endpoint that the body does not name stays as it is.
    fn network_profile(&self, account: &api::Account) -> Option<api::NetworkProfile> {
        let (given, there) = (self.properties.network_profile.clone()?, account.network_profile.clone());
        Some(api::NetworkProfile {
            account_access: given.account_access.or(there.account_access),
            node_management_access: given.node_management_access.or(there.node_management_access),
        })
    }

    fn storage_account_id(&self) -> Option<String> {
        self.properties.auto_storage.as_ref().map(|storage| storage.storage_account_id.clone())
    }

    /// Refuses what accounts are not here.
    fn check(&self) -> Result<()> {
        let is_none = |identity: &Identity| {
            identity.kind.eq_ignore_ascii_case("None")
                && identity.user_assigned_identities.as_ref().is_none_or(BTreeMap::is_empty)
        };
        let p = &self.properties;
        let wrong = |given: bool, path, reason| if given { Err(Failure::property(path, reason)) } else { Ok(()) };
        wrong(
            self.identity.as_ref().is_some_and(|identity| !is_none(identity)),
            "identity",
            "Accounts have no managed identities here; the type can be None only.",
        )?;
        wrong(
            p.pool_allocation_mode.as_ref().is_some_and(|mode| !mode.eq_ignore_ascii_case("BatchService")),
            "properties.poolAllocationMode",
            "Nodes are always the service's own here: BatchService.",
        )?;
        wrong(p.key_vault_reference.is_some(), "properties.keyVaultReference", "There is no key vault here.")?;
        p.encryption.as_ref().map_or(Ok(()), Encryption::check)?;
        p.auto_storage.as_ref().map_or(Ok(()), AutoStorage::check)
    }
}

impl Encryption {
    fn check(&self) -> Result<()> {
        let is_ours = self.key_source.as_deref().is_none_or(|source| source.eq_ignore_ascii_case("Microsoft.Batch"));
        if is_ours && self.key_vault_properties.is_none() {
            return Ok(());
        }
        Err(Failure::property("properties.encryption", "Keys of a vault are not used here: Microsoft.Batch only."))
    }
}

impl AutoStorage {
    fn check(&self) -> Result<()> {
        let by_keys = self.authentication_mode.as_deref().is_none_or(|mode| mode.eq_ignore_ascii_case("StorageKeys"));
        if by_keys && self.node_identity_reference.is_none() {
            return Ok(());
        }
        let reason = "There are no managed identities here: StorageKeys only.";
        Err(Failure::property("properties.autoStorage.authenticationMode", reason))
    }
}

pub fn id(account: &api::Account) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Batch/batchAccounts/{}",
        account.subscription_id, account.resource_group, account.name
    )
}

/// Both endpoints are always said, as Azure does: who reads them need not know the default.
fn network(profile: &api::NetworkProfile) -> Value {
    let open = api::EndpointAccess { default_action: api::NetworkAction::Allow, ip_rules: Vec::new() };
    let access = |access: &Option<api::EndpointAccess>| access.clone().unwrap_or_else(|| open.clone());
    json!({
        "accountAccess": access(&profile.account_access),
        "nodeManagementAccess": access(&profile.node_management_access),
    })
}

/// The account as GET returns it.
pub fn to_arm(account: &api::Account) -> Value {
    let mut value = json!({
        "id": id(account),
        "name": account.name,
        "type": "Microsoft.Batch/batchAccounts",
        "location": account.location,
        "tags": account.tags,
        "identity": { "type": "None" },
        "properties": {
            "accountEndpoint": account.account_endpoint,
            // Agents come by the same door.
            "nodeManagementEndpoint": account.account_endpoint,
            "provisioningState": account.provisioning_state,
            "poolAllocationMode": account.pool_allocation_mode,
            "publicNetworkAccess": account.public_network_access,
            "networkProfile": network(&account.network_profile),
            "privateEndpointConnections": [],
            "encryption": { "keySource": "Microsoft.Batch" },
            "dedicatedCoreQuota": account.quotas.dedicated_core_quota,
            "lowPriorityCoreQuota": account.quotas.low_priority_core_quota,
            "dedicatedCoreQuotaPerVMFamily": [],
            "dedicatedCoreQuotaPerVMFamilyEnforced": false,
            "poolQuota": account.quotas.pool_quota,
            "activeJobAndJobScheduleQuota": account.quotas.active_job_and_job_schedule_quota,
            "allowedAuthenticationModes": account.allowed_authentication_modes,
        },
    });
    if let Some(storage) = &account.auto_storage {
        value["properties"]["autoStorage"] = json!({
            "storageAccountId": storage.storage_account_id,
            "authenticationMode": "StorageKeys",
            "lastKeySync": storage.last_key_sync,
        });
    }
    value
}
