//! References of pools and tasks to application packages: whether they can be, and what a node is told of them.

use std::collections::HashMap;

use super::storage::account::blob_url;
use super::{Context, Result};
use crate::api::agent::Package;
use crate::api::{self, ApplicationPackageReference, Code, Duration};
use crate::domain::application::{id_of_reference, is_reference_of, package_directory};
use crate::domain::ids::AccountName;
use crate::store::application_package::{Found, Wanted, look_up};
use crate::store::storage::StorageRow;
use crate::store::{self, Conn};

/// How long a node can read a package. Chosen here: as long as a sent task may wait on its node.
const LIFE: Duration = Duration::from_days(7);

/// Puts the references of a pool into the form that is kept, the application's own id; refuses what cannot be deployed.
///
/// # Errors
/// `InvalidApplicationPackageReferences`.
pub(super) async fn check(
    conn: &mut Conn,
    account: &AccountName,
    account_key: i64,
    references: Option<&mut Vec<ApplicationPackageReference>>,
) -> Result<()> {
    let Some(references) = references.filter(|references| !references.is_empty()) else { return Ok(()) };
    let found = look_up(conn, &wanted(account_key, references)).await?;
    for (reference, found) in references.iter_mut().zip(found) {
        let is_own = is_reference_of(account.as_str(), &reference.application_id);
        if let Some(reason) = refusal(is_own, &found) {
            let version = found.version.or(reference.version.clone()).unwrap_or_default();
            let error = api::Error::new(Code::InvalidApplicationPackageReferences);
            let error = error.with("ApplicationId", &*reference.application_id).with("Version", version);
            return Err(error.with("Reason", reason).into());
        }
        reference.application_id = id_of_reference(&reference.application_id).to_owned();
    }
    Ok(())
}

fn refusal(is_own: bool, found: &Found) -> Option<&'static str> {
    match (is_own, &found.application, &found.version, &found.place) {
        (false, ..) => Some("the id is that of another account's application"),
        (_, None, ..) => Some("the account has no such application"),
        (_, _, None, _) => Some("the reference has no version, and the application no default version"),
        (_, _, _, None) => Some("the application has no active package of this version"),
        (.., Some(_)) => None,
    }
}

fn wanted(account_key: i64, references: &[ApplicationPackageReference]) -> Vec<Wanted> {
    let one = |reference: &ApplicationPackageReference| Wanted {
        account_key,
        application: id_of_reference(&reference.application_id).to_owned(),
        version: reference.version.clone().filter(|version| !version.is_empty()),
    };
    references.iter().map(one).collect()
}

/// What nodes are told for each of these lists of references. One that cannot be deployed says why: the node reports it.
pub async fn resolve(
    cx: &Context,
    conn: &mut Conn,
    (account, account_key): (&AccountName, i64),
    lists: &[&[ApplicationPackageReference]],
) -> store::Result<Vec<Vec<Package>>> {
    let all: Vec<ApplicationPackageReference> = lists.iter().flat_map(|list| list.iter().cloned()).collect();
    if all.is_empty() {
        return Ok(vec![Vec::new(); lists.len()]);
    }
    let found = look_up(conn, &wanted(account_key, &all)).await?;
    let mut storages: HashMap<String, Option<StorageRow>> = HashMap::new();
    let mut packages = Vec::with_capacity(all.len());
    for (reference, found) in all.iter().zip(found) {
        if let Some((name, ..)) = &found.place
            && !storages.contains_key(name)
        {
            storages.insert(name.clone(), store::storage::find(conn, name).await?);
        }
        let is_own = is_reference_of(account.as_str(), &reference.application_id);
        let storage = found.place.as_ref().and_then(|(name, ..)| storages.get(name)?.as_ref());
        packages.push(package(cx, reference, is_own, found.clone(), storage));
    }
    let mut packages = packages.into_iter();
    Ok(lists.iter().map(|list| packages.by_ref().take(list.len()).collect()).collect())
}

fn package(
    cx: &Context,
    reference: &ApplicationPackageReference,
    is_own: bool,
    found: Found,
    storage: Option<&StorageRow>,
) -> Package {
    let asked = id_of_reference(&reference.application_id).to_owned();
    let is_default = reference.version.as_ref().is_none_or(String::is_empty);
    let problem = refusal(is_own, &found).map(str::to_owned);
    let version = found.version.unwrap_or_default();
    let place = found.place.zip(storage).filter(|_| problem.is_none());
    let Some((((_, container, blob), storage), application)) = place.zip(found.application) else {
        let problem = problem.or_else(|| Some("its storage account is not there any more".to_owned()));
        return Package { application: asked, version, is_default, problem, ..Package::default() };
    };
    Package {
        directory: package_directory(&application, &version, &blob),
        url: blob_url(cx, storage, &container, &blob, "r", LIFE).url,
        application: asked,
        version,
        is_default,
        problem: None,
    }
}
