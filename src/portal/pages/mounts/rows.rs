//! Mounts as a form holds them.

use crate::api::{BlobFileSystemMount, CifsMount, FileShareMount, MountConfiguration, NfsMount, Secret};
use crate::domain::check;
use crate::portal::i18n::{Msg, msg};
use crate::portal::pages::typed::Problem;

/// What is mounted; the keys of the form's choice.
pub const NFS: &str = "nfs";
pub const SMB: &str = "smb";
pub const SHARE: &str = "share";
pub const BLOB_KEY: &str = "blob-key";
pub const BLOB_SAS: &str = "blob-sas";

pub const KINDS: [(&str, Msg); 5] = [
    (NFS, msg::MOUNT_NFS),
    (SMB, msg::MOUNT_SMB),
    (SHARE, msg::MOUNT_SHARE),
    (BLOB_KEY, msg::MOUNT_BLOB_KEY),
    (BLOB_SAS, msg::MOUNT_BLOB_SAS),
];

/// A row, as typed.
#[derive(Clone, Debug, PartialEq)]
pub struct MountRow {
    pub kind: String,
    /// Below `AZ_BATCH_NODE_MOUNTS_DIR`.
    pub path: String,
    /// `host:/path`, `//host/share` or an address; of blobs the container.
    pub source: String,
    /// A user or a storage account.
    pub account: String,
    /// A password, a key or a signature.
    pub secret: String,
    pub options: String,
}

impl Default for MountRow {
    fn default() -> Self {
        let empty = String::new;
        MountRow {
            kind: NFS.to_owned(),
            path: empty(),
            source: empty(),
            account: empty(),
            secret: empty(),
            options: empty(),
        }
    }
}

/// The mounts; nothing where no row says anything.
pub fn mounts(rows: &[MountRow]) -> Result<Option<Vec<MountConfiguration>>, Problem> {
    let is_said = |row: &&MountRow| !(row.path.trim().is_empty() && row.source.trim().is_empty());
    let mounts: Vec<MountConfiguration> = rows.iter().filter(is_said).map(mount).collect();
    check::mounts(&mounts).map_err(|error| {
        let text = |key: &str| error.value(key).unwrap_or_default().to_owned();
        Problem::with(msg::MOUNT_WRONG, vec![("property", text("PropertyName")), ("reason", text("Reason"))])
    })?;
    Ok((!mounts.is_empty()).then_some(mounts))
}

fn mount(row: &MountRow) -> MountConfiguration {
    let text = |text: &str| text.trim().to_owned();
    let optional = |value: &str| (!value.trim().is_empty()).then(|| text(value));
    let secret = || (!row.secret.is_empty()).then(|| Secret(row.secret.clone()));
    let mut mount = MountConfiguration::default();
    match row.kind.as_str() {
        SMB => {
            mount.cifs_mount_configuration = Some(CifsMount {
                user_name: text(&row.account),
                source: text(&row.source),
                relative_mount_path: text(&row.path),
                mount_options: optional(&row.options),
                password: secret(),
            });
        }
        SHARE => {
            mount.azure_file_share_configuration = Some(FileShareMount {
                account_name: text(&row.account),
                azure_file_url: text(&row.source),
                relative_mount_path: text(&row.path),
                account_key: secret(),
                mount_options: optional(&row.options),
            });
        }
        kind @ (BLOB_KEY | BLOB_SAS) => {
            mount.azure_blob_file_system_configuration = Some(BlobFileSystemMount {
                account_name: text(&row.account),
                container_name: text(&row.source),
                relative_mount_path: text(&row.path),
                account_key: secret().filter(|_| kind == BLOB_KEY),
                sas_key: secret().filter(|_| kind == BLOB_SAS),
                blobfuse_options: optional(&row.options),
                identity_reference: None,
            });
        }
        _ => {
            mount.nfs_mount_configuration = Some(NfsMount {
                source: text(&row.source),
                relative_mount_path: text(&row.path),
                mount_options: optional(&row.options),
            });
        }
    }
    mount
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: &str, source: &str) -> MountRow {
        MountRow {
            kind: kind.into(),
            path: "data".into(),
            source: source.into(),
            account: "acc".into(),
            secret: "s".into(),
            options: String::new(),
        }
    }

    #[test]
    fn rows_are_mounts_of_their_kinds() {
        assert_eq!(mounts(&[MountRow::default()]), Ok(None));
        let check = |kind, source, name: &str| {
            let found = mounts(&[row(kind, source)]).unwrap().unwrap();
            assert_eq!((found[0].kind(), found[0].relative_path()), (Some(name), Some("data")));
        };
        check(NFS, "nas:/a", "nfsMountConfiguration");
        check(SMB, "//nas/a", "cifsMountConfiguration");
        check(SHARE, "https://acc.file.core.windows.net/s", "azureFileShareConfiguration");
        check(BLOB_KEY, "container", "azureBlobFileSystemConfiguration");
        check(BLOB_SAS, "container", "azureBlobFileSystemConfiguration");
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said() {
        let wrong = mounts(&[row(NFS, "/etc")]).unwrap_err();
        assert_eq!(wrong.message, msg::MOUNT_WRONG);
        assert!(wrong.values[0].1.ends_with(".source"), "{wrong:?}");
        assert!(mounts(&[MountRow { secret: String::new(), ..row(SMB, "//nas/a") }]).is_err());
    }
}
