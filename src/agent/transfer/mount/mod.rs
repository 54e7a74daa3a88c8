//! Mounts the pool's file systems, in the mount namespace of tasks and with the agent's rights. Secrets go into files that only
//! the agent reads, never into arguments. Nothing is run through a shell.
//!
//! Nothing of it is seen outside of that namespace, not even by the agent: whatever is removed there is never removed
//! through a mount, and all are gone with the namespace.

mod plan;
mod program;

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, ToSocketAddrs};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::failure::{Result, failure};
use crate::agent::mounts::ERROR;
use crate::agent::process::UserId;
use crate::agent::{clock, mount_table};
use crate::api::{AddressRange, MountConfiguration, Secret};
use plan::{Files, Plan};

/// For one file system. Chosen here: a server that does not answer by then will not be of use to tasks.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why one could not be mounted, in sentences and without secrets.
type Reason = String;

/// `folder` holds files for the programs; `group` is the tasks' user.
pub fn all(
    mounts: &[MountConfiguration],
    (root, folder): (&Path, &Path),
    group: Option<UserId>,
    forbidden: &[AddressRange],
) -> Result<()> {
    for (index, mount) in mounts.iter().enumerate() {
        let relative = mount.relative_path().unwrap_or_default();
        let target = root.join(relative);
        let files = Files::of(folder, index);
        let done = make_folders(root, relative, group)
            .map_err(|error| format!("Its folder could not be made: {error}."))
            .and_then(|()| one(mount, &target, &files, group, forbidden));
        if let Err(reason) = done {
            take_back(&mounts[..=index], root);
            let reason = plan::without_secrets(reason, mount);
            let message = format!("The file system for {relative} could not be mounted. {reason}");
            let details = [("RelativeMountPath", relative), ("Kind", mount.kind().unwrap_or_default())];
            return Err(failure(ERROR, message, &details));
        }
    }
    Ok(())
}

/// What cannot be used holds no connections.
fn take_back(mounts: &[MountConfiguration], root: &Path) {
    for relative in mounts.iter().rev().filter_map(MountConfiguration::relative_path) {
        let _ = umount2(&root.join(relative), MntFlags::MNT_DETACH);
    }
}

fn one(
    mount: &MountConfiguration,
    target: &Path,
    files: &Files,
    group: Option<UserId>,
    forbidden: &[AddressRange],
) -> std::result::Result<(), Reason> {
    let deadline = clock::instant() + PATIENCE;
    let plan = plan::of(mount, target, files, group)?;
    for program in [Some(plan.program), plan.helper].into_iter().flatten() {
        if !program::is_there(program) {
            return Err(format!("The program {program} is not on the node: install {}.", plan.package));
        }
    }
    let addresses = allowed_addresses(&plan::host(mount)?, forbidden)?;
    if let Some(content) = &plan.file {
        write_private(&files.settings, content)
            .map_err(|error| format!("Its settings could not be written: {error}."))?;
    }
    let done = run(&plan, target, &addresses, deadline);
    if !plan.stays {
        let _ = fs::remove_file(&files.settings);
    }
    done?;
    harden(target).map_err(|error| format!("It could not be mounted without devices and set-user-id: {error}."))
}

/// With the first address that works. Where the operator forbids none, the program finds them itself.
fn run(plan: &Plan, target: &Path, addresses: &[IpAddr], deadline: Instant) -> std::result::Result<(), Reason> {
    let is_mounted = || mount_table::read().is_ok_and(|all| all.iter().any(|mounted| mounted.point == target));
    let all: Vec<Vec<String>> = match addresses {
        [] => vec![plan.arguments(None)],
        addresses => addresses.iter().map(|address| plan.arguments(Some(*address))).collect(),
    };
    let mut done = Err(String::new());
    for arguments in all {
        done = match plan.stays {
            true => program::serve(plan.program, &arguments, is_mounted, deadline),
            false => program::run(plan.program, &arguments, deadline),
        };
        if done.is_ok() || clock::instant() >= deadline {
            break;
        }
    }
    done?;
    if is_mounted() { Ok(()) } else { Err(format!("{} ended well, and nothing is mounted.", plan.program)) }
}

/// Whatever the program made of its options. What else is so of the mount stays so.
fn harden(target: &Path) -> io::Result<()> {
    let all = mount_table::read()?;
    let own = all.iter().rfind(|mounted| mounted.point == target).ok_or(io::ErrorKind::NotFound)?;
    let has = |option: &str| own.options.iter().any(|own| own == option);
    if has("nosuid") && has("nodev") {
        return Ok(());
    }
    let kept = [
        ("ro", MsFlags::MS_RDONLY),
        ("noexec", MsFlags::MS_NOEXEC),
        ("noatime", MsFlags::MS_NOATIME),
        ("nodiratime", MsFlags::MS_NODIRATIME),
        ("relatime", MsFlags::MS_RELATIME),
    ];
    let kept: MsFlags = kept.into_iter().filter(|(option, _)| has(option)).map(|(_, flag)| flag).collect();
    let flags = kept | MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let nothing = None::<&str>;
    mount(nothing, target, nothing, flags, nothing)?;
    Ok(())
}

/// Below the agent's own folder, in which no task can put anything.
fn make_folders(root: &Path, relative: &str, group: Option<UserId>) -> io::Result<()> {
    let mut path = root.to_owned();
    for part in relative.split('/') {
        path.push(part);
        match DirBuilder::new().mode(0o750).create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => {
                made?;
                chown(&path, None, group)?;
            }
        }
    }
    Ok(())
}

/// The addresses that may be spoken to; none when all may.
fn allowed_addresses(host: &str, forbidden: &[AddressRange]) -> std::result::Result<Vec<IpAddr>, Reason> {
    if forbidden.is_empty() {
        return Ok(Vec::new());
    }
    let found = (host, 0).to_socket_addrs().map_err(|error| format!("The machine {host} is not known: {error}."))?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found.map(|address| address.ip()) {
        if forbidden.iter().any(|range| range.contains(address)) {
            return Err(format!("The operator of this node does not allow the address {address}."));
        }
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(format!("The machine {host} has no address.")) } else { Ok(addresses) }
}

fn write_private(path: &Path, content: &Secret) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content.0.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_addresses_are_not_spoken_to_whatever_they_are_called() {
        let forbidden: Vec<AddressRange> = ["169.254.0.0/16", "127.0.0.0/8"].map(|range| range.parse().unwrap()).into();
        assert_eq!(allowed_addresses("localhost", &[]), Ok(Vec::new()));
        assert!(allowed_addresses("169.254.169.254", &forbidden).unwrap_err().contains("does not allow the address"));
        assert!(allowed_addresses("127.0.0.1", &forbidden).unwrap_err().contains("127.0.0.1"));
        assert_eq!(allowed_addresses("10.0.0.1", &forbidden), Ok(vec!["10.0.0.1".parse().unwrap()]));
        assert!(allowed_addresses("no-such-machine.invalid", &forbidden).unwrap_err().contains("is not known"));
    }
}
