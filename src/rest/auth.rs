//! Finds out who calls, before anything else of the request is looked at and before its body is read.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use axum::middleware::Next;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::{Failure, Result};
use super::request_info::{RequestInfo, account_in_host};
use crate::api::{self, AuthenticationMode, Code, KeyName};
use crate::auth::shared_key::{self, Credentials, Signed};
use crate::domain::ids::AccountName;
use crate::service::key::KeysRow;
use crate::service::{Caller, Context, Recorded, Who, key, session};

/// Who calls, and the account that the request is about.
#[derive(Clone, Debug)]
pub struct Known {
    pub caller: Caller,
    pub account: AccountName,
}

pub async fn authenticate(State(cx): State<Context>, request: Request, next: Next) -> Result {
    let (mut parts, body) = request.into_parts();
    let info = parts.extensions.get::<RequestInfo>().cloned().expect("the outermost layer sets it");
    let recorded = parts.extensions.get::<Recorded>().cloned().expect("a layer outside this one sets it");
    if let Some(account) = claimed_account(&cx, &parts) {
        recorded.on_account(account);
    }
    let known = known(&cx, &info, &parts).await?;
    recorded.by(&known.caller);
    recorded.on_account(known.account.as_str());
    parts.extensions.insert(known);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn known(cx: &Context, info: &RequestInfo, request: &Parts) -> Result<Known> {
    let header = request.headers.get(AUTHORIZATION).ok_or_else(|| {
        let error = api::Error::new(Code::AuthenticationFailed);
        Failure::with_status(detail(error, "the request has no Authorization header"), StatusCode::UNAUTHORIZED)
    })?;
    let (scheme, rest) = header.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
    match scheme.to_ascii_lowercase().as_str() {
        "sharedkey" => by_shared_key(cx, info, request, rest).await,
        "bearer" => by_token(cx, info, request, rest.trim()).await,
        _ => {
            let error = api::Error::new(Code::InvalidAuthenticationInfo);
            Err(detail(error, "the Authorization header's scheme is neither SharedKey nor Bearer").into())
        }
    }
}

async fn by_shared_key(cx: &Context, info: &RequestInfo, request: &Parts, text: &str) -> Result<Known> {
    let credentials = Credentials::parse(text)
        .map_err(|error| detail(api::Error::new(Code::InvalidAuthenticationInfo), &error.to_string()))?;
    let signed = signed(request);
    let account = credentials.account.to_ascii_lowercase().parse::<AccountName>().ok();
    let keys = match &account {
        Some(account) => key::signing_keys(cx, account).await?,
        None => None,
    };
    // An unknown account takes as long to refuse as a wrong signature, and is told no more.
    let bytes = keys.as_deref().and_then(key_bytes);
    let [first, second] = bytes.as_ref().map_or([&[0; 64][..]; 2], |[first, second]| [first, second]);
    let fits = shared_key::verify(&signed, &credentials, &[first, second]).filter(|_| bytes.is_some());
    let (Some(account), Some(keys), Some(index)) = (account, keys, fits) else {
        return Err(refused(&signature_detail(&signed, &credentials)));
    };
    shared_key::check_date(&request.headers, cx.clock.now()).map_err(|error| refused(&error.to_string()))?;
    if host_account(cx, request).is_some_and(|name| !name.eq_ignore_ascii_case(account.as_str())) {
        return Err(refused("the signature is another account's than the host name's"));
    }
    key::check_mode(&keys, AuthenticationMode::SharedKey)?;
    key::check_open(&keys, info.from)?;
    key::key_used(cx, keys.account_key, if index == 0 { KeyName::Primary } else { KeyName::Secondary });
    Ok(Known { caller: caller(info, Who::SharedKey { account: account.clone() }), account })
}

/// A personal access token. It belongs to a user, not to an account: the host name says which account is meant.
async fn by_token(cx: &Context, info: &RequestInfo, request: &Parts, token: &str) -> Result<Known> {
    let from = session::From { address: info.from.unwrap_or(UNKNOWN_ADDRESS), request_id: info.request_id.clone() };
    let caller = session::of_token(cx, token, &from).await?.ok_or_else(|| refused("the token is not valid"))?;
    let account = host_account(cx, request).and_then(|name| name.to_ascii_lowercase().parse::<AccountName>().ok());
    let account = account.ok_or_else(|| {
        let how = format!("name the account in the host name, such as http://{{account}}.{}", cx.installation.host());
        detail(api::Error::new(Code::InvalidAuthenticationInfo), &how)
    })?;
    let keys = key::signing_keys(cx, &account).await?.ok_or(Failure::from(Code::AccountNotFound))?;
    key::check_mode(&keys, AuthenticationMode::Aad)?;
    key::check_open(&keys, info.from)?;
    Ok(Known { caller, account })
}

/// The account that a caller means who has proved nothing yet: of the signature, or of the host name.
fn claimed_account<'r>(cx: &Context, request: &'r Parts) -> Option<&'r str> {
    let header = request.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let signed =
        header.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("sharedkey"));
    signed
        .and_then(|(_, rest)| rest.split_once(':'))
        .map(|(account, _)| account.trim())
        .or_else(|| host_account(cx, request))
}

const UNKNOWN_ADDRESS: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

fn caller(info: &RequestInfo, who: Who) -> Caller {
    Caller { who, from: info.from, request_id: info.request_id.clone(), only_if: Default::default() }
}

fn signed(request: &Parts) -> Signed<'_> {
    Signed {
        method: request.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        headers: &request.headers,
    }
}

fn host_account<'r>(cx: &Context, request: &'r Parts) -> Option<&'r str> {
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok())?;
    account_in_host(&cx.installation.base_url, host)
}

/// Both keys; nothing when one of them is none, for then a signature proves nothing.
fn key_bytes(keys: &KeysRow) -> Option<[Vec<u8>; 2]> {
    let bytes = |text: &str| STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 64);
    Some([bytes(&keys.primary.0)?, bytes(&keys.secondary.0)?])
}

/// What the server would have signed: the caller compares it with its own.
fn signature_detail(signed: &Signed<'_>, credentials: &Credentials) -> String {
    let text = shared_key::candidates(signed, &credentials.account).next().unwrap_or_default();
    format!("The signature is not that of the account's keys for this text: '{text}'")
}

fn refused(reason: &str) -> Failure {
    detail(api::Error::new(Code::AuthenticationFailed), reason).into()
}

fn detail(error: api::Error, reason: &str) -> api::Error {
    error.with("AuthenticationErrorDetail", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(primary: &api::Secret, secondary: &api::Secret) -> KeysRow {
        KeysRow {
            authentication_modes: Vec::new(),
            account_key: 1,
            state: api::ProvisioningState::Succeeded,
            public_network_access: api::PublicNetworkAccess::Enabled,
            network_profile: api::NetworkProfile::default(),
            primary: primary.clone(),
            secondary: secondary.clone(),
            primary_last_used: None,
            secondary_last_used: None,
        }
    }

    #[test]
    fn a_key_that_is_none_signs_nothing() {
        let key = |text: &str| api::Secret(text.to_owned());
        let good = key(&STANDARD.encode([7; 64]));
        assert_eq!(key_bytes(&keys(&good, &good)), Some([vec![7; 64], vec![7; 64]]));
        assert_eq!(key_bytes(&keys(&good, &key(""))), None);
        assert_eq!(key_bytes(&keys(&key("***"), &good)), None);
    }
}
