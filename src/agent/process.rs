//! The one place of the agent that makes processes, and its only `unsafe` code.
//!
//! [`Spawner::spawn`] does what `posix_spawn` does, with the steps that `posix_spawn` cannot be told: the child shares the
//! agent's memory until it runs the program (nothing is copied, so the cost does not grow with the agent), and on its way it
//! takes its own session, the task's user, and loses every open file but its three. No-op tasks are limited by this path.

#![allow(unsafe_code, reason = "making and waiting for processes needs system calls that have no safe wrapper")]

use std::cell::RefCell;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::libc;
use nix::sched::CloneFlags;

use super::limit_mark;

use crate::api::agent::Usage;

/// User and group id, the same number.
pub type UserId = u32;

/// A user of tasks. All of a pool are in the group of the pool's own user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskUser {
    pub uid: u32,
    pub gid: u32,
    /// Further groups; its own one where it needs no other.
    groups: [u32; 2],
}

impl TaskUser {
    /// The pool's own.
    pub fn of_pool(id: UserId) -> Self {
        TaskUser { uid: id, gid: id, groups: [id; 2] }
    }

    /// Another one of the pool.
    pub fn in_pool(uid: u32, gid: u32, pool: UserId) -> Self {
        TaskUser { uid, gid, groups: [pool; 2] }
    }

    /// The same with the rights of one more group.
    pub fn with_group(self, group: u32) -> Self {
        TaskUser { groups: [self.groups[0], group], ..self }
    }

    /// Of the pool.
    pub fn pool(&self) -> UserId {
        self.groups[0]
    }

    /// Those that it has besides its own one.
    pub fn more_groups(&self) -> &[libc::gid_t] {
        match self.groups {
            [pool, other] if pool == self.gid && other == self.gid => &[],
            [pool, other] if pool == other => &self.groups[..1],
            _ => &self.groups,
        }
    }
}

pub struct Program<'a> {
    /// Tried in order until one exists.
    pub candidates: &'a [CString],
    pub arguments: &'a [CString],
    pub environment: &'a [CString],
    pub directory: &'a CStr,
    pub stdin: BorrowedFd<'a>,
    pub stdout: BorrowedFd<'a>,
    pub stderr: BorrowedFd<'a>,
    pub identity: Identity,
    /// Files of control groups: whoever writes `0` to them is in the group.
    pub groups: &'a [BorrowedFd<'a>],
    /// The mount namespace that it enters.
    pub view: Option<BorrowedFd<'a>>,
    /// The limit by which its processes are known, see [`super::limit_mark`].
    pub limit_mark: u64,
    /// Standard input is a terminal, which becomes that of the session.
    pub terminal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The agent's own user; it cannot gain rights by set-user-id programs.
    Own,
    /// The agent's own user, with all that it may do. Files belong to this group, so that the task user can read them.
    Elevated { group: Option<UserId> },
    /// This user, with its pool's group and no other, without capabilities, and no way to gain any.
    User(TaskUser),
}

#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    #[error("no such program")]
    NotFound,
    #[error("{step}: {error}")]
    Failed { step: &'static str, error: io::Error },
}

const STACK_BYTES: usize = 64 << 10;

pub struct Spawner {
    stack: Box<[u8]>,
}

impl Spawner {
    pub fn new() -> Self {
        Spawner { stack: vec![0; STACK_BYTES].into_boxed_slice() }
    }

    /// Returns when the program runs. Every descriptor of the agent must be close-on-exec and above 2.
    pub fn spawn(&mut self, program: &Program<'_>) -> Result<i32, SpawnError> {
        let arguments = pointers(program.arguments);
        let environment = pointers(program.environment);
        let failed_step = AtomicI32::new(0);
        let errno = AtomicI32::new(0);
        let child = Child { program, arguments: &arguments, environment: &environment };
        let run = || {
            // Only returns on failure. The parent sees these stores: the memory is shared and it waits.
            let step = child.run();
            errno.store(io::Error::last_os_error().raw_os_error().unwrap_or(0), Ordering::Relaxed);
            failed_step.store(step as i32 + 1, Ordering::Relaxed);
            127
        };
        let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
        let mask = block_signals();
        // SAFETY: the child has a stack of its own, this thread sleeps until the child has left the shared memory, no signal
        // handler can run in the child (all signals are blocked until its handlers are gone), and the child makes system
        // calls only: it neither allocates nor takes a lock.
        let made = unsafe { nix::sched::clone(Box::new(run), &mut self.stack, flags, Some(libc::SIGCHLD)) };
        restore_signals(&mask);
        let pid = made.map_err(|e| SpawnError::Failed { step: "making a process", error: e.into() })?.as_raw();
        let step = failed_step.load(Ordering::Relaxed);
        if step == 0 {
            return Ok(pid);
        }
        reap(pid);
        let error = io::Error::from_raw_os_error(errno.load(Ordering::Relaxed));
        let not_found = matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR));
        match Step::ALL[step as usize - 1] {
            Step::Execute if not_found => Err(SpawnError::NotFound),
            step => Err(SpawnError::Failed { step: step.text(), error }),
        }
    }
}

#[derive(Clone, Copy)]
enum Step {
    Session,
    Files,
    Group,
    View,
    User,
    Directory,
    Execute,
}

impl Step {
    const ALL: [Step; 7] =
        [Step::Session, Step::Files, Step::Group, Step::View, Step::User, Step::Directory, Step::Execute];

    fn text(self) -> &'static str {
        match self {
            Step::Session => "starting a session",
            Step::Files => "opening the standard files",
            Step::Group => "entering the task's control group",
            Step::View => "entering the tasks' mount namespace",
            Step::User => "becoming the task's user",
            Step::Directory => "entering the working directory",
            Step::Execute => "running the program",
        }
    }
}

struct Child<'a> {
    program: &'a Program<'a>,
    arguments: &'a [*const libc::c_char],
    environment: &'a [*const libc::c_char],
}

impl Child<'_> {
    /// Runs in the child. Returns the step that failed, with `errno` set.
    fn run(&self) -> Step {
        // SAFETY: system calls with pointers that the sleeping parent keeps alive. `syscall` is used for the identity because
        // the C library's functions would change it for all threads of the process that the child is not.
        unsafe {
            default_handlers();
            if libc::setsid() == -1 {
                return Step::Session;
            }
            let files = [&self.program.stdin, &self.program.stdout, &self.program.stderr];
            for (target, file) in files.iter().enumerate() {
                if libc::dup2(file.as_raw_fd(), target as i32) == -1 {
                    return Step::Files;
                }
            }
            if self.program.terminal && libc::ioctl(0, libc::TIOCSCTTY, 0) == -1 {
                return Step::Files;
            }
            // All are close-on-exec by birth; this is for one that a library might forget. Older kernels lack the call.
            libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
            libc::umask(0o027);
            // Not possible below a lower limit; then it has no mark.
            let limit = libc::rlimit { rlim_cur: self.program.limit_mark, rlim_max: self.program.limit_mark };
            libc::syscall(libc::SYS_prlimit64, 0, limit_mark::RESOURCE, &limit, ptr::null_mut::<libc::rlimit>());
            for group in self.program.groups {
                if libc::write(group.as_raw_fd(), c"0".as_ptr().cast(), 1) == -1 {
                    return Step::Group;
                }
            }
            if let Some(view) = &self.program.view
                && libc::setns(view.as_raw_fd(), libc::CLONE_NEWNS) == -1
            {
                return Step::View;
            }
            if !self.take_identity() {
                return Step::User;
            }
            if libc::chdir(self.program.directory.as_ptr()) == -1 {
                return Step::Directory;
            }
            let none: libc::sigset_t = std::mem::zeroed();
            libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
            for candidate in self.program.candidates {
                libc::execve(candidate.as_ptr(), self.arguments.as_ptr(), self.environment.as_ptr());
                if !matches!(*libc::__errno_location(), libc::ENOENT | libc::ENOTDIR) {
                    break;
                }
            }
        }
        Step::Execute
    }

    unsafe fn take_identity(&self) -> bool {
        let (user, group, may_gain) = match &self.program.identity {
            Identity::Own => (None, None, false),
            Identity::Elevated { group } => (None, *group, true),
            Identity::User(user) => (Some(user), Some(user.gid), false),
        };
        // SAFETY: the one pointer is to a slice that the sleeping parent keeps alive, with its length.
        unsafe {
            if let Some(groups) = user.map(TaskUser::more_groups)
                && libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) == -1
            {
                return false;
            }
            if let Some(id) = group
                && libc::syscall(libc::SYS_setresgid, id, id, id) == -1
            {
                return false;
            }
            // Elevated: file access is the agent's again, this thread has the task user's.
            let id = user.map_or_else(|| libc::geteuid(), |user| user.uid);
            if libc::syscall(libc::SYS_setresuid, id, id, id) == -1 {
                return false;
            }
            may_gain || libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        }
    }
}

/// The agent's handlers would otherwise run in the child, on the agent's memory; and the Rust runtime ignores SIGPIPE, which
/// programs would inherit.
unsafe fn default_handlers() {
    // SAFETY: a zeroed sigaction is SIG_DFL without flags.
    unsafe {
        let default: libc::sigaction = std::mem::zeroed();
        for signal in 1..32 {
            libc::sigaction(signal, &default, ptr::null_mut());
        }
    }
}

/// Undoes for the agent's tasks what its starter had ignored among the signals that are not reset for each: those from 32 on,
/// two of which the C library does not let anybody touch.
pub fn reset_real_time_signals() {
    /// As the kernel has it: handler, flags, restorer, mask.
    const DEFAULT: [u64; 4] = [0; 4];
    for signal in 32..=64 {
        // SAFETY: the kernel reads 32 bytes at most; the agent itself has no handlers for these signals yet.
        unsafe {
            libc::syscall(libc::SYS_rt_sigaction, signal, DEFAULT.as_ptr(), ptr::null_mut::<u64>(), size_of::<u64>())
        };
    }
}

fn block_signals() -> libc::sigset_t {
    // SAFETY: both sets are valid for the calls.
    unsafe {
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        before
    }
}

fn restore_signals(mask: &libc::sigset_t) {
    // SAFETY: the set comes from `block_signals`.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, ptr::null_mut()) };
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([ptr::null()]).collect()
}

/// A child that has ended and still holds its process id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    pub pid: i32,
    /// The exit code, or 128 + the signal's number.
    pub code: i32,
}

/// The next child that has ended, which stays a zombie until [`reap`]: so its id, and that of its process group, cannot be
/// given to others yet.
pub fn next_exit() -> Option<Exit> {
    // SAFETY: `waitid` fills the struct; its child fields are set when it returns 0 with a process id.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        if libc::waitid(libc::P_ALL, 0, &mut info, options) == -1 || info.si_pid() == 0 {
            return None;
        }
        let status = info.si_status();
        Some(Exit { pid: info.si_pid(), code: if info.si_code == libc::CLD_EXITED { status } else { 128 + status } })
    }
}

/// Takes a child that has ended off the process table, and says what it and the children that it waited for took.
pub fn reap(pid: i32) -> Usage {
    // SAFETY: all zeros are a value of the struct, which outlives the call.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: the status is not asked for; the pointer is to the struct above.
        match unsafe { libc::wait4(pid, ptr::null_mut(), 0, &mut usage) } {
            -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            -1 => return Usage::default(),
            _ => break,
        }
    }
    let micros = |time: libc::timeval| time.tv_sec * 1_000_000 + time.tv_usec;
    Usage {
        user_micros: micros(usage.ru_utime),
        kernel_micros: micros(usage.ru_stime),
        blocks_read: usage.ru_inblock,
        blocks_written: usage.ru_oublock,
    }
}

thread_local! {
    /// The thread's own groups, while it has a user's.
    static OWN_GROUPS: RefCell<Option<Vec<libc::gid_t>>> = const { RefCell::new(None) };
}

/// Whose rights this thread has on files; other threads keep theirs. Only root can change it.
pub fn use_files_as(user: Option<TaskUser>) {
    let own = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
    let (uid, gid) = user.map_or(own, |user| (user.uid, user.gid));
    OWN_GROUPS.with_borrow_mut(|own| {
        match user.as_ref().map(TaskUser::more_groups).filter(|groups| !groups.is_empty()) {
            Some(groups) => {
                own.get_or_insert_with(groups_of_this_thread);
                set_groups(groups);
            }
            None => own.take().into_iter().for_each(|groups| set_groups(&groups)),
        }
    });
    nix::unistd::setfsgid(nix::unistd::Gid::from_raw(gid));
    nix::unistd::setfsuid(nix::unistd::Uid::from_raw(uid));
}

fn groups_of_this_thread() -> Vec<libc::gid_t> {
    nix::unistd::getgroups()
        .map(|groups| groups.into_iter().map(nix::unistd::Gid::as_raw).collect())
        .unwrap_or_default()
}

/// Of this thread alone: the C library's function would change them for all.
fn set_groups(groups: &[libc::gid_t]) {
    // SAFETY: the kernel reads as many numbers as the slice has.
    unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) };
}
