//! What every operation has at hand, and who calls.

use std::net::IpAddr;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::key::SigningKeys;
use super::metrics::Metrics;
use super::rates::Rates;
use super::remote_access::RemoteAccess;
use super::storage::bucket::Buckets;
use super::{Error, Result, events};
use crate::api::agent::{FileAsk, FileReply};
use crate::api::{self, Code, Role, Timestamp};
use crate::auth::{Identity, Signer, secret};
use crate::blob::BlobFiles;
use crate::domain::condition::{Condition, Tags};
use crate::domain::container::Containers;
use crate::domain::ids::AccountName;
use crate::domain::kept::Keep;
use crate::domain::permission::{self, Limit, Permission};
use crate::domain::placement::Demands;
use crate::store::Store;
use crate::store::dependency::ReadyTask;
use crate::trace::Traces;

/// Everything shared, behind one pointer: each layer of each request has a copy of it.
#[derive(Clone)]
pub struct Context(Arc<Shared>);

/// Built once by `server`.
#[derive(Clone)]
pub struct Shared {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// Tells open pages what changed.
    pub events: events::Hub,
    /// Tells the scheduler what changed.
    pub signals: Signals,
    /// The bytes of blobs.
    pub blobs: BlobFiles,
    /// Those that are kept elsewhere.
    pub buckets: Arc<Buckets>,
    /// Asks nodes for files.
    pub files: Arc<dyn NodeFiles>,
    /// Finds out who calls.
    pub identity: Arc<Identity>,
    pub signing_keys: Arc<SigningKeys>,
    /// Signs tokens of programs.
    pub signer: Arc<Signer>,
    /// What the operator's monitoring reads.
    pub metrics: Arc<Metrics>,
    /// Spans, for a collector.
    pub traces: Traces,
    /// How fast the tasks of jobs end.
    pub rates: Arc<Rates>,
    pub installation: Arc<Installation>,
}

impl Context {
    pub fn new(shared: Shared) -> Context {
        Context(Arc::new(shared))
    }
}

impl Deref for Context {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// For what is known only when other parts have been built; earlier copies do not see it.
impl DerefMut for Context {
    fn deref_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.0)
    }
}

/// What is fixed while the server runs.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The subscription that accounts belong to when their creator names none.
    pub subscription_id: String,
    /// `http://127.0.0.1:8080`: how programs reach this server.
    pub base_url: String,
    pub locations: Vec<api::Location>,
    pub version: String,
    pub build_id: String,
    /// Whether this server runs tasks under users of their own, so that elevation means something.
    pub elevation_allowed: bool,
    /// From which nodes download no files of tasks, and to which they upload none.
    pub forbidden_addresses: Vec<api::AddressRange>,
    /// What is kept of the files of finished tasks when their node goes.
    pub keep: Keep,
    /// How long the activity log keeps what it has.
    pub activity_life: api::Duration,
    /// Inner addresses to which web hooks may lead nevertheless.
    pub web_hook_allow: Vec<api::AddressRange>,
    /// How long service events are kept.
    pub service_event_life: api::Duration,
    pub remote: RemoteAccess,
    /// What the operator calls the provider by which people can sign in, if there is one.
    pub external_name: Option<String>,
    /// Which program runs containers, and what these may ask for.
    pub containers: Containers,
}

impl Installation {
    pub fn location(&self, name: &str) -> Option<&api::Location> {
        self.locations.iter().find(|l| l.name.eq_ignore_ascii_case(name))
    }

    /// The location of this name.
    ///
    /// # Errors
    /// `InvalidPropertyValue` that names the locations there are.
    pub fn known_location(&self, name: &str) -> Result<&api::Location> {
        self.location(name).ok_or_else(|| {
            let known: Vec<_> = self.locations.iter().map(|l| l.name.as_str()).collect();
            let reason = format!("The locations are: {}.", known.join(", "));
            api::Error::invalid_property("location", name, reason).into()
        })
    }

    /// The tenant that programs sign in to. It follows from the subscription, so that it is the same after a restore.
    pub fn tenant_id(&self) -> String {
        let hash = secret::hash(&format!("tenant of {}", self.subscription_id));
        let bytes: [u8; 16] = std::array::from_fn(|i| hash[i]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }

    /// The id of a user as Azure's programs want it: a GUID. It follows from the name, so that it is the same after a restore.
    pub fn principal_id(&self, user: &str) -> String {
        let hash = secret::hash(&format!("principal {} of {}", user.to_lowercase(), self.subscription_id));
        let bytes: [u8; 16] = std::array::from_fn(|i| hash[i]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }

    /// The data plane's URL of an account: all share one host, and the request's signature names the account.
    pub fn account_url(&self, _account: &AccountName) -> &str {
        &self.base_url
    }

    /// Host and port without scheme, as `accountEndpoint` has it.
    pub fn host(&self) -> &str {
        self.base_url.split_once("://").map_or(self.base_url.as_str(), |(_, host)| host)
    }
}

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Since some fixed moment; no step of the wall clock moves it. Whatever waits for silence counts by it.
    fn monotonic(&self) -> std::time::Duration;
}

pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);

    /// So many random bytes in lower-case hexadecimal.
    fn hex(&self, n_bytes: usize) -> String {
        let mut bytes = vec![0; n_bytes];
        self.fill(&mut bytes);
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Reaches the files of a node through its agent.
pub trait NodeFiles: Send + Sync {
    /// The reply and, for a read, the bytes. An error when the node does not answer.
    fn ask(&self, node_key: i64, ask: FileAsk) -> BoxFuture<'_, Result<(FileReply, Vec<u8>)>>;
    /// Tells open pages when the file grows, for a minute.
    fn watch(&self, node_key: i64, watch: FileWatch);
}

/// A file of a task that a page follows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileWatch {
    pub account: AccountName,
    pub job: String,
    pub task: String,
    /// Relative to the task's folder.
    pub path: String,
    /// Relative to the node's root.
    pub node_path: String,
    pub from: u64,
}

/// Something that the scheduler must look at. Sent after the commit; lost ones are found again by its slow pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The account's settings changed.
    Account(i64),
    /// The pool's targets, state or nodes changed.
    Pool(i64),
    /// A user has said something to these nodes: what it is, the store has.
    NodesTold(Vec<i64>),
    /// Who may log in to the node has changed.
    NodeUsers(i64),
    /// The job's state, limits or priority changed.
    Job(i64),
    /// The schedule's state or turns changed, or a job of it ended.
    JobSchedule(i64),
    /// Tasks were added to the job.
    TasksAdded(i64),
    /// These tasks wait for no other task any more.
    TasksReady(Vec<ReadyTask>),
    /// Dependents of tasks that ended are left to be released.
    Releases,
    /// A task waits again by a user's word.
    TaskBack { job_key: i64, task_key: i64, slots: i32, demands: Demands },
    /// These attempts are over by a user's word: their nodes must end them.
    TasksEnded(Vec<EndedAttempt>),
    /// Clean-ups were queued for these nodes.
    CleanUps(Vec<i64>),
}

/// An attempt that must not run any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedAttempt {
    pub node_key: i64,
    pub job_key: i64,
    pub attempt: api::agent::Attempt,
    pub slots: i32,
}

#[derive(Clone)]
pub struct Signals(mpsc::UnboundedSender<Signal>);

impl Signals {
    pub fn new() -> (Signals, mpsc::UnboundedReceiver<Signal>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Signals(sender), receiver)
    }

    pub fn send(&self, signal: Signal) {
        // Nobody listens in `fournil admin` on a stopped server's data; the scheduler looks at everything when it starts.
        let _ = self.0.send(signal);
    }
}

/// Names one request in its answer, in errors and in the log. `server` puts it into each request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Who calls an operation.
#[derive(Clone, Debug)]
pub struct Caller {
    pub who: Who,
    /// Absent for the admin program and the server itself.
    pub from: Option<IpAddr>,
    pub request_id: String,
    /// What must hold for a resource that the call changes.
    pub only_if: Condition,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// `session` is the hash of the session's secret; absent for a personal access token.
    /// `role` holds everywhere, `accounts` in single ones, and of both what the `limit` of a token leaves.
    User { name: String, role: Role, accounts: Arc<[(AccountName, Role)]>, limit: Limit, session: Option<secret::Hash> },
    /// A program with an account's key: everything on the data plane of that account, nothing else.
    SharedKey { account: AccountName },
    /// The server itself, or the operator by `fournil admin`.
    System,
}

impl Caller {
    pub fn system() -> Self {
        Caller { who: Who::System, from: None, request_id: String::new(), only_if: Condition::None }
    }

    /// The same caller, who changes nothing that is not as it was with this ETag.
    #[must_use]
    pub fn if_match(&self, e_tag: &str) -> Self {
        Caller { only_if: Condition::Match(Tags::These(vec![e_tag.to_owned()])), ..self.clone() }
    }

    /// For the log.
    pub fn name(&self) -> &str {
        match &self.who {
            Who::User { name, .. } => name,
            Who::SharedKey { account } => account.as_str(),
            Who::System => "fournil",
        }
    }

    /// For the log.
    pub fn from_text(&self) -> Option<String> {
        self.from.map(|address| address.to_string())
    }

    /// Refuses what the caller may not do. `account` is absent for what belongs to the installation.
    ///
    /// # Errors
    /// `InsufficientAccountPermissions`; `AccountNotFound` for a key of another account, which learns nothing more.
    pub fn may(&self, account: Option<&AccountName>, permission: Permission) -> Result<()> {
        match (&self.who, account) {
            (Who::System, _) => Ok(()),
            (Who::User { limit, .. }, _) if !limit.allows(account, permission) => {
                Err(Code::InsufficientAccountPermissions.into())
            }
            (Who::User { role, .. }, _) if permission::allows(*role, permission) => Ok(()),
            (Who::User { accounts, .. }, Some(account)) if allows_in(accounts, account, permission) => Ok(()),
            (Who::User { .. }, _) => Err(Code::InsufficientAccountPermissions.into()),
            (Who::SharedKey { account: own }, Some(account)) if own == account => {
                let data_plane = matches!(
                    permission,
                    Permission::PoolRead | Permission::PoolWrite | Permission::JobRead | Permission::JobWrite
                );
                if data_plane { Ok(()) } else { Err(Code::InsufficientAccountPermissions.into()) }
            }
            (Who::SharedKey { .. }, _) => Err(Error::from(Code::AccountNotFound)),
        }
    }

    /// The accounts in which the caller may do it; nothing for all there are.
    ///
    /// # Errors
    /// `InsufficientAccountPermissions` when there are none.
    pub fn where_may(&self, permission: Permission) -> Result<Option<Vec<AccountName>>> {
        let refused = match self.may(None, permission) {
            Ok(()) => return Ok(None),
            Err(refused) => refused,
        };
        let Who::User { accounts, limit, .. } = &self.who else { return Err(refused) };
        // Those with a role of their own, and those that a token names whose user has a role everywhere.
        let named = accounts.iter().map(|(name, _)| name).chain(limit.accounts.iter().flat_map(|own| own.iter()));
        let mut names: Vec<AccountName> =
            named.filter(|name| self.may(Some(name), permission).is_ok()).cloned().collect();
        names.sort();
        names.dedup();
        if names.is_empty() { Err(refused) } else { Ok(Some(names)) }
    }
}

fn allows_in(accounts: &[(AccountName, Role)], account: &AccountName, permission: Permission) -> bool {
    accounts.iter().any(|(name, role)| name == account && permission::allows(*role, permission))
}
