//! File systems that nodes mount; each configuration is exactly one of the four kinds. Not built: read to be refused.

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
settings! {
    BlobFileSystemMount {
        must { account_name: String, container_name: String, relative_mount_path: String }
        may {
            account_key: Secret,
            sas_key: Secret,
            blobfuse_options: String,
            identity_reference: NodeIdentityReference,
        }
    }
}
settings! { NfsMount { must { source: String, relative_mount_path: String } may { mount_options: String } } }
settings! {
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
    FileShareMount {
        must { account_name: String, azure_file_url: String, relative_mount_path: String }
        may { account_key: Secret, mount_options: String }
    }
}
