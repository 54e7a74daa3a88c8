//! Begins runs: makes a run's folder, opens its files and starts its process.
//!
//! The file work in a run's folder is done with the rights of its user, never with root's: what a task put in the way cannot
//! lead it anywhere where the task could not go itself, see [`super::run_folder`].

mod container;

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Gid, Mode, OFlags, Uid, mkdirat, openat};

use super::container::InContainer;
use super::environment::{NodeFacts, RunFacts, candidates, to_block, variables};
use super::groups::Group;
use super::process::{Identity, Program, SpawnError, Spawner, TaskUser, use_files_as};
use super::run_folder::{self, Prepared, open_output};
use super::run_id::RunId;
use super::task_view::View;
use super::transfer::Kind;
use super::{failure, transfer};
use crate::api::agent::{Instance, Package};
use crate::api::{EnvironmentSetting, TaskFailureInformation};
use crate::domain::command_line;

pub struct Launch {
    pub run: RunId,
    pub node: Arc<NodeFacts>,
    pub job_and_task: Option<(String, String)>,
    pub directory: String,
    pub preparation: Option<String>,
    pub command_line: String,
    pub environment: Vec<EnvironmentSetting>,
    /// The run's user, when there is one.
    pub user: Option<TaskUser>,
    /// Its name, where it is another than the node's.
    pub user_name: Option<String>,
    /// Its folder may be read by all tasks of the pool.
    pub is_open: bool,
    /// Of a task that runs on several nodes.
    pub instance: Option<Box<Instance>>,
    /// With the agent's own user instead.
    pub elevated: bool,
    pub limit_mark: u64,
    /// The pool's and the run's own, which are deployed before the command runs.
    pub packages: Vec<Package>,
    /// The container that the command runs in.
    pub container: Option<Box<InContainer>>,
}

impl Launch {
    /// Of the pool's file systems; it has no command.
    pub fn of_mounts(node: Arc<NodeFacts>, user: Option<TaskUser>, limit_mark: u64) -> Self {
        Launch {
            run: RunId::Mounts,
            node,
            job_and_task: None,
            directory: "fsmounts".to_owned(),
            preparation: None,
            command_line: String::new(),
            environment: Vec::new(),
            user,
            user_name: None,
            is_open: false,
            instance: None,
            elevated: true,
            limit_mark,
            packages: Vec::new(),
            container: None,
        }
    }
}

pub struct Launcher {
    root: File,
    pub(super) null: File,
    pub(super) spawner: Spawner,
    /// The mount namespace of tasks; absent where they are in the agent's.
    pub(super) view: Option<Arc<View>>,
    /// What is written for the container program.
    containers: PathBuf,
}

impl Launcher {
    /// `dir` is the agent's folder.
    pub fn open(root: &Path, view: Option<View>, dir: &Path) -> io::Result<Self> {
        let null = OpenOptions::new().read(true).open("/dev/null")?;
        let root = OpenOptions::new().read(true).custom_flags(nix::libc::O_DIRECTORY).open(root)?;
        let containers = dir.join(super::container::FOLDER);
        Ok(Launcher { root, null, spawner: Spawner::new(), view: view.map(Arc::new), containers })
    }

    /// The run's first process.
    pub fn launch(
        &mut self,
        launch: &Launch,
        command_line: &str,
        group: Option<&Group>,
    ) -> Result<i32, TaskFailureInformation> {
        if let Some(container) = &launch.container {
            return self.launch_container(launch, container, command_line, group);
        }
        let arguments = command_line::split(command_line).map_err(|e| failure::launch_failed(&e.to_string()))?;
        let variables = Launcher::variables(launch);
        let Prepared { stdout, stderr, .. } = self.prepare(launch)?;
        let directory = format!("{}/{}/wd", launch.node.root.display(), launch.directory);
        let identity = match (launch.user, launch.elevated) {
            (user, true) => Identity::Elevated { group: user.map(|user| user.gid) },
            (Some(user), false) => Identity::User(user),
            (None, false) => Identity::Own,
        };
        let program = Program {
            candidates: &candidates(&arguments[0], &variables),
            arguments: &to_c_strings(&arguments),
            environment: &to_block(&variables),
            directory: &CString::new(directory).map_err(|_| failure::launch_failed("the folder's name holds a NUL"))?,
            stdin: self.null.as_fd(),
            stdout: stdout.as_fd(),
            stderr: stderr.as_fd(),
            identity,
            groups: &group.map(Group::join).unwrap_or_default(),
            view: self.view.as_ref().map(|view| view.as_fd()),
            limit_mark: launch.limit_mark,
            terminal: false,
        };
        self.spawner.spawn(&program).map_err(|error| match error {
            SpawnError::NotFound => failure::program_not_found(&arguments[0]),
            SpawnError::Failed { .. } => failure::launch_failed(&error.to_string()),
        })
    }

    fn prepare(&self, launch: &Launch) -> Result<Prepared, TaskFailureInformation> {
        let prepared = run_folder::prepare(&self.root, &launch.directory, launch.user, launch.is_open);
        prepared.map_err(|error| failure::no_directory(&error))
    }

    /// The variables of the run's command.
    pub fn variables(launch: &Launch) -> BTreeMap<String, String> {
        let job_and_task = launch.job_and_task.as_ref().map(|(job, task)| (job.as_str(), task.as_str()));
        let is_root = launch.elevated && launch.user.is_some();
        let run = RunFacts {
            run: launch.run,
            job_and_task,
            directory: &launch.directory,
            preparation: launch.preparation.as_deref(),
            settings: &launch.environment,
            packages: &launch.packages,
            instance: launch.instance.as_deref(),
            user: if is_root { Some("root") } else { launch.user_name.as_deref() },
        };
        variables(&launch.node, &run)
    }

    /// A process that moves the run's files, as its order in `sheet` says, from and to a folder below the node's root. It has the task user's rights even where the task
    /// itself is elevated: it talks to the network. What an upload has to say goes into two files of the run's folder.
    pub fn launch_transfer(
        &mut self,
        launch: &Launch,
        group: Option<&Group>,
        (sheet, into): (&File, &str),
        limit_mark: u64,
        logs: bool,
    ) -> Result<i32, TaskFailureInformation> {
        let folder = self.prepare(launch)?.folder;
        use_files_as(launch.user);
        let logs = logs.then(|| {
            let log = |name| open_output(&folder, name, false);
            Ok((log("fileuploadout.txt")?, log("fileuploaderr.txt")?))
        });
        use_files_as(None);
        let logs: Option<(OwnedFd, OwnedFd)> = logs.transpose().map_err(|e: io::Error| failure::no_directory(&e))?;
        let (stdout, stderr) = match &logs {
            Some((out, err)) => (out.as_fd(), err.as_fd()),
            None => (self.null.as_fd(), self.null.as_fd()),
        };
        let run = RunFacts {
            run: launch.run,
            job_and_task: None,
            directory: &launch.directory,
            preparation: None,
            settings: &[],
            packages: &[],
            instance: None,
            user: launch.user_name.as_deref(),
        };
        let kind = if logs.is_some() { Kind::Upload } else { Kind::Download };
        let directory = format!("{}/{into}", launch.node.root.display());
        let program = Program {
            // Also when the file has been replaced by a newer one.
            candidates: &[c"/proc/self/exe".to_owned()],
            arguments: &[c"fournil".to_owned(), c"transfer".to_owned()],
            environment: &to_block(&variables(&launch.node, &run)),
            directory: &CString::new(directory).map_err(|_| failure::launch_failed("the folder's name holds a NUL"))?,
            stdin: sheet.as_fd(),
            stdout,
            stderr,
            identity: launch.user.map_or(Identity::Own, Identity::User),
            groups: &group.map(Group::join).unwrap_or_default(),
            view: self.view.as_ref().map(|view| view.as_fd()),
            limit_mark,
            terminal: false,
        };
        self.spawner.spawn(&program).map_err(|error| transfer::not_started(kind, &error.to_string()))
    }

    /// A process that deploys packages in `staging`, a folder of the agent's that is made for it. With the task user's rights
    /// where it downloads and unpacks, with the agent's own where it puts what was unpacked in its place.
    pub fn launch_deployment(
        &mut self,
        launch: &Launch,
        group: Option<&Group>,
        (sheet, staging): (&File, &str),
        limit_mark: u64,
        as_agent: bool,
    ) -> Result<i32, TaskFailureInformation> {
        let not_started = |error: String| transfer::not_started(Kind::Deploy, &error);
        let user = launch.user.filter(|_| !as_agent);
        if !as_agent {
            self.make_staging(staging, user).map_err(|error| not_started(error.to_string()))?;
        }
        let run = RunFacts {
            run: launch.run,
            job_and_task: None,
            directory: staging,
            preparation: None,
            settings: &[],
            packages: &[],
            instance: None,
            user: launch.user_name.as_deref(),
        };
        let directory = format!("{}/{staging}", launch.node.root.display());
        let program = Program {
            terminal: false,
            candidates: &[c"/proc/self/exe".to_owned()],
            arguments: &[c"fournil".to_owned(), c"transfer".to_owned()],
            environment: &to_block(&variables(&launch.node, &run)),
            directory: &CString::new(directory).map_err(|error| not_started(error.to_string()))?,
            stdin: sheet.as_fd(),
            stdout: self.null.as_fd(),
            stderr: self.null.as_fd(),
            identity: user.map_or(Identity::Own, Identity::User),
            groups: &group.map(Group::join).unwrap_or_default(),
            view: self.view.as_ref().map(|view| view.as_fd()),
            limit_mark,
        };
        self.spawner.spawn(&program).map_err(|error| not_started(error.to_string()))
    }

    /// The process that mounts the pool's file systems, in the tasks' view and with the agent's rights; in `staging`, a folder of
    /// the agent's that is made for it. It finds programs as the agent does.
    pub fn launch_mounts(
        &mut self,
        launch: &Launch,
        (sheet, staging): (&File, &str),
    ) -> Result<i32, TaskFailureInformation> {
        let not_started = |error: String| transfer::not_started(Kind::Mount, &error);
        self.make_staging(staging, None).map_err(|error| not_started(error.to_string()))?;
        let mut environment = Launcher::variables(launch);
        environment.extend(std::env::var("PATH").map(|path| ("PATH".to_owned(), path)));
        let program = Program {
            terminal: false,
            candidates: &[c"/proc/self/exe".to_owned()],
            arguments: &[c"fournil".to_owned(), c"transfer".to_owned()],
            environment: &to_block(&environment),
            directory: c"/",
            stdin: sheet.as_fd(),
            stdout: self.null.as_fd(),
            stderr: self.null.as_fd(),
            identity: Identity::Own,
            groups: &[],
            view: self.view.as_ref().map(|view| view.as_fd()),
            limit_mark: launch.limit_mark,
        };
        self.spawner.spawn(&program).map_err(|error| not_started(error.to_string()))
    }

    /// A new folder that belongs to the user, below one that belongs to the agent.
    fn make_staging(&self, staging: &str, user: Option<TaskUser>) -> io::Result<()> {
        mkdirat(&self.root, staging, Mode::from_raw_mode(0o700))?;
        if let Some(user) = user {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let folder = openat(&self.root, staging, flags, Mode::empty())?;
            rustix::fs::fchown(&folder, Some(Uid::from_raw(user.uid)), Some(Gid::from_raw(user.gid)))?;
        }
        Ok(())
    }
}

fn to_c_strings(arguments: &[String]) -> Vec<CString> {
    arguments.iter().map(|a| CString::new(a.as_str()).expect("the splitter refuses NUL")).collect()
}
