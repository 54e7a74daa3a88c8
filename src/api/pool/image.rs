//! The image and the machine that a pool asks for. Stored and given back: a node runs on the machine's own system.

use serde_json::Value;

use super::super::shared::{settings, wire_enum};
use super::{ContainerConfiguration, DataDisk, DiskEncryptionConfiguration, OsDisk, SecurityProfile};

wire_enum! { NodePlacementPolicy { Regional = "regional", Zonal = "zonal" } }

settings! {
    /// Until 2024-02.
    CloudServiceConfiguration { must { os_family: String } may { os_version: String } }
}
settings! {
    #[derive(Default)]
    VirtualMachineConfiguration {
        must {
            image_reference: ImageReference,
            #[serde(rename = "nodeAgentSKUId")]
            node_agent_sku_id: String,
        }
        may {
            windows_configuration: WindowsConfiguration,
            data_disks: Vec<DataDisk>,
            license_type: String,
            container_configuration: ContainerConfiguration,
            disk_encryption_configuration: DiskEncryptionConfiguration,
            node_placement_configuration: NodePlacementConfiguration,
            extensions: Vec<VmExtension>,
            os_disk: OsDisk,
            security_profile: SecurityProfile,
            service_artifact_reference: ServiceArtifactReference,
        }
    }
}
settings! {
    /// Publisher, offer and SKU, or exactly one of the three ids.
    ImageReference {
        must {}
        may {
            publisher: String,
            offer: String,
            sku: String,
            /// Default `latest`.
            version: String,
            virtual_machine_image_id: String,
            shared_gallery_image_id: String,
            community_gallery_image_id: String,
            /// Set by a cloud's service only; callers send back what they once got.
            exact_version: String,
        }
    }
}
settings! { WindowsConfiguration { must {} may { enable_automatic_updates: bool } } }
settings! { NodePlacementConfiguration { must {} may { policy: NodePlacementPolicy } } }
settings! { ServiceArtifactReference { must { id: String } may {} } }
settings! {
    VmExtension {
        must {
            name: String,
            publisher: String,
            #[serde(rename = "type")]
            kind: String,
        }
        may {
            type_handler_version: String,
            auto_upgrade_minor_version: bool,
            enable_automatic_upgrade: bool,
            /// As the extension's maker likes it: an object or a text.
            settings: Value,
            /// Never given back.
            protected_settings: HiddenValue,
            provision_after_extensions: Vec<String>,
        }
    }
}

/// A JSON value that never shows in a log.
#[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct HiddenValue(pub Value);

impl std::fmt::Debug for HiddenValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HiddenValue(…)")
    }
}
