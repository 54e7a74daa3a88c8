//! Containers in which commands run.

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
    /// Lets the tasks of a pool run in containers; then all of them do. Both types are the same here.
    ContainerConfiguration {
        must { #[serde(rename = "type")] kind: ContainerType }
        may {
            /// Brought to each node before anything runs there; a node that lacks one is unusable.
            container_image_names: Vec<String>,
            container_registries: Vec<ContainerRegistry>,
        }
    }
}
settings! {
    /// Where images come from, and as whom they are asked for.
    ContainerRegistry {
        must {}
        may {
            #[serde(rename = "username")]
            user_name: String,
            /// Never given back.
            password: Secret,
            /// Default `docker.io`.
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
            /// Further options of the container program, split as a shell would; what may stand there is the operator's word.
            container_run_options: String,
            /// Of the image; else that of the pool with its server.
            registry: ContainerRegistry,
            /// Default `taskWorkingDirectory`.
            working_directory: ContainerWorkingDirectory,
            /// What it sees of the node besides its task's folder; without any, the whole root.
            container_host_batch_bind_mounts: Vec<ContainerHostBindMount>,
        }
    }
}
settings! {
    ContainerHostBindMount { must {} may { source: ContainerHostDataPath, is_read_only: bool } }
}

impl ContainerSettings {
    pub fn of_image(image_name: impl Into<String>) -> Self {
        ContainerSettings {
            image_name: image_name.into(),
            container_run_options: None,
            registry: None,
            working_directory: None,
            container_host_batch_bind_mounts: None,
        }
    }

    /// As it is given back.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        self.registry.iter_mut().for_each(ContainerRegistry::hide);
        self
    }
}

impl ContainerRegistry {
    pub(super) fn hide(&mut self) {
        self.password = None;
    }
}
