//! File systems that nodes mount.
//!
//! Source: pools, `mountConfiguration`, api-version 2024-07-01.20.0. Which options are passed on is chosen here.

use super::{Check, missing, not_built};
use crate::api::{BlobFileSystemMount, CifsMount, Code, Error, FileShareMount, MountConfiguration, NfsMount, Secret};
use crate::domain::mount::{self, BadOptions, Kind};

/// Source: pools, `mountConfiguration`.
const MOST_MOUNTS: usize = 10;
const LONGEST_PATH: usize = 255;
const LONGEST_TEXT: usize = 4096;

pub fn mounts(mounts: &[MountConfiguration]) -> Check {
    const PATH: &str = "mountConfiguration";
    if mounts.len() > MOST_MOUNTS {
        let reason = format!("at most {MOST_MOUNTS} file systems");
        return Err(Error::invalid_property(PATH, mounts.len().to_string(), reason));
    }
    for (index, one) in mounts.iter().enumerate() {
        let path = format!("{PATH}[{index}]");
        let relative = configuration(&path, one)?;
        let is_within =
            |other: &MountConfiguration| other.relative_path().is_some_and(|other| are_nested(other, relative));
        if mounts[..index].iter().any(is_within) {
            let path = format!("{path}.{}.relativeMountPath", one.kind().unwrap_or_default());
            return Err(Error::invalid_property(
                &path,
                relative,
                "another folder than the others', and none in another",
            ));
        }
    }
    Ok(())
}

/// One is the other, or lies in it.
fn are_nested(a: &str, b: &str) -> bool {
    let is_in = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_in(a, b) || is_in(b, a)
}

/// The path of one that is sound.
fn configuration<'a>(path: &str, mount: &'a MountConfiguration) -> Result<&'a str, Error> {
    let n = mount.n_kinds();
    let Some(kind) = mount.kind() else {
        return Err(
            Error::new(Code::MissingRequiredProperty).with("PropertyName", format!("{path}.nfsMountConfiguration"))
        );
    };
    let path = format!("{path}.{kind}");
    if n > 1 {
        return Err(Error::invalid_property(&path, format!("{n} kinds"), "a mount is of one kind"));
    }
    let relative = mount.relative_path().unwrap_or_default();
    relative_path(&format!("{path}.relativeMountPath"), relative)?;
    let MountConfiguration {
        azure_blob_file_system_configuration: blob,
        nfs_mount_configuration: nfs,
        cifs_mount_configuration: cifs,
        azure_file_share_configuration: share,
    } = mount;
    blob.as_ref().map_or(Ok(()), |blob| of_blob(&path, blob))?;
    nfs.as_ref().map_or(Ok(()), |nfs| of_nfs(&path, nfs))?;
    cifs.as_ref().map_or(Ok(()), |cifs| of_cifs(&path, cifs))?;
    share.as_ref().map_or(Ok(()), |share| of_share(&path, share))?;
    Ok(relative)
}

fn relative_path(path: &str, text: &str) -> Check {
    if text.is_empty() {
        return Err(missing(path));
    }
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if text.len() > LONGEST_PATH || !text.chars().all(legal) || !text.split('/').all(is_part) {
        let reason = "folders of letters, digits, `.`, `-` and `_`, relative and without `..`";
        return Err(Error::invalid_property(path, text, reason));
    }
    Ok(())
}

fn of_nfs(path: &str, nfs: &NfsMount) -> Check {
    source(&format!("{path}.source"), &nfs.source, "host:/path", |source| !source.starts_with("//"))?;
    options(
        &format!("{path}.mountOptions"),
        mount::options(Kind::Nfs, nfs.mount_options.as_deref().unwrap_or_default()),
        &nfs.mount_options,
    )
}

fn of_cifs(path: &str, cifs: &CifsMount) -> Check {
    source(&format!("{path}.source"), &cifs.source, "//host/share", |source| source.starts_with("//"))?;
    word(&format!("{path}.username"), &cifs.user_name)?;
    secret(&format!("{path}.password"), cifs.password.as_ref())?;
    options(
        &format!("{path}.mountOptions"),
        mount::options(Kind::Smb, cifs.mount_options.as_deref().unwrap_or_default()),
        &cifs.mount_options,
    )
}

fn of_share(path: &str, share: &FileShareMount) -> Check {
    word(&format!("{path}.accountName"), &share.account_name)?;
    if mount::share_of(&share.azure_file_url).is_none() {
        let reason = "such as https://account.file.core.windows.net/share";
        return Err(Error::invalid_property(&format!("{path}.azureFileUrl"), &*share.azure_file_url, reason));
    }
    secret(&format!("{path}.accountKey"), share.account_key.as_ref())?;
    options(
        &format!("{path}.mountOptions"),
        mount::options(Kind::Smb, share.mount_options.as_deref().unwrap_or_default()),
        &share.mount_options,
    )
}

fn of_blob(path: &str, blob: &BlobFileSystemMount) -> Check {
    machine_name(&format!("{path}.accountName"), &blob.account_name)?;
    word(&format!("{path}.containerName"), &blob.container_name)?;
    if blob.identity_reference.is_some() {
        return Err(not_built(&format!("{path}.identityReference")));
    }
    match (&blob.account_key, &blob.sas_key) {
        (Some(_), Some(_)) => {
            let reason = "a container is opened by one of accountKey and sasKey";
            return Err(Error::invalid_property(&format!("{path}.sasKey"), "", reason));
        }
        (None, sas) => secret(&format!("{path}.sasKey"), sas.as_ref())?,
        (key, None) => secret(&format!("{path}.accountKey"), key.as_ref())?,
    }
    let given = blob.blobfuse_options.as_deref().unwrap_or_default();
    options(&format!("{path}.blobfuseOptions"), mount::blobfuse_arguments(given), &blob.blobfuse_options)
}

fn source(path: &str, text: &str, example: &str, is_kind: fn(&str) -> bool) -> Check {
    if text.is_empty() {
        return Err(missing(path));
    }
    let is_plain = text.len() <= LONGEST_TEXT && !text.chars().any(|c| c.is_control() || c == '\\');
    if is_plain && is_kind(text) && mount::host_of(text).is_some() {
        return Ok(());
    }
    Err(Error::invalid_property(path, text, format!("such as {example}")))
}

/// Goes into a file of lines, and into one of YAML.
fn word(path: &str, text: &str) -> Check {
    if text.is_empty() {
        return Err(missing(path));
    }
    let legal = |c: char| c.is_alphanumeric() || "_-.@$\\ ".contains(c);
    if text.len() > LONGEST_PATH || !text.chars().all(legal) {
        return Err(Error::invalid_property(path, text, "at most 255 letters, digits and `_ - . @ $ \\`"));
    }
    Ok(())
}

/// Becomes a part of a machine's name.
fn machine_name(path: &str, text: &str) -> Check {
    if text.is_empty() {
        return Err(missing(path));
    }
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.len() > 63 || !text.chars().all(legal) {
        return Err(Error::invalid_property(path, text, "at most 63 lowercase letters, digits and `-`"));
    }
    Ok(())
}

fn secret(path: &str, secret: Option<&Secret>) -> Check {
    let text = secret.map(|secret| secret.0.as_str()).unwrap_or_default();
    if text.is_empty() {
        return Err(missing(path));
    }
    if text.len() > LONGEST_TEXT || text.chars().any(char::is_control) {
        return Err(Error::invalid_property(path, "", "one line of at most 4096 characters"));
    }
    Ok(())
}

fn options(path: &str, read: Result<Vec<String>, BadOptions>, text: &Option<String>) -> Check {
    let given: String = text.as_deref().unwrap_or_default().chars().take(100).collect();
    read.map(drop).map_err(|reason| Error::invalid_property(path, given, reason.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::assert_refused as check;
    use super::*;
    use crate::api::Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing};

    fn all(list: Value) -> Check {
        mounts(&serde_json::from_value::<Vec<MountConfiguration>>(list).unwrap())
    }

    fn nfs(path: &str) -> Value {
        json!({ "nfsMountConfiguration": { "source": "nas:/a", "relativeMountPath": path } })
    }

    #[test]
    fn each_is_of_one_kind_and_has_a_folder_of_its_own() {
        assert_eq!(all(json!([nfs("a"), nfs("b/c"), nfs("b/d"), nfs("ab")])), Ok(()));
        check(all(json!([{}])), Missing, "mountConfiguration[0].nfsMountConfiguration");
        let mut two = nfs("a");
        two["cifsMountConfiguration"] =
            json!({ "username": "u", "source": "//h/s", "relativeMountPath": "b", "password": "p" });
        check(all(json!([two])), Invalid, "mountConfiguration[0].nfsMountConfiguration");
        let path = "mountConfiguration[1].nfsMountConfiguration.relativeMountPath";
        for (a, b) in [("a", "a"), ("a", "a/b"), ("a/b", "a")] {
            check(all(json!([nfs(a), nfs(b)])), Invalid, path);
        }
        let path = "mountConfiguration[0].nfsMountConfiguration.relativeMountPath";
        for bad in ["..", "a/../b", "/a", "a//b", "a/", "a b", "./a"] {
            check(all(json!([nfs(bad)])), Invalid, path);
        }
        check(all(json!([nfs("")])), Missing, path);
        let eleven: Vec<Value> = (0..11).map(|n| nfs(&format!("m{n}"))).collect();
        check(all(json!(eleven)), Invalid, "mountConfiguration");
    }

    #[test]
    fn each_kind_is_checked_property_by_property() {
        let with = |kind: &str, sound: &Value, change: Value| {
            let mut mount = sound.clone();
            mount.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            all(json!([{ kind: mount }]))
        };
        let path = |kind: &str, name: &str| format!("mountConfiguration[0].{kind}.{name}");
        let (kind, sound) =
            ("nfsMountConfiguration", json!({ "source": "nas:/a", "relativeMountPath": "m", "mountOptions": "-o ro" }));
        assert_eq!(with(kind, &sound, json!({})), Ok(()));
        check(with(kind, &sound, json!({ "source": "/etc" })), Invalid, &path(kind, "source"));
        check(with(kind, &sound, json!({ "mountOptions": "-o suid" })), Invalid, &path(kind, "mountOptions"));
        let (kind, sound) = (
            "cifsMountConfiguration",
            json!({ "source": "//nas/a", "relativeMountPath": "m", "username": "HOME\\anna", "password": "p" }),
        );
        assert_eq!(with(kind, &sound, json!({})), Ok(()));
        check(with(kind, &sound, json!({ "source": "nas:/a" })), Invalid, &path(kind, "source"));
        check(with(kind, &sound, json!({ "username": "a\nb" })), Invalid, &path(kind, "username"));
        check(with(kind, &sound, json!({ "password": null })), Missing, &path(kind, "password"));
        let refused = with(kind, &sound, json!({ "password": "S3\nCRET" })).unwrap_err();
        assert!(!format!("{refused:?}").contains("CRET"));
        let (kind, sound) = (
            "azureFileShareConfiguration",
            json!({ "accountName": "a", "azureFileUrl": "https://a.file.core.windows.net/s", "relativeMountPath": "m", "accountKey": "k" }),
        );
        assert_eq!(with(kind, &sound, json!({})), Ok(()));
        check(with(kind, &sound, json!({ "azureFileUrl": "s" })), Invalid, &path(kind, "azureFileUrl"));
        check(with(kind, &sound, json!({ "accountKey": "" })), Missing, &path(kind, "accountKey"));
        let (kind, sound) = (
            "azureBlobFileSystemConfiguration",
            json!({ "accountName": "a", "containerName": "c", "relativeMountPath": "m", "sasKey": "sv=1" }),
        );
        assert_eq!(with(kind, &sound, json!({})), Ok(()));
        check(with(kind, &sound, json!({ "accountKey": "k" })), Invalid, &path(kind, "sasKey"));
        check(with(kind, &sound, json!({ "accountName": "evil.example/" })), Invalid, &path(kind, "accountName"));
        check(with(kind, &sound, json!({ "sasKey": null })), Missing, &path(kind, "sasKey"));
        check(
            with(kind, &sound, json!({ "blobfuseOptions": "--config-file=/x" })),
            Invalid,
            &path(kind, "blobfuseOptions"),
        );
        let identity = json!({ "identityReference": { "resourceId": "/i" } });
        check(with(kind, &sound, identity), Code::UnsupportedProperty, &path(kind, "identityReference"));
    }
}
