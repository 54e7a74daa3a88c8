//! What the container program is told of a run. Pure, but for what it asks of the machine through [`Machine`].
//!
//! The program is Podman: it runs a container as its own child and knows no service that would, so the container's processes descend from
//! the agent, lie in the run's control group, carry its limit mark, and are ended and fenced like those of any command.
//! `run` is told to make no groups of its own, and to pass the task's files on as they are.

mod paper;
pub mod sweep;

use std::collections::BTreeMap;
use std::path::Path;

pub use paper::{authentication, environment_file};

use super::process::{TaskUser, UserId};
use crate::api::agent::NodeContainers;
use crate::api::{ContainerHostDataPath, ContainerSettings, ContainerWorkingDirectory};
use crate::domain::container::Allowed;
use crate::domain::container::options::{self, PUBLIC_FOLDERS};

/// Of the agent's folder; nobody else can look into it.
pub const FOLDER: &str = "containers";

/// The label by which a node knows its containers.
pub const LABEL: &str = "fournil.node";

/// The container of a run, and what its node knows of containers.
#[derive(Clone, Debug, PartialEq)]
pub struct InContainer {
    pub settings: ContainerSettings,
    pub node: NodeContainers,
}

/// Where and as whom the container runs.
pub struct Place<'a> {
    /// The node's root, as tasks see it.
    pub root: &'a str,
    /// The run's folder, relative to it.
    pub directory: &'a str,
    /// Tells this node's containers from those of others.
    pub mark: &'a str,
    pub user: User,
    /// Where the program leaves the container's id, and where it finds the variables.
    pub id_file: &'a str,
    pub environment_file: &'a str,
    /// In the place of the image's own, where the user has further groups.
    pub group_file: &'a str,
}

/// As whom the command runs in the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// The run's user with its groups, without any right of root.
    Task(TaskUser),
    /// What it makes belongs to this group.
    Root { group: u32 },
    /// The agent's own, which is not root.
    Own(UserId),
}

/// What the arguments depend on besides.
pub struct Machine {
    /// Open files and processes, soft and hard, that the agent may hand down.
    pub limits: Vec<(&'static str, u64, u64)>,
    pub has_folder: fn(&str) -> bool,
}

/// The arguments of the program. `command` is empty where the image's own is to run.
///
/// # Errors
/// Why it cannot be told.
pub fn arguments(
    container: &InContainer,
    place: &Place<'_>,
    machine: &Machine,
    command: &[String],
) -> Result<Vec<String>, String> {
    let InContainer { settings, node } = container;
    let allowed = if node.any_option { Allowed::Any } else { Allowed::Safe };
    let text = settings.container_run_options.as_deref().unwrap_or_default();
    let options = options::arguments(text, allowed).map_err(|error| error.to_string())?;
    let says = |names: &[&str]| options.iter().any(|option| names.iter().any(|name| option.starts_with(name)));
    let mut all: Vec<String> = [
        "run",
        "--rm",
        "--pull=never",
        "--log-driver=passthrough",
        "--cgroups=disabled",
        "--systemd=false",
        "--http-proxy=false",
        // A timer of the machine would run what an image says.
        "--no-healthcheck",
        // An image's own volumes would outlive its container.
        "--image-volume=ignore",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push(format!("--label={LABEL}={}", place.mark));
    all.push(format!("--cidfile={}", place.id_file));
    all.push(format!("--env-file={}", place.environment_file));
    for (name, soft, hard) in &machine.limits {
        if !says(&[&format!("--ulimit={name}")]) {
            all.push(format!("--ulimit={name}={soft}:{hard}"));
        }
    }
    match place.user {
        User::Task(user) => {
            all.push(format!("--user={}:{}", user.uid, user.gid));
            // Looked up in the image, which is the task's: one of its groups could have the number as a name.
            if !user.more_groups().is_empty() {
                all.push(format!("--volume={}:/etc/group:ro,nosuid,nodev", place.group_file));
                all.extend(user.more_groups().iter().map(|group| format!("--group-add={group}")));
            }
        }
        User::Root { group } => all.push(format!("--user=0:{group}")),
        User::Own(id) => all.extend(["--userns=keep-id".to_owned(), format!("--user={id}")]),
    }
    if !matches!(place.user, User::Root { .. }) && !node.any_option {
        all.extend(["--cap-drop=all".to_owned(), "--security-opt=no-new-privileges".to_owned()]);
    }
    // Chosen here: the network of the node, as other tasks have it. So addresses of this server work as they are.
    if !says(&["--net"]) {
        all.push("--network=host".to_owned());
    }
    for (source, is_read_only) in mounts(settings, place.root) {
        if source.contains([':', ',']) {
            return Err(format!("{source} cannot be mounted: its name holds a colon or a comma"));
        }
        let mode = if is_read_only { "ro" } else { "rw" };
        all.push(format!("--volume={source}:{source}:{mode},nosuid,nodev"));
    }
    let in_task_folder = settings.working_directory != Some(ContainerWorkingDirectory::Image);
    if in_task_folder && !says(&["--workdir", "-w"]) {
        all.push(format!("--workdir={}/{}/wd", place.root, place.directory));
    }
    let is_missing = |option: &str| {
        let source = option.strip_prefix("--volume=").and_then(|rest| rest.split(':').next());
        source.is_some_and(|source| PUBLIC_FOLDERS.contains(&source) && !(machine.has_folder)(source))
    };
    for option in options.into_iter().filter(|option| !is_missing(option)) {
        match option.strip_prefix("--gpus=").and_then(options::devices) {
            Some(cards) => all.extend(cards.into_iter().map(|card| format!("--device={card}"))),
            None if !node.any_option && option.starts_with("--volume=") => {
                let has_mode = option.ends_with(":ro") || option.ends_with(":rw");
                all.push(format!("{option}{}nosuid,nodev", if has_mode { "," } else { ":" }));
            }
            None => all.push(option),
        }
    }
    all.push(settings.image_name.clone());
    all.extend_from_slice(command);
    Ok(all)
}

/// What the container sees of the node, at the paths that are known there, and whether it may only read it.
///
/// Only folders that tasks cannot replace: the program finds them with the agent's rights, so a link in the place of a
/// task's folder would lead it anywhere. Chosen here: a task's folder and that of the preparation task are `workitems`.
fn mounts(settings: &ContainerSettings, root: &str) -> Vec<(String, bool)> {
    let given = settings.container_host_batch_bind_mounts.as_deref().unwrap_or_default();
    if given.is_empty() {
        return vec![(root.to_owned(), false)];
    }
    let folder_of = |source| match source {
        ContainerHostDataPath::Shared => "shared",
        ContainerHostDataPath::Startup => "startup",
        ContainerHostDataPath::VfsMounts => "fsmounts",
        ContainerHostDataPath::Task | ContainerHostDataPath::JobPrep => "workitems",
        ContainerHostDataPath::Applications => "applications",
    };
    let mut all: BTreeMap<&str, bool> = BTreeMap::new();
    for mount in given {
        if let Some(folder) = mount.source.map(folder_of) {
            let is_read_only = mount.is_read_only == Some(true);
            all.entry(folder).and_modify(|all| *all &= is_read_only).or_insert(is_read_only);
        }
    }
    // Chosen here: a command that begins in its task's folder sees it.
    if settings.working_directory != Some(ContainerWorkingDirectory::Image) {
        all.entry("workitems").or_insert(false);
    }
    all.into_iter().map(|(folder, is_read_only)| (format!("{root}/{folder}"), is_read_only)).collect()
}

/// As the agent hands them down to all that it runs.
pub fn machine() -> Machine {
    use nix::sys::resource::{Resource, getrlimit};
    let limit = |name, resource| getrlimit(resource).ok().map(|(soft, hard)| (name, soft, hard));
    // The program lowers its own limit to the number of processes that there can be, and can hand down no more.
    let most = std::fs::read_to_string("/proc/sys/kernel/pid_max").ok().and_then(|text| text.trim().parse().ok());
    let most: u64 = most.unwrap_or(u64::MAX);
    let processes =
        limit("nproc", Resource::RLIMIT_NPROC).map(|(name, soft, hard)| (name, soft.min(most), hard.min(most)));
    let limits = [limit("nofile", Resource::RLIMIT_NOFILE), processes];
    Machine { limits: limits.into_iter().flatten().collect(), has_folder: |path| Path::new(path).is_dir() }
}

#[cfg(test)]
mod tests;
