//! How a cloud upgrades the systems of its machines: stored and given back.

use super::super::Duration;
use super::super::shared::{settings, wire_enum};

wire_enum! { UpgradeMode { Automatic = "automatic", Manual = "manual", Rolling = "rolling" } }

settings! {
    UpgradePolicy {
        must { mode: UpgradeMode }
        may {
            #[serde(rename = "automaticOSUpgradePolicy")]
            automatic_os_upgrade_policy: AutomaticOsUpgradePolicy,
            rolling_upgrade_policy: RollingUpgradePolicy,
        }
    }
}
settings! {
    AutomaticOsUpgradePolicy {
        must {}
        may {
            disable_automatic_rollback: bool,
            #[serde(rename = "enableAutomaticOSUpgrade")]
            enable_automatic_os_upgrade: bool,
            use_rolling_upgrade_policy: bool,
            os_rolling_upgrade_deferral: bool,
        }
    }
}
settings! {
    RollingUpgradePolicy {
        must {}
        may {
            enable_cross_zone_upgrade: bool,
            /// 5 to 100.
            max_batch_instance_percent: i32,
            /// 5 to 100.
            max_unhealthy_instance_percent: i32,
            /// 0 to 100.
            max_unhealthy_upgraded_instance_percent: i32,
            pause_time_between_batches: Duration,
            prioritize_unhealthy_instances: bool,
            rollback_failed_instances_on_policy_breach: bool,
        }
    }
}
