//! Who calls: by a key of the storage account, or by a shared access signature in the URL.

use std::net::IpAddr;

use axum::http::request::Parts;

use super::Result;
use super::call::Names;
use crate::api::{Secret, StorageCode, StorageError};
use crate::auth::shared_key::Signed;
use crate::auth::storage::{self as signatures, sas};
use crate::domain::storage_access::Access;
use crate::service::Context;
use crate::service::storage::{StorageCaller, account};

pub async fn authenticate(cx: &Context, parts: &Parts, names: &Names, from: Option<IpAddr>) -> Result<StorageCaller> {
    let query = parts.uri.query().unwrap_or_default();
    match parts.headers.get("authorization").map(|value| value.to_str().unwrap_or_default()) {
        Some(header) => by_key(cx, parts, names, header).await,
        None => by_signature(cx, query, names, from).await,
    }
}

async fn by_key(cx: &Context, parts: &Parts, names: &Names, header: &str) -> Result<StorageCaller> {
    let failed = |reason: &str| StorageError::new(StorageCode::AuthenticationFailed, reason);
    let credentials = header.strip_prefix("SharedKey ").and_then(|rest| rest.trim().split_once(':'));
    let Some((name, signature)) = credentials else {
        return Err(failed("The Authorization header is SharedKey, an account, a colon and a signature."));
    };
    if !signatures::has_fresh_date(&parts.headers, cx.clock.now()) {
        return Err(failed("The request's date (x-ms-date or Date) is missing, or more than 15 minutes off."));
    }
    let signed = Signed {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
    };
    let text = signatures::string_to_sign(&signed, name);
    // An unknown account takes as long to refuse as a wrong signature.
    let nobody = Secret(String::from("bm9ib2R5"));
    let found = account::signing_storage(cx, name).await?.filter(|found| found.name == names.account);
    let keys = found.as_ref().map_or([&nobody, &nobody], |found| [&found.primary, &found.secondary]);
    match (signatures::is_signed(&text, signature, &keys), found) {
        (true, Some(storage)) => Ok(StorageCaller { storage, access: Access::Everything }),
        _ => Err(failed(&format!(
            "The MAC signature is not the same as any computed signature. Server used following string to sign: '{text}'."
        ))),
    }
}

/// What a URL's own signature opens.
pub async fn by_signature(cx: &Context, query: &str, names: &Names, from: Option<IpAddr>) -> Result<StorageCaller> {
    if !sas::is_in(query) {
        return Err(StorageError::new(StorageCode::AuthenticationFailed, "The request has no signature."));
    }
    let nobody = Secret(String::from("bm9ib2R5"));
    let found = account::signing_storage(cx, &names.account).await?;
    let keys = found.as_ref().map_or([&nobody, &nobody], |found| [&found.primary, &found.secondary]);
    let around = sas::Around {
        account: &names.account,
        container: &names.container,
        blob: &names.blob,
        keys,
        now: cx.clock.now(),
        from,
        is_https: cx.installation.base_url.starts_with("https://"),
    };
    let access = sas::verify(query, &around)?;
    match found {
        Some(storage) => Ok(StorageCaller { storage, access }),
        None => Err(StorageCode::AuthenticationFailed.into()),
    }
}
