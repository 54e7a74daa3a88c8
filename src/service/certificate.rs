//! Certificates of an account: stored, given back without what is private, and named by pools.

use super::account::find as find_account;
use super::{Caller, Context, Result};
use crate::api::{self, CertificateState, Code, Timestamp};
use crate::domain::ids::AccountName;
use crate::domain::odata::{Slice, Stretch};
use crate::domain::permission::Permission;
use crate::domain::{certificate, check};
use crate::store::certificate::CertificateRow;
use crate::store::filter::{CERTIFICATE_COLUMNS, Table, rows};
use crate::store::{self, Conn};

const CERTIFICATES: Table = Table {
    select: store::certificate::concat_columns!("SELECT ", " FROM certificates WHERE account_key"),
    select_id: "SELECT id FROM certificates WHERE account_key",
    columns: CERTIFICATE_COLUMNS,
};

/// Adds a certificate; the thumbprint under which it is kept.
///
/// # Errors
/// `CertificateExists`, `CertificateBeingDeleted`, and what is wrong with a property.
pub async fn certificate_add(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    create: api::CertificateCreate,
) -> Result<String> {
    caller.may(Some(account), Permission::PoolWrite)?;
    check::certificate_create(&create)?;
    let (account, now) = (account.clone(), cx.clock.now());
    let thumbprint = check::thumbprint_digits(&create.thumbprint);
    cx.store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let owner = find_account(conn, &account).await?;
                match store::certificate::find(conn, owner.key, &thumbprint).await?.map(|row| row.state) {
                    Some(CertificateState::Deleting) => return Err(Code::CertificateBeingDeleted.into()),
                    Some(_) => return Err(Code::CertificateExists.into()),
                    None => {}
                }
                store::certificate::insert(conn, owner.key, &thumbprint, &create, now).await?;
                Ok(thumbprint)
            })
        })
        .await
}

/// Replaces the content of a certificate, which is active then. Chosen here: that counts as a change of state, so that the ETag moves.
///
/// # Errors
/// `CertificateNotFound`, `CertificateBeingDeleted`, `ConditionNotMet`, and what is wrong with a property.
pub async fn certificate_update(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    content: api::CertificateCreate,
) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)?;
    check::certificate_create(&content)?;
    let (account, only_if, now) = (account.clone(), caller.only_if.clone(), cx.clock.now());
    let thumbprint = check::thumbprint_digits(&content.thumbprint);
    cx.store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &account, &thumbprint).await?;
                if row.state == CertificateState::Deleting {
                    return Err(Code::CertificateBeingDeleted.into());
                }
                if !only_if.holds(&etag(row.since), row.since) {
                    return Err(Code::ConditionNotMet.into());
                }
                let later = now.max(row.since.plus(api::Duration(1)));
                enter(&mut row, CertificateState::Active, later);
                row.delete_error = None;
                store::certificate::save(conn, &row).await?;
                Ok(store::certificate::replace(conn, row.key, &content).await?)
            })
        })
        .await
}

/// A certificate is another one with each change of its state.
pub fn etag(since: Timestamp) -> String {
    format!("0x{:X}", since.micros())
}

pub async fn certificate_slice(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    slice: &Slice,
) -> Result<Stretch<api::Certificate>> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let owner = find_account(&mut conn, account).await?;
    let found = rows(&mut conn, &CERTIFICATES, owner.key, slice).await?;
    let found = found.map(|rows| store::certificate::readable(&rows));
    Ok(found.map(|rows| rows.into_iter().map(|row| to_api(cx, account, row)).collect()))
}

pub async fn certificate_get(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    thumbprint: &str,
) -> Result<api::Certificate> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    Ok(to_api(cx, account, find(&mut conn, account, thumbprint).await?))
}

/// Deletes the certificate, unless pools name it: then it stays and says which.
///
/// # Errors
/// `CertificateNotFound`.
pub async fn certificate_delete(cx: &Context, caller: &Caller, account: &AccountName, thumbprint: &str) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)?;
    let (account, thumbprint, now) = (account.clone(), thumbprint.to_owned(), cx.clock.now());
    cx.store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &account, &thumbprint).await?;
                let most = certificate::MOST_USERS_NAMED as i64;
                let pools = store::certificate::users(conn, row.account_key, &row.thumbprint, most).await?;
                match certificate::delete_error(&pools) {
                    None => store::certificate::delete(conn, row.key).await?,
                    Some(error) => {
                        enter(&mut row, CertificateState::Deleting, now);
                        enter(&mut row, CertificateState::DeleteFailed, now);
                        row.delete_error = Some(error);
                        store::certificate::save(conn, &row).await?;
                    }
                }
                Ok(())
            })
        })
        .await
}

/// Takes a deletion back that failed.
///
/// # Errors
/// `CertificateNotFound`, `CertificateStateActive`.
pub async fn certificate_cancel_deletion(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    thumbprint: &str,
) -> Result<()> {
    caller.may(Some(account), Permission::PoolWrite)?;
    let (account, thumbprint, now) = (account.clone(), thumbprint.to_owned(), cx.clock.now());
    cx.store
        .write::<_, super::Error, _>(move |conn| {
            Box::pin(async move {
                let mut row = find(conn, &account, &thumbprint).await?;
                if let Some(code) = certificate::cancel_refusal(row.state) {
                    return Err(code.into());
                }
                enter(&mut row, CertificateState::Active, now);
                row.delete_error = None;
                Ok(store::certificate::save(conn, &row).await?)
            })
        })
        .await
}

/// Puts the references of a pool into the form that is kept; refuses one to a certificate that the account does not have.
///
/// # Errors
/// `InvalidCertificateReferences`.
pub(super) async fn check_references(
    conn: &mut Conn,
    account_key: i64,
    references: Option<&mut Vec<api::CertificateReference>>,
) -> Result<()> {
    let Some(references) = references.filter(|references| !references.is_empty()) else { return Ok(()) };
    for reference in references.iter_mut() {
        reference.thumbprint = check::thumbprint_digits(&reference.thumbprint);
        reference.thumbprint_algorithm.make_ascii_lowercase();
    }
    let thumbprints: Vec<&str> = references.iter().map(|reference| reference.thumbprint.as_str()).collect();
    match store::certificate::first_missing(conn, account_key, &thumbprints).await? {
        Some(missing) => Err(api::Error::new(Code::InvalidCertificateReferences).with("Thumbprint", missing).into()),
        None => Ok(()),
    }
}

async fn find(conn: &mut Conn, account: &AccountName, thumbprint: &str) -> Result<CertificateRow> {
    let owner = find_account(conn, account).await?;
    store::certificate::find(conn, owner.key, thumbprint).await?.ok_or_else(|| Code::CertificateNotFound.into())
}

fn enter(row: &mut CertificateRow, state: CertificateState, now: Timestamp) {
    row.previous = Some((row.state, row.since));
    (row.state, row.since) = (state, now);
}

/// Where a certificate is found, below the account's URL.
pub fn path(thumbprint: &str) -> String {
    format!("/certificates(thumbprintAlgorithm=sha1,thumbprint={thumbprint})")
}

fn to_api(cx: &Context, account: &AccountName, row: CertificateRow) -> api::Certificate {
    api::Certificate {
        url: format!("{}{}", cx.installation.account_url(account), path(&row.thumbprint)),
        thumbprint: row.thumbprint,
        thumbprint_algorithm: row.algorithm,
        state: row.state,
        state_transition_time: row.since,
        previous_state: row.previous.map(|(state, _)| state),
        previous_state_transition_time: row.previous.map(|(_, since)| since),
        public_data: row.public_data,
        delete_certificate_error: row.delete_error,
    }
}
