//! Begins the sessions of remote users: like tasks, with pipes or a terminal instead of files.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::pipe::{PipeFlags, pipe_with};

use super::environment::{NodeFacts, session_variables, to_block};
use super::launcher::Launcher;
use super::process::{Identity, Program, SpawnError, TaskUser, use_files_as};
use super::run_id::RunId;
use super::ssh::{self, Terminal};

/// The users' shell: the first of these that there is.
const SHELLS: [&str; 2] = ["/bin/bash", "/bin/sh"];

pub struct SessionLaunch {
    pub run: RunId,
    pub node: Arc<NodeFacts>,
    pub program: ssh::Program,
    pub terminal: Option<Terminal>,
    pub variables: Vec<(String, String)>,
    /// The task user, when there is one.
    pub user: Option<TaskUser>,
    /// With the agent's own user instead.
    pub elevated: bool,
    pub limit_mark: u64,
}

/// Our ends of what a session reads and writes. They do not block.
pub struct Ends {
    pub input: OwnedFd,
    pub output: OwnedFd,
    /// Absent with a terminal.
    pub errors: Option<OwnedFd>,
    pub terminal: Option<OwnedFd>,
}

/// The session's ends.
struct Theirs {
    stdin: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Launcher {
    /// The session's first process. This thread has the task user's rights on files meanwhile, and so pipes and terminal
    /// are that user's.
    pub fn launch_session(&mut self, launch: &SessionLaunch) -> io::Result<(i32, Ends)> {
        use_files_as(launch.user);
        let result = self.launch_session_as_user(launch);
        use_files_as(None);
        result
    }

    /// A process that uploads, as its order in `sheet` says, with the task user's rights: it talks to the network.
    pub fn launch_log_upload(&mut self, launch: &SessionLaunch, sheet: &File) -> io::Result<i32> {
        let variables = session_variables(&launch.node, launch.run, shell(), false, None, &[]);
        let program = Program {
            candidates: &[c"/proc/self/exe".to_owned()],
            arguments: &[c"fournil".to_owned(), c"transfer".to_owned()],
            environment: &to_block(&variables),
            directory: c"/",
            stdin: sheet.as_fd(),
            stdout: self.null.as_fd(),
            stderr: self.null.as_fd(),
            identity: launch.user.map_or(Identity::Own, Identity::User),
            groups: &[],
            view: self.view.as_ref().map(|view| view.as_fd()),
            limit_mark: launch.limit_mark,
            terminal: false,
        };
        self.spawner.spawn(&program).map_err(|error| io::Error::other(error.to_string()))
    }

    fn launch_session_as_user(&mut self, launch: &SessionLaunch) -> io::Result<(i32, Ends)> {
        let (ours, theirs) = match &launch.terminal {
            Some(terminal) => with_terminal(terminal)?,
            None => with_pipes()?,
        };
        let elevated = launch.elevated && launch.user.is_some();
        let kind = launch.terminal.as_ref().map(|terminal| terminal.kind.as_str());
        let variables = session_variables(&launch.node, launch.run, shell(), elevated, kind, &launch.variables);
        let (program, arguments) = command(&launch.program)?;
        let identity = match (launch.user, launch.elevated) {
            (user, true) => Identity::Elevated { group: user.map(|user| user.gid) },
            (Some(user), false) => Identity::User(user),
            (None, false) => Identity::Own,
        };
        let program = Program {
            candidates: &[program],
            arguments: &arguments,
            environment: &to_block(&variables),
            directory: &c_string(&launch.node.root.display().to_string())?,
            stdin: theirs.stdin.as_fd(),
            stdout: theirs.stdout.as_fd(),
            stderr: theirs.stderr.as_fd(),
            identity,
            groups: &[],
            view: self.view.as_ref().map(|view| view.as_fd()),
            limit_mark: launch.limit_mark,
            terminal: launch.terminal.is_some(),
        };
        let pid = self.spawner.spawn(&program).map_err(|error| match error {
            SpawnError::NotFound => io::Error::other("there is no shell"),
            SpawnError::Failed { .. } => io::Error::other(error.to_string()),
        })?;
        Ok((pid, ours))
    }
}

fn shell() -> &'static str {
    SHELLS.into_iter().find(|shell| Path::new(shell).exists()).unwrap_or(SHELLS[1])
}

/// The file and the arguments. A shell that a dash begins the name of is one for logging in.
fn command(program: &ssh::Program) -> io::Result<(CString, Vec<CString>)> {
    let shell = shell();
    let name = shell.rsplit('/').next().unwrap_or(shell);
    Ok(match program {
        ssh::Program::Shell => (c_string(shell)?, vec![c_string(&format!("-{name}"))?]),
        ssh::Program::Command(command) => {
            (c_string(shell)?, vec![c_string(name)?, c"-c".to_owned(), c_string(command)?])
        }
        // Also when the file has been replaced by a newer one.
        ssh::Program::Sftp => (c"/proc/self/exe".to_owned(), vec![c"fournil".to_owned(), c"sftp".to_owned()]),
    })
}

fn c_string(text: &str) -> io::Result<CString> {
    CString::new(text).map_err(|_| io::Error::other("there is a NUL in it"))
}

fn with_terminal(terminal: &Terminal) -> io::Result<(Ends, Theirs)> {
    let (ours, theirs) = ssh::open_terminal(terminal)?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    let ends = Ends { input: dup(ours.as_fd())?, output: dup(ours.as_fd())?, errors: None, terminal: Some(ours) };
    Ok((ends, Theirs { stdin: dup(theirs.as_fd())?, stdout: dup(theirs.as_fd())?, stderr: theirs }))
}

fn with_pipes() -> io::Result<(Ends, Theirs)> {
    let (stdin, input) = pipe_with(PipeFlags::CLOEXEC)?;
    let (output, stdout) = pipe_with(PipeFlags::CLOEXEC)?;
    let (errors, stderr) = pipe_with(PipeFlags::CLOEXEC)?;
    for ours in [&input, &output, &errors] {
        rustix::io::ioctl_fionbio(ours, true)?;
    }
    Ok((Ends { input, output, errors: Some(errors), terminal: None }, Theirs { stdin, stdout, stderr }))
}

fn dup(file: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(file, 3)?)
}
