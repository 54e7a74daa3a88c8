//! Users that a pool has on its nodes. Not built: read to be refused.

use super::super::shared::{settings, wire_enum};
use super::super::{ElevationLevel, Secret};

wire_enum! { LoginMode { Batch = "batch", Interactive = "interactive" } }

settings! {
    UserAccount {
        must { name: String }
        may {
            password: Secret,
            elevation_level: ElevationLevel,
            linux_user_configuration: LinuxUserConfiguration,
            windows_user_configuration: WindowsUserConfiguration,
        }
    }
}
settings! { LinuxUserConfiguration { must {} may { uid: i32, gid: i32, ssh_private_key: Secret } } }
settings! { WindowsUserConfiguration { must {} may { login_mode: LoginMode } } }
