//! What a node's agent and the server say to each other over one WebSocket.
//!
//! Text frames hold a JSON array of messages, so that one frame carries many. Binary frames carry file data: four bytes
//! (little endian) with the length of a JSON [`FileReply`], that reply, and the bytes of the file.
//!
//! An attempt is one run of a task. Its number only grows; whatever is said of an older attempt than the server's changes
//! nothing. Job preparation and release tasks are attempts like all others; their keys are negative.
//!
//! A connection begins with [`Hello`] and is answered by [`Welcome`]; neither side says anything else before. Then the agent
//! says again every `Started` of what runs and every `Ended` that has not been acknowledged, so a lost connection loses
//! nothing. An attempt that the server holds for the node and that `Hello` does not name was lost (it never arrived, or died
//! with an earlier agent process): its task runs again.
//!
//! Messages are collected for about a millisecond. An attempt that begins and ends within that time is told by its `Ended`
//! alone, without a `Started` before it.
//!
//! A node whose pool has no start task is ready after `Welcome`; one that has a start task when [`StartTaskReport::ready`]
//! says so. Tasks that are sent earlier wait on the node.

mod attempt;
mod containers;
mod files;
mod limits;
mod package;
mod user;

use serde::{Deserialize, Serialize};

pub use attempt::Attempt;
pub use containers::NodeContainers;
pub use files::{FileAsk, FileReply};
pub use limits::{LimitsObstacle, NodeLimits, NodeSize};
pub use package::Package;
pub use user::{Ids, NodeAccount, OwnUsers, RunUser};

use super::{Secret, TaskFailureInformation, Timestamp};

/// Path of the WebSocket; the node's token is sent as a bearer token.
pub const CONNECT_PATH: &str = "/node/v1/connect";

/// Where the answer to an agent that is not let in says why.
pub const REFUSAL_HEADER: &str = "x-fournil-refusal";

/// The name that the server's certificate for agents carries, in whatever way they reach it.
pub const SERVER_NAME: &str = "server.fournil.internal";

/// The file, beside that with the server's URL, that holds the authority of this certificate; there when the URL is `https`.
pub const AUTHORITY_FILE: &str = "ca.pem";

/// How often an agent says that it lives, in seconds.
pub const HEARTBEAT_SECS: u64 = 5;

/// The most bytes of a file in one reply.
pub const MAX_READ_BYTES: u64 = 4 << 20;

/// A message of the agent's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "m")]
pub enum FromAgent {
    /// First message of a connection.
    Hello(Hello),
    /// The start task began, failed and will be tried again (the retries are the agent's), or ended for good.
    StartTask(StartTaskReport),
    /// The pool's file systems, application packages and container images are on the node: now the start task may run, or tasks where
    /// there is none. Where they cannot be, [`FromAgent::Health`] says so.
    PackagesDeployed,
    Started {
        a: Attempt,
        at: Timestamp,
    },
    Ended(Ended),
    /// The coordination command of an instance has ended well. Said again on each connection, as long as the instance lives.
    Ready {
        a: Attempt,
    },
    /// Attempts that are over without an end of their own, and nothing of them is left: recalled before they began, killed
    /// by the server's word, fenced by a lost lease, or dead with an earlier agent process. Their slots are free now.
    /// Not acknowledged: what was given back is in no later `Hello`.
    GaveBack {
        attempts: Vec<Attempt>,
    },
    Heartbeat {
        sample: Sample,
    },
    /// These folders of a [`ToAgent::CleanUp`] are out of the way.
    CleanedUp {
        directories: Vec<String>,
    },
    /// A watched file has grown; or its watch has ended because the file went or the watch's time was up.
    FileGrew {
        watch: u64,
        length: u64,
        ended: bool,
    },
    /// How its users get in, whenever that changes.
    Remote(RemoteReport),
    /// The node cannot run tasks (`error` set) or can again. The code is one of Batch's node errors, e.g. `DiskFull`.
    Health {
        error: Option<super::NodeError>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    pub node: String,
    pub agent_version: String,
    /// New with every agent process.
    pub boot: String,
    pub booted_at: Timestamp,
    pub ip_address: String,
    pub cores: i64,
    #[serde(rename = "memoryMiB")]
    pub memory_mib: i64,
    /// Attempts that wait or run here now.
    pub alive: Vec<Attempt>,
    /// Attempts whose `Ended` has not been acknowledged; it is sent again after `Welcome`.
    pub ended: Vec<Attempt>,
    /// As by [`FromAgent::PackagesDeployed`].
    #[serde(default)]
    pub packages_deployed: bool,
    /// Absent until the start task has begun; then its state, said again on each connection.
    pub start_task: Option<StartTaskReport>,
    #[serde(default)]
    pub limits: NodeLimits,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartTaskReport {
    pub info: super::StartTaskInformation,
    /// Tasks may run now.
    pub ready: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    pub a: Attempt,
    /// Absent when the command was never started.
    pub started: Option<Timestamp>,
    pub at: Timestamp,
    /// Absent when no process ended by itself or by a signal. A signal is 128 + its number, as shells say it.
    pub exit: Option<i32>,
    /// Absent on success. A non-zero exit is `FailureExitCode`.
    pub failure: Option<TaskFailureInformation>,
    /// What its processes took; of those that fled from their parents only what is known.
    #[serde(default)]
    pub usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<super::TaskContainerExecutionInformation>,
}

/// What a run took of its node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    #[serde(rename = "u")]
    pub user_micros: i64,
    #[serde(rename = "k")]
    pub kernel_micros: i64,
    /// Of 512 bytes, from and to disks.
    #[serde(rename = "r")]
    pub blocks_read: i64,
    #[serde(rename = "w")]
    pub blocks_written: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// 0 to 1.
    pub cpu: f64,
    pub memory_used_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_total_bytes: Option<u64>,
    pub disk_free_bytes: u64,
    /// Of the disk with the node's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_used_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
}

/// What went over the machine's disks and network cards since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    pub disk_read_bytes: u64,
    pub disk_write_bytes: u64,
    pub disk_reads: u64,
    pub disk_writes: u64,
    pub network_in_bytes: u64,
    pub network_out_bytes: u64,
}

/// A message of the server's.
#[allow(clippy::large_enum_variant, reason = "the large one comes once a connection")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "m")]
pub enum ToAgent {
    /// Answer to `Hello`.
    Welcome(Welcome),
    Run {
        tasks: Vec<RunTask>,
    },
    /// Give back those of these that have not begun.
    Recall {
        attempts: Vec<Attempt>,
    },
    /// End these, waiting or running: SIGTERM, then SIGKILL to the whole tree after the kill wait. Confirmed by `GaveBack`
    /// once no process is left (also for attempts that are not known); by `Ended` where a task ended before the kill.
    Kill {
        attempts: Vec<Attempt>,
    },
    /// All instances of these attempts are ready: the primary begins the task's command. May be said again.
    Go {
        attempts: Vec<Attempt>,
    },
    /// These ends are stored; forget them.
    Ack {
        attempts: Vec<Attempt>,
    },
    /// Remove these folders below the node's root; nobody needs them any more. A folder in which a task still runs is removed
    /// after its end. Said again with each connection until [`FromAgent::CleanedUp`] answers it.
    CleanUp {
        directories: Vec<String>,
    },
    File {
        request: u64,
        ask: FileAsk,
    },
    /// Tell when the file grows beyond `from`, until `secs` have passed. The file may appear later. The number is the
    /// server's; the same number again replaces the watch, and `secs` 0 ends it.
    Watch {
        watch: u64,
        path: String,
        from: u64,
        secs: u32,
    },
    /// Who may log in from now on. Sessions of others, and of those that are expired, end.
    Users {
        users: Vec<RemoteUser>,
    },
    /// Kill what runs, give it and what waits back, and begin anew as after a boot: the connection ends, the next `Hello`
    /// has another `boot`, and the start task runs again.
    Reboot,
    /// Kill everything, remove the node's root and end.
    Leave,
}

/// What a node needs to know of its pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    pub account: String,
    pub account_url: String,
    pub pool: String,
    pub is_dedicated: bool,
    pub slots: i32,
    pub start_task: Option<super::StartTask>,
    /// The pool's, to be deployed before anything runs. What a boot was told first counts for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// The pool's file systems, to be mounted before anything else, as `packages`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<super::MountConfiguration>,
    /// Without word from the server for so many seconds the agent kills its tasks, because they may run elsewhere by then.
    /// Absent where the server sees for itself that an agent is dead (local nodes): then tasks outlive the server.
    pub lease_secs: Option<u32>,
    /// SIGTERM to SIGKILL.
    pub kill_wait_secs: u32,
    /// The user and group id of tasks, when the agent runs as root. Absent: the agent's own.
    pub task_user: Option<u32>,
    /// Those that the node lends to tasks. Absent where tasks have no users of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_users: Option<OwnUsers>,
    /// The pool's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<NodeAccount>,
    /// Tasks with elevation level admin run as the agent's own user instead of being refused.
    pub elevation_allowed: bool,
    /// Addresses from which and to which no file of a task is transferred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbidden_addresses: Vec<super::AddressRange>,
    /// Limits what tasks use to their slots' part of this; absent where the operator wants nothing limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<NodeSize>,
    /// Of the attempts in `Hello`, those that are not the server's any more: kill them as by `Kill`, forget their ends.
    pub stale: Vec<Attempt>,
    /// As [`ToAgent::Users`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<RemoteUser>,
    /// Of a pool whose tasks run in containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<NodeContainers>,
}

/// Somebody who may log in to the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteUser {
    pub name: String,
    /// Another user of the same name has another.
    pub made: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_admin: bool,
    pub expires: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_public_key: Option<String>,
}

/// How the node's users get in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteReport {
    /// Where the SSH server listens on the node's loopback address; absent while it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Its public key, as `known_hosts` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_key: Option<String>,
    /// Why it does not listen although it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<super::NodeError>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunTask {
    pub a: Attempt,
    pub job: String,
    pub task: String,
    /// Relative to the node's root: `workitems/{job}/job-1/{task}`.
    pub directory: String,
    pub command_line: String,
    /// The folder of the job's preparation task on the node, in the same way; absent for that task itself, and where the job
    /// has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preparation: Option<String>,
    /// The task's own and the job's common variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<super::EnvironmentSetting>,
    /// 0 for preparation and release tasks: they take no slot, and go before what waits.
    pub slots: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_wall_clock: Option<super::Duration>,
    #[serde(default, skip_serializing_if = "RunUser::is_pool")]
    pub user: RunUser,
    /// Of an account, its own level counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elevated: bool,
    /// Brought into the working directory before the command runs. Only URLs: the server has named the container of a linked
    /// storage account by its URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_files: Vec<super::ResourceFile>,
    /// Of a task that runs on several nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Box<Instance>>,
    /// Uploaded when the command has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_files: Vec<super::OutputFile>,
    /// The task's own, deployed before its resource files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// The container that the command runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Box<super::ContainerSettings>>,
}

/// One of several nodes on which a task runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// 0 is the primary, which alone runs the task's command.
    pub id: i32,
    /// Relative to the node's root, and the same on each of them.
    pub shared_directory: String,
    /// The primary's address, and a port for the program.
    pub master: String,
    /// In the order of instances.
    pub addresses: Vec<String>,
    /// Of each node.
    pub cores: i64,
    pub coordination_command_line: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub common_resource_files: Vec<super::ResourceFile>,
}

/// What a local node's agent reads at its start: `agent.json` in its folder, readable by the agent's user only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentConfig {
    pub node: String,
    pub token: String,
    /// Read again before each connection, and [`AUTHORITY_FILE`] beside it: port and authority may change when the server
    /// restarts.
    pub server_url_file: String,
}
