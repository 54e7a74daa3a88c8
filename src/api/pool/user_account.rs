//! Users that a pool has on its nodes, as which its tasks can run.

use super::super::shared::{settings, wire_enum};
use super::super::{ElevationLevel, Secret};

wire_enum! { LoginMode { Batch = "batch", Interactive = "interactive" } }

settings! {
    /// A user of the nodes' system. Where the server is not root, its tasks run as the server's user.
    UserAccount {
        must {
            /// Unique in the pool; 1 to 20 letters, digits, `.`, `-` and `_`, beginning with a letter or `_`, and no user that
            /// systems have.
            name: String,
        }
        may {
            /// Required, and never given back. Nothing asks for it here: tasks are begun without, and remote users are others.
            password: Secret,
            /// Tasks of one with the level admin run as root, where the operator allows it. Default nonadmin.
            elevation_level: ElevationLevel,
            linux_user_configuration: LinuxUserConfiguration,
            windows_user_configuration: WindowsUserConfiguration,
        }
    }
}
settings! {
    LinuxUserConfiguration {
        must {}
        may {
            /// 1000 to 199999 without 65534 and 65535, together with `gid`. Absent: one that no other user of the machine has, and
            /// another on each node.
            uid: i32,
            /// As `uid`.
            gid: i32,
            /// Stored and given back to nobody: no key is laid on nodes.
            ssh_private_key: Secret,
        }
    }
}
settings! {
    WindowsUserConfiguration {
        must {}
        may {
            /// Stored and given back: nodes run Linux.
            login_mode: LoginMode,
        }
    }
}
