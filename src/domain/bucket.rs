//! Rules of storage accounts that are buckets of Azure or S3: what may be linked, which names fit, how large parts are.

use super::storage::check_blob_name;
use crate::api::{Bucket, BucketAccess, BucketKind, Error, Secret};

const MIB: u64 = 1 << 20;

/// What goes up in one request, and the smallest part of what does not. Source: multipart upload limits, S3: 5 MiB at least.
pub const SMALLEST_PART: u64 = 8 * MIB;
/// Parts are in memory while they are sent.
pub const LARGEST_PART: u64 = 64 * MIB;
/// Source: multipart upload limits, S3: 10,000 parts. Azure takes 50,000 blocks.
const MOST_PARTS: u64 = 10_000;

/// In which parts a blob of this length goes up; `None` when it is too long.
pub fn part_bytes(length: u64) -> Option<u64> {
    let even = length.div_ceil(MOST_PARTS).next_multiple_of(MIB).max(SMALLEST_PART);
    (even <= LARGEST_PART).then_some(even)
}

/// Blobs in buckets have names that are paths: what most services and programs make of any other is something else.
///
/// # Errors
/// The rule that is broken.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    check_blob_name(name)?;
    if name.split('/').any(str::is_empty) {
        return Err("in linked storage no part of a blob's name is empty, so it neither begins nor ends with a slash");
    }
    Ok(())
}

/// Whether the text is a shared access signature, not a key of an account.
pub fn is_signature(secret: &Secret) -> bool {
    secret.0.contains("sig=")
}

/// # Errors
/// `InvalidPropertyValue`.
pub fn check(access: &BucketAccess) -> Result<(), Error> {
    let bucket = &access.bucket;
    check_bucket_name(bucket)?;
    if !bucket.prefix.is_empty() {
        check_name(&bucket.prefix).map_err(|_| {
            refuse("prefix", &bucket.prefix, "names of folders with single slashes between them, none at the ends")
        })?;
    }
    bucket.endpoint.as_deref().map_or(Ok(()), check_endpoint)?;
    if let Some(region) = &bucket.region {
        let is_region = !region.is_empty() && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        match bucket.kind {
            BucketKind::S3 if is_region => {}
            BucketKind::S3 => return Err(refuse("region", region, "letters, digits and hyphens, as us-east-1")),
            BucketKind::Azure => return Err(refuse("region", region, "Azure's storage accounts need none")),
        }
    }
    check_identity(bucket)?;
    check_secret(bucket.kind, &access.secret)
}

fn check_bucket_name(bucket: &Bucket) -> Result<(), Error> {
    let is_legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_' | b'$');
    if (3..=63).contains(&bucket.name.len()) && bucket.name.bytes().all(is_legal) && !bucket.name.starts_with('.') {
        return Ok(());
    }
    Err(refuse(
        "bucket",
        &bucket.name,
        "the name of the container or bucket: 3 to 63 lower-case letters, digits and hyphens",
    ))
}

/// Credentials in it would be read by whoever looks at the account, and a query has no meaning.
fn check_endpoint(endpoint: &str) -> Result<(), Error> {
    let rest = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
    let is_sound = rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', ':'])
            && rest.bytes().all(|b| b.is_ascii_graphic() && !b"@?#\\\"<>".contains(&b))
    });
    if is_sound {
        Ok(())
    } else {
        Err(refuse("endpoint", endpoint, "http:// or https://, a host, and a path if it has one"))
    }
}

fn check_identity(bucket: &Bucket) -> Result<(), Error> {
    let is_legal = match bucket.kind {
        BucketKind::Azure => |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit(),
        BucketKind::S3 => |b: u8| b.is_ascii_graphic() && b != b',' && b != b'/',
    };
    if (3..=128).contains(&bucket.identity.len()) && bucket.identity.bytes().all(is_legal) {
        return Ok(());
    }
    let reason = match bucket.kind {
        BucketKind::Azure => "the name of the storage account in Azure",
        BucketKind::S3 => "the access key id",
    };
    Err(refuse("identity", &bucket.identity, reason))
}

fn check_secret(kind: BucketKind, secret: &Secret) -> Result<(), Error> {
    let is_base64 = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    let is_sound = !secret.0.is_empty()
        && secret.0.len() <= 4096
        && secret.0.bytes().all(|b| b.is_ascii_graphic())
        && (kind == BucketKind::S3
            || is_signature(secret)
            || (is_base64(&secret.0) && secret.0.len().is_multiple_of(4)));
    // What was given is not said: it may be a secret for something else.
    let reason = match kind {
        BucketKind::Azure => "a key of the storage account (base64), or a shared access signature",
        BucketKind::S3 => "the secret access key",
    };
    if is_sound { Ok(()) } else { Err(refuse("secret", "", reason)) }
}

fn refuse(property: &str, value: &str, reason: &str) -> Error {
    Error::invalid_property(property, value, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3() -> BucketAccess {
        let bucket = Bucket {
            kind: BucketKind::S3,
            name: "data".into(),
            prefix: "batch/prod".into(),
            endpoint: Some("https://minio.example:9000".into()),
            region: Some("eu-west-3".into()),
            identity: "AKIAEXAMPLE".into(),
        };
        BucketAccess { bucket, secret: Secret("wJalr/xUt+nFEMI".into()) }
    }

    #[test]
    fn what_is_wrong_is_refused_by_name_and_no_refusal_says_a_secret() {
        let check = |change: fn(&mut BucketAccess), property: &str| {
            let mut access = s3();
            change(&mut access);
            let error = check(&access).unwrap_err();
            let said = format!("{error:?}");
            assert!(said.contains(&format!("\"{property}\"")), "{property}: {said}");
            assert!(!said.contains("wJalr") && !said.contains("s p"), "{said}");
        };
        assert_eq!(super::check(&s3()), Ok(()));
        check(|a| a.bucket.name = "Data".into(), "bucket");
        check(|a| a.bucket.name = "a".into(), "bucket");
        check(|a| a.bucket.prefix = "/a".into(), "prefix");
        check(|a| a.bucket.prefix = "a/../b".into(), "prefix");
        for endpoint in ["minio", "ftp://x", "http://", "https://user:pw@x", "http://x?a=b", "http:///x", "file:///etc"]
        {
            assert!(check_endpoint(endpoint).is_err(), "{endpoint}");
        }
        check(|a| a.bucket.region = Some("eu west".into()), "region");
        check(|a| a.bucket.identity = "a b".into(), "identity");
        check(|a| a.secret = Secret("s p".into()), "secret");
        check(|a| a.secret = Secret(String::new()), "secret");
        check(|a| (a.bucket.kind, a.bucket.region) = (BucketKind::Azure, None), "identity");
    }

    #[test]
    fn azure_has_keys_in_base64_and_signatures() {
        let azure = |secret: &str| {
            let bucket = Bucket { kind: BucketKind::Azure, region: None, identity: "acc".into(), ..s3().bucket };
            check(&BucketAccess { bucket, secret: Secret(secret.into()) }).is_ok()
        };
        assert!(azure("a2V5") && azure("?sv=2021&sig=x%3D") && !azure("not base64!") && !azure("abc"));
    }

    #[test]
    fn parts_are_few_enough_and_no_larger_than_they_must_be() {
        for (length, expected) in [
            (0, Some(8 * MIB)),
            (80_000 * MIB, Some(8 * MIB)),
            (80_001 * MIB, Some(9 * MIB)),
            (640_000 * MIB, Some(64 * MIB)),
            (640_001 * MIB, None),
        ] {
            assert_eq!(part_bytes(length), expected, "{length}");
        }
    }

    #[test]
    fn names_in_buckets_are_paths() {
        for (name, good) in
            [("a/b c%.txt", true), ("é", true), ("a//b", false), ("/a", false), ("a/", false), ("../a", false)]
        {
            assert_eq!(check_name(name).is_ok(), good, "{name}");
        }
    }
}
