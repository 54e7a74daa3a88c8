//! File systems that nodes mount, before anything runs there; each configuration is exactly one of the four kinds. Options are
//! passed on one by one; those that reach beyond the mount are refused.

use super::super::Secret;
use super::super::shared::settings;
use super::NodeIdentityReference;

settings! {
    MountConfiguration {
        must {}
        may {
            azure_blob_file_system_configuration: BlobFileSystemMount,
            nfs_mount_configuration: NfsMount,
            cifs_mount_configuration: CifsMount,
            azure_file_share_configuration: FileShareMount,
        }
    }
}
impl MountConfiguration {
    fn kinds(&self) -> [Option<(&'static str, &str)>; 4] {
        fn path<'a>(name: &'static str, path: Option<&'a String>) -> Option<(&'static str, &'a str)> {
            path.map(|path| (name, path.as_str()))
        }
        [
            path(
                "azureBlobFileSystemConfiguration",
                self.azure_blob_file_system_configuration.as_ref().map(|blob| &blob.relative_mount_path),
            ),
            path("nfsMountConfiguration", self.nfs_mount_configuration.as_ref().map(|nfs| &nfs.relative_mount_path)),
            path(
                "cifsMountConfiguration",
                self.cifs_mount_configuration.as_ref().map(|cifs| &cifs.relative_mount_path),
            ),
            path(
                "azureFileShareConfiguration",
                self.azure_file_share_configuration.as_ref().map(|share| &share.relative_mount_path),
            ),
        ]
    }

    /// The property that says of which kind it is.
    pub fn kind(&self) -> Option<&'static str> {
        self.kinds().into_iter().flatten().next().map(|(name, _)| name)
    }

    pub fn n_kinds(&self) -> usize {
        self.kinds().into_iter().flatten().count()
    }

    /// Where it is mounted, below `AZ_BATCH_NODE_MOUNTS_DIR`.
    pub fn relative_path(&self) -> Option<&str> {
        self.kinds().into_iter().flatten().next().map(|(_, path)| path)
    }
}

settings! {
    /// A container of blobs, by `blobfuse2`, which must be on the node.
    BlobFileSystemMount {
        must { account_name: String, container_name: String, relative_mount_path: String }
        may {
            /// One of it and `sasKey`; never given back.
            account_key: Secret,
            /// Never given back.
            sas_key: Secret,
            blobfuse_options: String,
            /// Refused: there are no managed identities.
            identity_reference: NodeIdentityReference,
        }
    }
}
settings! {
    /// By `mount -t nfs`.
    NfsMount {
        must {
            /// `host:/path`.
            source: String,
            relative_mount_path: String,
        }
        may { mount_options: String }
    }
}
settings! {
    /// By `mount -t cifs`. `source` is `//host/share`.
    CifsMount {
        must {
            #[serde(rename = "username")]
            user_name: String,
            source: String,
            relative_mount_path: String,
        }
        may { mount_options: String, password: Secret }
    }
}
settings! {
    /// By `mount -t cifs`. `azureFileUrl` is `https://{account}.file.core.windows.net/{share}`.
    FileShareMount {
        must { account_name: String, azure_file_url: String, relative_mount_path: String }
        may { account_key: Secret, mount_options: String }
    }
}
