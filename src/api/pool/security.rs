//! Security of a cloud's machines: stored and given back.

use super::super::shared::{settings, wire_enum};

wire_enum! { SecurityType { TrustedLaunch = "trustedLaunch", ConfidentialVm = "confidentialvm" } }
wire_enum! { HostEndpointMode { Audit = "Audit", Enforce = "Enforce" } }

settings! {
    SecurityProfile {
        must {}
        may {
            security_type: SecurityType,
            encryption_at_host: bool,
            uefi_settings: UefiSettings,
            proxy_agent_settings: ProxyAgentSettings,
        }
    }
}
settings! { UefiSettings { must {} may { secure_boot_enabled: bool, v_tpm_enabled: bool } } }
settings! {
    ProxyAgentSettings {
        must {}
        may { enabled: bool, imds: HostEndpointSettings, wire_server: HostEndpointSettings }
    }
}
settings! {
    HostEndpointSettings {
        must {}
        may {
            #[serde(rename = "inVMAccessControlProfileReferenceId")]
            in_vm_access_control_profile_reference_id: String,
            mode: HostEndpointMode,
        }
    }
}
