//! What is run to mount a file system, and with what. Pure.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::Reason;
use crate::agent::process::UserId;
use crate::api::{BlobFileSystemMount, CifsMount, FileShareMount, MountConfiguration, NfsMount, Secret};
use crate::domain::mount::{self, BadOptions, Kind};

/// Files that a program needs, in a folder of the agent's.
pub struct Files {
    /// Holds secrets.
    pub settings: PathBuf,
    cache: PathBuf,
    log: PathBuf,
    folder: PathBuf,
}

impl Files {
    pub fn of(folder: &Path, index: usize) -> Files {
        let file = |kind: &str| folder.join(format!("{index}.{kind}"));
        Files { settings: file("conf"), cache: file("cache"), log: file("log"), folder: folder.to_owned() }
    }
}

#[derive(Debug)]
pub struct Plan {
    pub program: &'static str,
    /// A further program that this one needs, and the package in which Debian has it.
    pub helper: Option<&'static str>,
    pub package: &'static str,
    /// The content of the file with settings.
    pub file: Option<Secret>,
    /// It serves what it has mounted, and reads its settings again.
    pub stays: bool,
    way: Way,
    target: String,
}

#[derive(Debug)]
enum Way {
    Nfs { source: String, options: Vec<String> },
    Smb { source: String, options: Vec<String> },
    Blob { arguments: Vec<String> },
}

impl Plan {
    /// With the address that is to be spoken to, where the operator forbids some.
    pub fn arguments(&self, address: Option<IpAddr>) -> Vec<String> {
        match &self.way {
            Way::Nfs { source, options } => {
                let at_address = address.and_then(|address| mount::at_address(source, address));
                self.of_mount("nfs", at_address.as_deref().unwrap_or(source), options.clone())
            }
            Way::Smb { source, options } => {
                // What it would be sent on to was not looked at.
                let only = address.map(|address| [format!("ip={address}"), "nodfs".to_owned()]);
                self.of_mount("cifs", source, options.iter().cloned().chain(only.into_iter().flatten()).collect())
            }
            Way::Blob { arguments } => arguments.clone(),
        }
    }

    fn of_mount(&self, kind: &str, source: &str, mut options: Vec<String>) -> Vec<String> {
        // Last, so that nothing turns them off again.
        options.extend(["nosuid".to_owned(), "nodev".to_owned()]);
        // The machine's own list of mounts does not know what only the node's tasks see.
        ["-n", "-t", kind, "-o", &options.join(","), source, &self.target].map(str::to_owned).to_vec()
    }
}

/// The machine that a file system comes from.
pub fn host(configuration: &MountConfiguration) -> Result<String, Reason> {
    let MountConfiguration {
        azure_blob_file_system_configuration: blob,
        nfs_mount_configuration: nfs,
        cifs_mount_configuration: cifs,
        azure_file_share_configuration: share,
    } = configuration;
    let of_source = |source: &str| mount::host_of(source).map(str::to_owned);
    let host = (nfs.as_ref().and_then(|nfs| of_source(&nfs.source)))
        .or_else(|| of_source(&cifs.as_ref()?.source))
        .or_else(|| of_source(&mount::share_of(&share.as_ref()?.azure_file_url)?))
        .or_else(|| Some(blob_host(blob.as_ref()?)));
    host.ok_or_else(|| "Its source names no machine.".to_owned())
}

fn blob_host(blob: &BlobFileSystemMount) -> String {
    format!("{}.blob.core.windows.net", blob.account_name)
}

pub fn of(
    configuration: &MountConfiguration,
    target: &Path,
    files: &Files,
    group: Option<UserId>,
) -> Result<Plan, Reason> {
    let MountConfiguration {
        azure_blob_file_system_configuration: blob,
        nfs_mount_configuration: nfs,
        cifs_mount_configuration: cifs,
        azure_file_share_configuration: share,
    } = configuration;
    let target = target.display().to_string();
    match (nfs, cifs, share, blob) {
        (Some(nfs), ..) => of_nfs(nfs, target),
        (_, Some(cifs), ..) => of_cifs(cifs, target, files, group),
        (_, _, Some(share), _) => of_share(share, target, files, group),
        (_, _, _, Some(blob)) => of_blob(blob, target, files),
        (None, None, None, None) => Err("It is of no kind.".to_owned()),
    }
}

fn of_nfs(nfs: &NfsMount, target: String) -> Result<Plan, Reason> {
    let options = mount::options(Kind::Nfs, nfs.mount_options.as_deref().unwrap_or_default()).map_err(not_passed_on)?;
    Ok(Plan {
        program: "mount",
        helper: Some("mount.nfs"),
        package: "nfs-common",
        file: None,
        stays: false,
        way: Way::Nfs { source: nfs.source.clone(), options },
        target,
    })
}

fn of_cifs(cifs: &CifsMount, target: String, files: &Files, group: Option<UserId>) -> Result<Plan, Reason> {
    let who = (cifs.user_name.as_str(), cifs.password.as_ref());
    of_smb(cifs.source.clone(), cifs.mount_options.as_deref(), who, target, files, group)
}

fn of_share(share: &FileShareMount, target: String, files: &Files, group: Option<UserId>) -> Result<Plan, Reason> {
    let source = mount::share_of(&share.azure_file_url).ok_or("Its address names no share.")?;
    let who = (share.account_name.as_str(), share.account_key.as_ref());
    of_smb(source, share.mount_options.as_deref(), who, target, files, group)
}

fn of_smb(
    source: String,
    given: Option<&str>,
    (user, password): (&str, Option<&Secret>),
    target: String,
    files: &Files,
    group: Option<UserId>,
) -> Result<Plan, Reason> {
    let mut options = vec![format!("credentials={}", files.settings.display())];
    // All tasks of the pool read and write, unless the pool says who does.
    options.extend(group.iter().flat_map(|id| [format!("uid={id}"), format!("gid={id}")]));
    options.extend(["file_mode=0770".to_owned(), "dir_mode=0770".to_owned()]);
    options.extend(mount::options(Kind::Smb, given.unwrap_or_default()).map_err(not_passed_on)?);
    let password = password.map(|password| password.0.as_str()).unwrap_or_default();
    Ok(Plan {
        program: "mount",
        helper: Some("mount.cifs"),
        package: "cifs-utils",
        file: Some(Secret(format!("username={user}\npassword={password}\n"))),
        stays: false,
        way: Way::Smb { source, options },
        target,
    })
}

fn of_blob(blob: &BlobFileSystemMount, target: String, files: &Files) -> Result<Plan, Reason> {
    let given = mount::blobfuse_arguments(blob.blobfuse_options.as_deref().unwrap_or_default());
    let mut arguments = vec!["mount".to_owned(), target.clone(), "--foreground".to_owned()];
    arguments.push(format!("--config-file={}", files.settings.display()));
    arguments.push(format!("--default-working-dir={}", files.folder.display()));
    arguments.push(format!("--tmp-path={}", files.cache.display()));
    arguments.push("--disable-version-check".to_owned());
    // The tasks' users are not the one who mounts.
    arguments.push("--allow-other".to_owned());
    arguments.extend(given.map_err(not_passed_on)?);
    let (mode, key, secret) = match (&blob.account_key, &blob.sas_key) {
        (Some(key), _) => ("key", "account-key", key),
        (None, sas) => ("sas", "sas", sas.as_ref().ok_or("It has no key.")?),
    };
    // JSON's strings are strings of YAML.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let settings = format!(
        "components: [libfuse, file_cache, attr_cache, azstorage]\n\
         logging:\n  type: base\n  file-path: {log}\n  max-file-size-mb: 4\n  file-count: 2\n\
         azstorage:\n  type: block\n  account-name: {account}\n  container: {container}\n  endpoint: {endpoint}\n  \
         mode: {mode}\n  {key}: {secret}\n",
        log = quoted(&files.log.display().to_string()),
        account = quoted(&blob.account_name),
        container = quoted(&blob.container_name),
        endpoint = quoted(&format!("https://{}", blob_host(blob))),
        secret = quoted(&secret.0),
    );
    Ok(Plan {
        program: "blobfuse2",
        helper: None,
        package: "blobfuse2",
        file: Some(Secret(settings)),
        stays: true,
        way: Way::Blob { arguments },
        target,
    })
}

fn not_passed_on(error: BadOptions) -> Reason {
    format!("Its options are not passed on: {error}.")
}

/// What a program said may hold what it was told: a key, or an address with a signature.
pub fn without_secrets(text: String, configuration: &MountConfiguration) -> String {
    let blob = configuration.azure_blob_file_system_configuration.as_ref();
    let share = configuration.azure_file_share_configuration.as_ref();
    let secrets = [
        blob.and_then(|blob| blob.account_key.as_ref()),
        blob.and_then(|blob| blob.sas_key.as_ref()),
        share.and_then(|share| share.account_key.as_ref()),
        configuration.cifs_mount_configuration.as_ref().and_then(|cifs| cifs.password.as_ref()),
    ];
    let of_sas = blob.and_then(|blob| blob.sas_key.as_ref()).into_iter().flat_map(|sas| sas.0.split('&'));
    let signature = of_sas.filter_map(|part| part.trim_start_matches('?').strip_prefix("sig="));
    let all = secrets.into_iter().flatten().map(|secret| secret.0.as_str()).chain(signature);
    all.filter(|secret| !secret.is_empty()).fold(text, |text, secret| text.replace(secret, "…"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(configuration: Value) -> MountConfiguration {
        serde_json::from_value(configuration).unwrap()
    }

    fn planned(configuration: Value) -> Plan {
        of(&read(configuration), Path::new("/m/data"), &Files::of(Path::new("/v"), 0), Some(77)).unwrap()
    }

    fn share(key: &str) -> Value {
        json!({ "azureFileShareConfiguration": { "accountName": "a", "azureFileUrl": "https://a.file.core.windows.net/s/",
            "relativeMountPath": "data", "accountKey": key, "mountOptions": "-o vers=3.0,dir_mode=0777" } })
    }

    #[test]
    fn nfs_is_mounted_without_set_user_id_and_devices() {
        let plan = planned(
            json!({ "nfsMountConfiguration": { "source": "nas:/a", "relativeMountPath": "data", "mountOptions": "-o vers=4,ro" } }),
        );
        let options = "vers=4,ro,nosuid,nodev";
        assert_eq!(plan.arguments(None), ["-n", "-t", "nfs", "-o", options, "nas:/a", "/m/data"]);
        let at = plan.arguments(Some("10.0.0.1".parse().unwrap()));
        assert_eq!(at, ["-n", "-t", "nfs", "-o", options, "10.0.0.1:/a", "/m/data"]);
        assert_eq!((plan.helper, plan.file, plan.stays), (Some("mount.nfs"), None, false));
    }

    #[test]
    fn shares_belong_to_the_pools_tasks() {
        let plan = planned(share("k"));
        let options = "credentials=/v/0.conf,uid=77,gid=77,file_mode=0770,dir_mode=0770,vers=3.0,dir_mode=0777";
        let arguments = |more: &str| {
            let options = format!("{options},{more}");
            ["-n", "-t", "cifs", "-o", &options, "//a.file.core.windows.net/s", "/m/data"].map(str::to_owned)
        };
        assert_eq!(plan.arguments(None), arguments("nosuid,nodev"));
        let at = plan.arguments(Some("10.0.0.1".parse().unwrap()));
        assert_eq!(at, arguments("ip=10.0.0.1,nodfs,nosuid,nodev"));
        assert_eq!(plan.file.unwrap().0, "username=a\npassword=k\n");
    }

    #[test]
    fn passwords_are_in_files_and_not_in_arguments() {
        let cifs = json!({ "cifsMountConfiguration": { "username": "u", "source": "//nas/s", "relativeMountPath": "data", "password": "S3CRET" } });
        let blob = json!({ "azureBlobFileSystemConfiguration": { "accountName": "a", "containerName": "c", "relativeMountPath": "data",
            "sasKey": "S3CRET\"x", "blobfuseOptions": "--read-only" } });
        for one in [cifs, share("S3CRET"), blob] {
            let plan = planned(one);
            assert!(!format!("{plan:?}").contains("S3CRET"), "{plan:?}");
            assert!(plan.file.unwrap().0.contains("S3CRET"));
        }
    }

    #[test]
    fn blobs_are_served_by_blobfuse() {
        let plan = planned(
            json!({ "azureBlobFileSystemConfiguration": { "accountName": "a", "containerName": "c", "relativeMountPath": "data",
            "accountKey": "k\"", "blobfuseOptions": "-o ro" } }),
        );
        let expected = [
            "mount",
            "/m/data",
            "--foreground",
            "--config-file=/v/0.conf",
            "--default-working-dir=/v",
            "--tmp-path=/v/0.cache",
            "--disable-version-check",
            "--allow-other",
            "-o",
            "ro",
        ];
        assert_eq!((plan.program, plan.arguments(None)), ("blobfuse2", expected.map(str::to_owned).to_vec()));
        let settings = plan.file.unwrap().0;
        assert!(
            plan.stays && settings.contains("account-key: \"k\\\"\"") && settings.contains("mode: key"),
            "{settings}"
        );
    }

    #[test]
    fn each_comes_from_a_machine() {
        let check = |configuration, expected: &str| assert_eq!(host(&read(configuration)).unwrap(), expected);
        check(json!({ "nfsMountConfiguration": { "source": "nas:/a", "relativeMountPath": "m" } }), "nas");
        check(share("k"), "a.file.core.windows.net");
        let cifs = json!({ "username": "u", "source": "//smb/s", "relativeMountPath": "m" });
        check(json!({ "cifsMountConfiguration": cifs }), "smb");
        let blob = json!({ "accountName": "a", "containerName": "c", "relativeMountPath": "m" });
        check(json!({ "azureBlobFileSystemConfiguration": blob }), "a.blob.core.windows.net");
        assert!(host(&MountConfiguration::default()).is_err());
    }

    #[test]
    fn what_a_program_said_is_passed_on_without_secrets() {
        let blob = json!({ "accountName": "a", "containerName": "c", "relativeMountPath": "m", "sasKey": "?sv=1&sig=S3CRET&se=2" });
        let blob = read(json!({ "azureBlobFileSystemConfiguration": blob }));
        let said = "GET https://a/c?se=2&sig=S3CRET failed; ?sv=1&sig=S3CRET&se=2".to_owned();
        assert_eq!(without_secrets(said, &blob), "GET https://a/c?se=2&sig=… failed; …");
        assert_eq!(without_secrets("bad key k".to_owned(), &read(share("k"))), "bad …ey …");
    }
}
