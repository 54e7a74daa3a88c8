//! Disks of a cloud's machines: stored and given back.

use super::super::shared::{settings, wire_enum};
use super::NodeIdentityReference;

wire_enum! { CachingType { None = "none", ReadOnly = "readonly", ReadWrite = "readwrite" } }
wire_enum! {
    StorageAccountType {
        StandardLrs = "standard_lrs",
        PremiumLrs = "premium_lrs",
        StandardSsdLrs = "standardssd_lrs",
    }
}
wire_enum! { DiffDiskPlacement { CacheDisk = "cachedisk" } }
wire_enum! { DiskEncryptionTarget { OsDisk = "osdisk", TemporaryDisk = "temporarydisk" } }
wire_enum! {
    SecurityEncryptionType {
        DiskWithVmGuestState = "DiskWithVMGuestState",
        NonPersistedTpm = "NonPersistedTPM",
        VmGuestStateOnly = "VMGuestStateOnly",
    }
}

settings! {
    OsDisk {
        must {}
        may {
            #[serde(rename = "ephemeralOSDiskSettings")]
            ephemeral_os_disk_settings: DiffDiskSettings,
            caching: CachingType,
            managed_disk: ManagedDisk,
            #[serde(rename = "diskSizeGB")]
            disk_size_gb: i32,
            write_accelerator_enabled: bool,
        }
    }
}
settings! { DiffDiskSettings { must {} may { placement: DiffDiskPlacement } } }
settings! {
    ManagedDisk {
        must {}
        may {
            storage_account_type: StorageAccountType,
            security_profile: DiskSecurityProfile,
            disk_encryption_set: DiskEncryptionSet,
        }
    }
}
settings! { DiskSecurityProfile { must {} may { security_encryption_type: SecurityEncryptionType } } }
settings! { DiskEncryptionSet { must {} may { id: String } } }
settings! {
    DataDisk {
        must {
            /// 0 to 63, each once.
            lun: i32,
            #[serde(rename = "diskSizeGB")]
            disk_size_gb: i32,
        }
        may { caching: CachingType, storage_account_type: StorageAccountType, managed_disk: ManagedDisk }
    }
}
settings! {
    DiskEncryptionConfiguration {
        must {}
        may { targets: Vec<DiskEncryptionTarget>, customer_managed_key: CustomerManagedKey }
    }
}
settings! {
    CustomerManagedKey {
        must {}
        may {
            identity_reference: NodeIdentityReference,
            key_url: String,
            rotation_to_latest_key_version_enabled: bool,
        }
    }
}
