//! Begins runs whose command runs in a container, and what goes around them.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::{Launch, Launcher, to_c_strings};
use crate::agent::container::{self, InContainer, Place, User, environment_file};
use crate::agent::environment::{candidates, to_block};
use crate::agent::failure;
use crate::agent::groups::Group;
use crate::agent::process::{Identity, Program, SpawnError, TaskUser};
use crate::agent::run_id::{MARKER, RunId};
use crate::agent::transfer::{self, Kind};
use crate::api::TaskFailureInformation;
use crate::domain::command_line::{self, SplitError};

/// Variables of the agent's own by which the container program finds its settings and its images.
const FOR_PROGRAM: [&str; 22] = [
    "HOME",
    "USER",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "TMPDIR",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
    "CONTAINERS_REGISTRIES_CONF",
    "STORAGE_DRIVER",
    "STORAGE_OPTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "PATH",
    "LANG",
];

/// What is written of a run: its container's id, its variables, and the groups that its image knows.
const FILES: [&str; 3] = ["id", "env", "group"];

const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Launcher {
    /// The container program, which runs as long as the container does.
    pub(super) fn launch_container(
        &mut self,
        launch: &Launch,
        container: &InContainer,
        command_line: &str,
        group: Option<&Group>,
    ) -> Result<i32, TaskFailureInformation> {
        let command = match command_line::split(command_line) {
            Err(SplitError::Empty) => Vec::new(),
            split => split.map_err(|e| failure::launch_failed(&e.to_string()))?,
        };
        let files = self.prepare(launch)?;
        let variables = environment_file(&Launcher::variables(launch), &launch.environment)
            .map_err(|name| failure::of_container(&format!("the variable {name:?} has more than one line")))?;
        let [id_file, env_file, group_file] = FILES.map(|kind| self.container_file(launch.run, kind));
        let written = self
            .write_container_file(&env_file, &variables, 0o600)
            .and_then(|()| self.write_container_file(&group_file, &group_text(launch.user), 0o644))
            .and_then(|()| remove_if_there(&id_file));
        written.map_err(|error| failure::launch_failed(&format!("writing for the container program: {error}")))?;
        let place = Place {
            root: &launch.node.root.display().to_string(),
            directory: &launch.directory,
            mark: &launch.node.mark,
            user: user_in_container(launch.user, launch.elevated),
            id_file: &id_file.display().to_string(),
            environment_file: &env_file.display().to_string(),
            group_file: &group_file.display().to_string(),
        };
        let told = container::arguments(container, &place, &container::machine(), &command)
            .map_err(|reason| failure::of_container(&reason))?;
        let arguments: Vec<String> = [container.node.program.clone()].into_iter().chain(told).collect();
        if arguments.iter().any(|argument| argument.contains('\0')) {
            return Err(failure::of_container("an option holds a NUL"));
        }
        let environment = program_environment(&launch.node.mark, launch.run);
        let program = Program {
            candidates: &candidates(&arguments[0], &environment),
            arguments: &to_c_strings(&arguments),
            environment: &to_block(&environment),
            directory: c"/",
            stdin: self.null.as_fd(),
            stdout: files.stdout.as_fd(),
            stderr: files.stderr.as_fd(),
            // The program makes the container; the command in it has the user that the program is told.
            identity: Identity::Elevated { group: None },
            groups: &group.map(Group::join).unwrap_or_default(),
            // It keeps mounts of its own, which all its processes must see.
            view: None,
            limit_mark: launch.limit_mark,
            terminal: false,
        };
        self.spawner.spawn(&program).map_err(|error| match error {
            SpawnError::NotFound => failure::of_container(&format!("the program {:?} was not found", arguments[0])),
            SpawnError::Failed { .. } => failure::launch_failed(&error.to_string()),
        })
    }

    /// The process that brings images to the node.
    pub fn launch_images(
        &mut self,
        launch: &Launch,
        group: Option<&Group>,
        sheet: &File,
        limit_mark: u64,
    ) -> Result<i32, TaskFailureInformation> {
        let arguments = ["fournil".to_owned(), "transfer".to_owned()];
        let environment = program_environment(&launch.node.mark, launch.run);
        let folder = CString::new(self.containers.display().to_string())
            .map_err(|_| failure::launch_failed("the folder's name holds a NUL"))?;
        let program = Program {
            candidates: &[c"/proc/self/exe".to_owned()],
            arguments: &to_c_strings(&arguments),
            environment: &to_block(&environment),
            directory: &folder,
            stdin: sheet.as_fd(),
            stdout: self.null.as_fd(),
            stderr: self.null.as_fd(),
            identity: Identity::Elevated { group: None },
            groups: &group.map(Group::join).unwrap_or_default(),
            view: None,
            limit_mark,
            terminal: false,
        };
        self.spawner.spawn(&program).map_err(|error| transfer::not_started(Kind::Image, &error.to_string()))
    }

    /// The id of a run's container, if it was made. What was written for it is removed.
    pub fn take_container_id(&self, run: RunId) -> Option<String> {
        let id = fs::read_to_string(self.container_file(run, "id")).ok();
        for kind in FILES {
            let _ = fs::remove_file(self.container_file(run, kind));
        }
        id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())
    }

    /// Removes a container whose processes have ended. Nobody waits for it: a failure leaves the container for the next sweep.
    pub fn remove_container(&mut self, program: &str, mark: &str, run: RunId, id: &str, limit_mark: u64) {
        // Of a container whose processes were killed the program learns while it fails to end them, so it is told twice.
        const REMOVE: &str = r#""$0" rm --force --ignore --time=0 "$1" || "$0" rm --force --ignore --time=0 "$1""#;
        let arguments = ["sh", "-c", REMOVE, program, id].map(str::to_owned);
        let environment = program_environment(mark, run);
        let program = Program {
            candidates: &[c"/bin/sh".to_owned()],
            arguments: &to_c_strings(&arguments),
            environment: &to_block(&environment),
            directory: c"/",
            stdin: self.null.as_fd(),
            stdout: self.null.as_fd(),
            stderr: self.null.as_fd(),
            identity: Identity::Elevated { group: None },
            groups: &[],
            view: None,
            limit_mark,
            terminal: false,
        };
        if let Err(error) = self.spawner.spawn(&program) {
            tracing::warn!(%error, "a container could not be removed");
        }
    }

    fn container_file(&self, run: RunId, kind: &str) -> PathBuf {
        self.containers.join(format!("{run}.{kind}"))
    }

    /// An earlier agent may have left one.
    fn write_container_file(&self, path: &PathBuf, text: &str, mode: u32) -> io::Result<()> {
        remove_if_there(path)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())
    }
}

/// Stands in the place of the image's, in which the name of a group that a number asks for could be another number's.
fn group_text(user: Option<TaskUser>) -> String {
    let ids = user.iter().flat_map(|user| [user.gid].into_iter().chain(user.more_groups().iter().copied()));
    ["root:x:0:\n".to_owned()].into_iter().chain(ids.map(|id| format!("g{id}:x:{id}:\n"))).collect()
}

fn remove_if_there(path: &PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn user_in_container(user: Option<TaskUser>, elevated: bool) -> User {
    let own = nix::unistd::geteuid();
    match user {
        Some(user) if !elevated => User::Task(user),
        _ if own.is_root() => User::Root { group: user.map_or(0, |user| user.gid) },
        _ => User::Own(own.as_raw()),
    }
}

/// Nothing of a task's: the program has the agent's rights.
fn program_environment(mark: &str, run: RunId) -> std::collections::BTreeMap<String, String> {
    let own = FOR_PROGRAM.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    let mut all: std::collections::BTreeMap<String, String> = own.collect();
    all.entry("PATH".to_owned()).or_insert_with(|| USUAL_PATH.to_owned());
    if nix::unistd::geteuid().is_root() {
        all.entry("HOME".to_owned()).or_insert_with(|| "/root".to_owned());
    }
    all.insert(MARKER.to_owned(), format!("{mark}{run}"));
    all
}
