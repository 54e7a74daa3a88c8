//! Builds everything once, starts it, and stops it in order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::config::{self, Config};
use super::data_dir::DataDir;
use super::hosts::Hosts;
use super::otlp::Otlp;
use super::shutdown::{self, Stop};
use super::tls::{OwnNames, Tls};
use super::{NoNodes, Portal, admin_socket, housekeeping, ids, listen, metrics, oidc, router, web_hooks};
use crate::api::{Duration, Location};
use crate::auth::Signer;
use crate::blob::BlobFiles;
use crate::domain::kept::Keep;
use crate::domain::{task_user, vm_size};
use crate::scheduler::hub::Hub;
use crate::scheduler::local_provider::LocalProvider;
use crate::scheduler::provider::Provider;
use crate::scheduler::{self, Driver, Inputs};
use crate::service::context::{Clock, Installation, Random, Shared, Signal, Signals};
use crate::service::metrics::Metrics;
use crate::service::remote_access::RemoteAccess;
use crate::service::{Context, Error, events, session, storage};
use crate::store::{Store, meta};
use crate::trace::Traces;
use tokio::sync::mpsc::UnboundedReceiver;

/// What a server is made of.
pub struct Options {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub portal: Portal,
    /// Where nodes come from; absent for agents on this machine.
    pub provider: Option<Arc<dyn Provider>>,
    /// The program that is started as `PROGRAM agent`; absent for this one.
    pub agent_program: Option<PathBuf>,
}

/// A server that runs. Dropping it does not stop it; [`Server::stop`] does.
pub struct Server {
    /// How browsers and programs reach it.
    pub url: String,
    /// The address it listens on.
    pub address: SocketAddr,
    /// Where metrics are, if they are anywhere.
    pub metrics_address: Option<SocketAddr>,
    /// The certificate of the authority that clients are to trust, when it is the server's own.
    pub authority_file: Option<PathBuf>,
    /// Makes the first user; absent when there are users.
    pub set_up_link: Option<String>,
    pub cx: Context,
    stop: Stop,
    tasks: Vec<JoinHandle<()>>,
    driver: JoinHandle<()>,
    otlp: Option<Otlp>,
    /// Held until everything has ended.
    _data_dir: DataDir,
}

impl Server {
    /// Starts a server; it answers when this returns.
    ///
    /// # Errors
    /// When the data folder is in use, the database cannot be opened, or the address cannot be listened on.
    pub async fn start(options: Options) -> anyhow::Result<Server> {
        let Options { config, clock, random, portal, provider, agent_program } = options;
        let exe = agent_program.map_or_else(std::env::current_exe, Ok).context("this program cannot be found")?;
        let data_dir = DataDir::lock(&config.data_dir)?;
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.with_context(|| format!("{} cannot be listened on", config.listen))?;
        let address = listener.local_addr()?;
        let metrics = match config.metrics_listen {
            Some(address) => Some(metrics::bind(address).await?),
            None => None,
        };
        let metrics_address = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
        let names = OwnNames::new(address, config.public_url.as_deref(), &config.allowed_hosts);
        let tls = Tls::new(&config.tls, &data_dir, names, random.clone()).context("TLS cannot be set up")?;
        let local_url = local_url(address, tls.is_some());
        let url = config.public_url.clone().unwrap_or_else(|| local_url.clone());
        let (mut cx, signals) = open(&data_dir, url.clone(), portal.build_id(), clock, random).await?;
        let (forbidden_addresses, remote) =
            (config.forbid_download_to.clone(), config.remote.access(cx.installation.host()));
        cx.installation = Arc::new(Installation {
            forbidden_addresses,
            keep: config.keep,
            activity_life: Duration::from_days(config.activity_days),
            service_event_life: Duration::from_days(config.service_event_days),
            web_hook_allow: config.web_hook_allow.clone(),
            remote,
            external_name: config.oidc.as_ref().map(|oidc| oidc.name.clone()),
            containers: config.containers.clone(),
            ..(*cx.installation).clone()
        });
        let otlp = config.otlp.as_ref().map(|otlp| Otlp::start(otlp, &cx)).transpose()?;
        cx.traces = otlp.as_ref().map(Otlp::traces).unwrap_or_default();
        storage::account::storage_ensure_default(&cx).await?;
        let (hub, node_events) = Hub::new(cx.events.clone());
        cx.files = Arc::new(hub.clone());
        let socket = admin_socket::bind(&data_dir.admin_socket())?;
        let set_up_link = session::new_set_up(&cx).await?.map(|secret| format!("{url}/setup#{}", secret.0));
        let (stop, stopping) = shutdown::channel();
        let metrics_stopping = stopping.clone();

        let hosts = Hosts::new(address, config.public_url.as_deref(), &config.allowed_hosts);
        let parts = router::Parts {
            cx: cx.clone(),
            portal,
            hosts,
            is_https: config.is_https(),
            trusted_proxies: config.trusted_proxies.clone().into(),
            stopping: stopping.clone(),
            oidc: oidc::routes(&cx, config.oidc.clone(), config.is_https())?,
            hub: hub.clone(),
        };
        // Agents ask it where the server is.
        data_dir.write_url(&local_url, tls.as_ref().map(|tls| tls.agents_authority.as_str()))?;
        let provider = provider.unwrap_or_else(|| Arc::new(LocalProvider::new(config.data_dir.clone(), exe)));
        let (first_task_user, first_node_user) = match rustix::process::geteuid().is_root() {
            true => {
                let pools = first_task_user(&cx.store, &*cx.random).await?;
                (Some(pools), Some(first_node_user(&cx.store, &*cx.random, pools).await?))
            }
            false => (None, None),
        };
        let settings = scheduler::Settings::usual(first_task_user, first_node_user, config.limit_tasks);
        let inputs = Inputs { signals, node_events };
        let driver = tokio::spawn(Driver::run(cx.clone(), hub.clone(), provider, settings, inputs));
        let authority_file = tls.as_ref().and_then(|tls| tls.authority_file.clone());
        if let Some(files) = tls.as_ref().and_then(|tls| tls.files.clone()) {
            tokio::spawn(files.watch(stopping.clone()));
        }
        let mut tasks = vec![
            tokio::spawn(listen::serve(listener, tls, router::router(parts), stopping.clone())),
            tokio::spawn(admin_socket::serve(socket, cx.clone(), stopping.clone())),
            tokio::spawn(web_hooks::run(cx.clone(), stopping.clone())),
            tokio::spawn(housekeeping::run(cx.clone(), stopping)),
        ];
        tasks.extend(metrics.map(|listener| tokio::spawn(metrics::serve(listener, cx.clone(), metrics_stopping))));
        tokio::spawn(cx.events.clone().run());
        Ok(Server {
            url,
            address,
            metrics_address,
            authority_file,
            set_up_link,
            cx,
            stop,
            tasks,
            driver,
            otlp,
            _data_dir: data_dir,
        })
    }

    /// Lets requests that are being answered end, and stops.
    pub async fn stop(self) {
        self.stop.now();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the server had ended badly");
            }
        }
        // Whatever it was about to do is found again at the next start; nodes and their tasks go on.
        self.driver.abort();
        let _ = self.driver.await;
        self.cx.store.close().await;
        if let Some(otlp) = self.otlp {
            otlp.stop().await;
        }
    }
}

/// Opens the store and builds the context of all operations.
pub async fn open(
    data_dir: &DataDir,
    base_url: String,
    build_id: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> anyhow::Result<(Context, UnboundedReceiver<Signal>)> {
    let store = Store::open(&data_dir.state()).await.context("the database cannot be opened")?;
    let (signals, receiver) = Signals::new();
    let installation = Installation {
        subscription_id: subscription_id(&store, &*random).await?,
        base_url,
        locations: vec![this_machine()],
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build_id,
        elevation_allowed: rustix::process::geteuid().is_root(),
        // Only a server has nodes, and it says them itself.
        forbidden_addresses: Vec::new(),
        keep: Keep::default(),
        activity_life: Duration::from_days(config::ACTIVITY_DAYS),
        service_event_life: Duration::from_days(config::SERVICE_EVENT_DAYS),
        web_hook_allow: Vec::new(),
        remote: RemoteAccess::default(),
        external_name: None,
        containers: Default::default(),
    };
    let cx = Context::new(Shared {
        metrics: Arc::new(Metrics::new(store.timings())),
        store,
        traces: Traces::default(),
        clock,
        random,
        events: events::Hub::new(),
        blobs: BlobFiles::open(&data_dir.storage()).context("the folder of blobs cannot be made")?,
        signals,
        files: Arc::new(NoNodes),
        identity: Arc::default(),
        signing_keys: Arc::default(),
        signer: Arc::new(Signer::new()?),
        rates: Arc::default(),
        buckets: Arc::default(),
        installation: Arc::new(installation),
    });
    Ok((cx, receiver))
}

/// The installation's own subscription, made up at its first start.
async fn subscription_id(store: &Store, random: &dyn Random) -> Result<String, Error> {
    const NAME: &str = "subscription_id";
    if let Some(id) = meta::get(&mut *store.read().await?, NAME).await? {
        return Ok(id);
    }
    let id = ids::uuid(random);
    let new = id.clone();
    store.write(move |conn| Box::pin(async move { meta::set(conn, NAME, &new).await })).await?;
    Ok(id)
}

/// The first of the user ids under which this installation's tasks run, made up at its first start: two installations on
/// one machine would otherwise share users, and a task could reach another installation's.
async fn first_task_user(store: &Store, random: &dyn Random) -> Result<u32, Error> {
    const NAME: &str = "first_task_user";
    /// The last range ends below 2³¹, which some file systems take for the end.
    const RANGE: u32 = TASK_USER_RANGE;
    const N_RANGES: u16 = 20_000;
    if let Some(first) = meta::get(&mut *store.read().await?, NAME).await?.and_then(|text| text.parse().ok()) {
        return Ok(first);
    }
    let mut bytes = [0; 2];
    random.fill(&mut bytes);
    let first = RANGE * (2 + u32::from(u16::from_le_bytes(bytes) % N_RANGES));
    store.write(move |conn| Box::pin(async move { meta::set(conn, NAME, &first.to_string()).await })).await?;
    Ok(first)
}

/// How many pools the range holds that [`first_task_user`] begins.
const TASK_USER_RANGE: u32 = 100_000;

/// The same for the user ids that each node has beside its pool's. `pools` is where the others begin, which these leave out.
async fn first_node_user(store: &Store, random: &dyn Random, pools: u32) -> Result<u32, Error> {
    const NAME: &str = "first_node_user";
    const N_RANGES: u32 = (1 << 31) / task_user::ALL_IDS;
    if let Some(first) = meta::get(&mut *store.read().await?, NAME).await?.and_then(|text| text.parse().ok()) {
        return Ok(first);
    }
    let mut bytes = [0; 2];
    random.fill(&mut bytes);
    // The machine's own users are in the first range.
    let range = |n: u32| (1 + n % (N_RANGES - 1)) * task_user::ALL_IDS;
    let overlaps = |first: u32| first < pools + TASK_USER_RANGE && pools < first + task_user::ALL_IDS;
    let n = u32::from(u16::from_le_bytes(bytes));
    let first = (n..).map(range).find(|first| !overlaps(*first)).unwrap_or_else(|| range(n));
    store.write(move |conn| Box::pin(async move { meta::set(conn, NAME, &first.to_string()).await })).await?;
    Ok(first)
}

/// Where nodes run on the server's own machine.
fn this_machine() -> Location {
    let cores = std::thread::available_parallelism().map_or(1, |n| i64::try_from(n.get()).unwrap_or(1));
    let mut vm_sizes = vm_size::of_machine(cores, memory_mib().unwrap_or(cores * 1024));
    vm_sizes.extend(vm_size::of_azure());
    Location { name: "local".to_owned(), display_name: "This machine".to_owned(), vm_sizes }
}

fn memory_mib() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<i64>().ok()? / 1024)
}

/// How programs on this machine reach an address that is listened on.
fn local_url(mut address: SocketAddr, is_tls: bool) -> String {
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { std::net::Ipv4Addr::LOCALHOST.into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    format!("{}://{address}", if is_tls { "https" } else { "http" })
}
