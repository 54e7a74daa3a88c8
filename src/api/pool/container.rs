//! Containers. Tasks do not run in containers here, so both shapes are read only to be refused.

use super::super::Secret;
use super::super::shared::{settings, wire_enum};
use super::NodeIdentityReference;

wire_enum! { ContainerType { Docker = "dockerCompatible", Cri = "criCompatible" } }
wire_enum! {
    ContainerWorkingDirectory { Task = "taskWorkingDirectory", Image = "containerImageDefault" }
}
wire_enum! {
    /// A folder of the node that a container can see.
    ContainerHostDataPath {
        Shared = "Shared",
        Startup = "Startup",
        VfsMounts = "VfsMounts",
        Task = "Task",
        JobPrep = "JobPrep",
        Applications = "Applications",
    }
}

settings! {
    /// Lets the tasks of a pool run in containers.
    ContainerConfiguration {
        must { #[serde(rename = "type")] kind: ContainerType }
        may { container_image_names: Vec<String>, container_registries: Vec<ContainerRegistry> }
    }
}
settings! {
    ContainerRegistry {
        must {}
        may {
            #[serde(rename = "username")]
            user_name: String,
            password: Secret,
            registry_server: String,
            identity_reference: NodeIdentityReference,
        }
    }
}
settings! {
    /// The container that a command runs in.
    ContainerSettings {
        must { image_name: String }
        may {
            container_run_options: String,
            registry: ContainerRegistry,
            working_directory: ContainerWorkingDirectory,
            container_host_batch_bind_mounts: Vec<ContainerHostBindMount>,
        }
    }
}
settings! {
    ContainerHostBindMount { must {} may { source: ContainerHostDataPath, is_read_only: bool } }
}
