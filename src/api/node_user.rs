//! People who may log in to a node, and how they get there.

use serde::{Deserialize, Serialize};

use super::shared::settings;
use super::{Secret, Timestamp};

settings! {
    /// A user of one node. Whoever it is, what it runs there runs as the tasks' user of the pool.
    NodeUserCreate {
        must {
            /// 1 to 32 letters, digits, `.`, `-` and `_`; unique on the node.
            name: String,
        }
        may {
            /// Sessions of it have the rights of elevated tasks. Missing means false.
            is_admin: bool,
            /// From then on it is refused, and what it runs is ended. Missing means a day from now.
            expiry_time: Timestamp,
            /// Only a hash of it is kept.
            password: Secret,
            /// A line as in `authorized_keys`, without options. At least one of it and the password is there.
            ssh_public_key: String,
        }
    }
}
settings! {
    /// Replaces all of these: what is absent is removed, and a missing time means a day from now.
    NodeUserReplace { must {} may { expiry_time: Timestamp, password: Secret, ssh_public_key: String } }
}

/// A user of a node as the portal shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeUser {
    pub name: String,
    pub is_admin: bool,
    pub expiry_time: Timestamp,
    pub has_password: bool,
    /// Kind and hash of the key, as OpenSSH shows it.
    pub ssh_key_fingerprint: Option<String>,
}

/// Where to log in to a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RemoteLoginSettings {
    /// An address or a host name.
    #[serde(rename = "remoteLoginIPAddress")]
    pub remote_login_ip_address: String,
    pub remote_login_port: i32,
}

/// All that a page needs to let somebody in to a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeAccess {
    /// Absent where the pool maps no port to the nodes' SSH server.
    pub login: Option<RemoteLoginSettings>,
    /// The node's public key as `known_hosts` has it; absent until it has had a user.
    pub host_key: Option<String>,
    /// The SSH server listens.
    pub is_open: bool,
    pub users: Vec<NodeUser>,
    /// Whether users may be administrators here.
    pub elevation_allowed: bool,
}
