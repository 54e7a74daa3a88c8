//! Shared access signatures: a URL's parameters that say what it opens, for how long and for whom, signed with a key.
//! Source: create a service SAS, create an account SAS, Azure Storage. Signatures of versions before 2015-04-05, of stored
//! access policies and of users are refused.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{is_signed, pairs, signature};
use crate::api::{Secret, StorageCode, StorageError, Timestamp};
use crate::domain::storage_access::Access;

/// From this version on, the text has a line for the encryption scope.
const WITH_SCOPE: &str = "2020-12-06";
/// From this one on, a service SAS says its resource and a snapshot.
const WITH_RESOURCE: &str = "2018-11-09";
const OLDEST: &str = "2015-04-05";

/// What a signature is checked against.
pub struct Around<'a> {
    pub account: &'a str,
    /// Of the URL; empty for none.
    pub container: &'a str,
    pub blob: &'a str,
    pub keys: [&'a Secret; 2],
    pub now: Timestamp,
    pub from: Option<IpAddr>,
    pub is_https: bool,
}

/// A query with `sig` is meant to be opened by it.
pub fn is_in(query: &str) -> bool {
    pairs(query).any(|(name, _)| name == "sig")
}

/// What the signature in the query opens.
///
/// # Errors
/// When it is none, not of one of the keys, not for this time, address or protocol.
pub fn verify(query: &str, around: &Around<'_>) -> Result<Access, StorageError> {
    let params: BTreeMap<String, String> = pairs(query).collect();
    let get = |name: &str| params.get(name).map_or("", String::as_str);
    let failed = |reason: &str| StorageError::new(StorageCode::AuthenticationFailed, reason);
    let version = get("sv");
    let is_date = version.len() == 10 && version.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if !is_date || version < OLDEST {
        return Err(failed("The signed version (sv) is missing or older than 2015-04-05."));
    }
    if !get("si").is_empty() {
        return Err(failed("Stored access policies (si) are not there."));
    }
    if !get("skoid").is_empty() {
        return Err(failed("Signatures of users (skoid) are not there."));
    }
    let (text, access) = match get("ss") {
        "" => service(&params, version, around)?,
        services => {
            if !services.contains('b') {
                return Err(StorageCode::AuthorizationServiceMismatch.into());
            }
            let access = Access::Account { permissions: get("sp").to_owned(), types: get("srt").to_owned() };
            (account_text(&params, version, around.account), access)
        }
    };
    if !is_signed(&text, get("sig"), &around.keys) {
        return Err(failed(&format!("Signature did not match. String to sign used was {text}")));
    }
    let time = |name: &str| match get(name) {
        "" => Ok(None),
        text => text.parse::<Timestamp>().map(Some).map_err(|_| failed("A time (st, se) cannot be read.")),
    };
    if time("st")?.is_some_and(|start| around.now < start) {
        return Err(failed("The signature is not valid yet."));
    }
    match time("se")? {
        Some(end) if around.now < end => {}
        Some(_) => return Err(failed("The signature has expired.")),
        None => return Err(failed("The signature has no end (se).")),
    }
    if get("spr") == "https" && !around.is_https {
        return Err(StorageCode::AuthorizationProtocolMismatch.into());
    }
    if !get("sip").is_empty() && !around.from.is_some_and(|address| is_within(get("sip"), address)) {
        return Err(StorageCode::AuthorizationSourceIPMismatch.into());
    }
    Ok(access)
}

fn service(
    params: &BTreeMap<String, String>,
    version: &str,
    around: &Around<'_>,
) -> Result<(String, Access), StorageError> {
    let get = |name: &str| params.get(name).map_or("", String::as_str);
    let blob = match get("sr") {
        "c" => None,
        "b" => Some(around.blob.to_owned()),
        _ => return Err(StorageError::new(StorageCode::AuthenticationFailed, "The signed resource (sr) is b or c.")),
    };
    let resource = match &blob {
        Some(blob) => format!("/blob/{}/{}/{blob}", around.account, around.container),
        None => format!("/blob/{}/{}", around.account, around.container),
    };
    let mut lines = vec![get("sp"), get("st"), get("se"), &resource, get("si"), get("sip"), get("spr"), version];
    if version >= WITH_RESOURCE {
        lines.extend([get("sr"), ""]);
    }
    if version >= WITH_SCOPE {
        lines.push(get("ses"));
    }
    lines.extend([get("rscc"), get("rscd"), get("rsce"), get("rscl"), get("rsct")]);
    let access = Access::Service { permissions: get("sp").to_owned(), container: around.container.to_owned(), blob };
    Ok((lines.join("\n"), access))
}

fn account_text(params: &BTreeMap<String, String>, version: &str, account: &str) -> String {
    let get = |name: &str| params.get(name).map_or("", String::as_str);
    let mut lines =
        vec![account, get("sp"), get("ss"), get("srt"), get("st"), get("se"), get("sip"), get("spr"), version];
    if version >= WITH_SCOPE {
        lines.push(get("ses"));
    }
    lines.join("\n") + "\n"
}

/// `1.2.3.4`, or `1.2.3.4-1.2.3.9` with both ends.
fn is_within(range: &str, address: IpAddr) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let parse = |text: &str| text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    match (parse(first), parse(last), address.to_canonical()) {
        (Some(IpAddr::V4(first)), Some(IpAddr::V4(last)), IpAddr::V4(address)) => (first..=last).contains(&address),
        (Some(IpAddr::V6(first)), Some(IpAddr::V6(last)), IpAddr::V6(address)) => (first..=last).contains(&address),
        _ => false,
    }
}

/// Makes the parameters that open a container, or one blob of it.
pub fn make(
    account: &str,
    container: &str,
    blob: Option<&str>,
    permissions: &str,
    end: Timestamp,
    key: &Secret,
) -> String {
    const VERSION: &str = "2020-12-06";
    // Seconds: that is how all libraries write it.
    let end: String = end.to_string().chars().take("2026-01-01T00:00:00".len()).chain(['Z']).collect();
    let (kind, resource) = match blob {
        Some(blob) => ("b", format!("/blob/{account}/{container}/{blob}")),
        None => ("c", format!("/blob/{account}/{container}")),
    };
    let lines = [permissions, "", &end, &resource, "", "", "", VERSION, kind, "", "", "", "", "", "", ""];
    let signature = signature(key, &lines.join("\n"));
    let encode = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D").replace(':', "%3A");
    format!("sv={VERSION}&sr={kind}&sp={permissions}&se={}&sig={}", encode(&end), encode(&signature))
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;

    fn key() -> Secret {
        Secret(base64::engine::general_purpose::STANDARD.encode("key"))
    }

    fn check(query: &str, change: impl Fn(&mut Around<'_>)) -> Result<Access, StorageCode> {
        let key = key();
        let mut around = Around {
            account: "acc",
            container: "c",
            blob: "a/b",
            keys: [&key, &key],
            now: Timestamp::from_secs(1_000_000),
            from: Some("10.0.0.5".parse().unwrap()),
            is_https: false,
        };
        change(&mut around);
        verify(query, &around).map_err(|error| error.code)
    }

    #[test]
    fn what_was_made_opens_what_it_was_made_for() {
        let end = Timestamp::from_secs(1_000_100);
        let container = make("acc", "c", None, "rl", end, &key());
        assert!(matches!(check(&container, |_| ()), Ok(Access::Service { blob: None, .. })));
        let blob = make("acc", "c", Some("a/b"), "r", end, &key());
        assert!(matches!(check(&blob, |_| ()), Ok(Access::Service { blob: Some(name), .. }) if name == "a/b"));
        let failed = Err(StorageCode::AuthenticationFailed);
        assert_eq!(check(&blob, |around| around.blob = "other"), failed);
        assert_eq!(check(&container, |around| around.container = "d"), failed);
        assert_eq!(check(&container, |around| around.account = "bcc"), failed);
        assert_eq!(check(&container, |around| around.now = end), failed);
        assert_eq!(check(&container.replace("sp=rl", "sp=rwl"), |_| ()), failed);
        assert_eq!(check(&container.replace("1970", "2970"), |_| ()), failed);
        assert_eq!(check("sig=x", |_| ()), failed);
        assert_eq!(check("sv=2020-12-06&sr=c&sig=", |_| ()), failed);
    }

    #[test]
    fn addresses_lie_in_ranges() {
        for (range, address, expected) in [
            ("10.0.0.5", "10.0.0.5", true),
            ("10.0.0.1-10.0.0.9", "10.0.0.9", true),
            ("10.0.0.1-10.0.0.9", "10.0.0.10", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("x", "10.0.0.1", false),
        ] {
            assert_eq!(is_within(range, address.parse().unwrap()), expected, "{range} {address}");
        }
    }
}
