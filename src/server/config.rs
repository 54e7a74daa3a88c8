//! What the operator decides: by flag, else by variable (`FOURNIL_…`), else in a file, else the default.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

use super::address_config::{forbidden, ranges};
use super::container_config::{self, ContainerArgs};
use super::file_config::FileConfig;
use super::keep_config::{self, KeepArgs};
pub use super::log_format::LogFormat;
use super::oidc_config::{self, OidcArgs, OidcConfig};
use super::otlp_config::{self, OtlpArgs, OtlpConfig};
use super::remote_config::{RemoteArgs, RemoteConfig};
use crate::api::AddressRange;
use crate::domain::container::Containers;
use crate::domain::kept::Keep;

/// The port, unless said otherwise.
const PORT: u16 = 8420;

/// How long the activity log keeps what it has, unless said otherwise.
pub const ACTIVITY_DAYS: i64 = 90;

/// How long service events are kept, unless said otherwise.
pub const SERVICE_EVENT_DAYS: i64 = 30;

#[derive(clap::Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// Reads settings from this TOML file; flags and variables win over it
    #[arg(long, env = "FOURNIL_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub data_dir: DataDirArg,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8420]
    #[arg(long, env = "FOURNIL_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// How programs and browsers reach this server, when it is behind a proxy
    #[arg(long, env = "FOURNIL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// A further host name under which this server answers, with its port unless that is the scheme's own
    #[arg(long = "allowed-host", env = "FOURNIL_ALLOWED_HOSTS", value_name = "HOST[:PORT]", value_delimiter = ',')]
    pub allowed_hosts: Option<Vec<String>>,
    /// A proxy in front whose X-Forwarded-For is believed, as an address or ADDRESS/BITS; without it nobody's is
    #[arg(long = "trusted-proxy", env = "FOURNIL_TRUSTED_PROXIES", value_name = "RANGE", value_delimiter = ',')]
    pub trusted_proxies: Option<Vec<String>>,
    /// Speaks TLS with this certificate and those that lead to it, in PEM; read again when the file changes
    #[arg(long, env = "FOURNIL_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert, in PEM
    #[arg(long, env = "FOURNIL_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Speaks TLS with certificates of a local authority, which programs are to trust: tls/ca.pem in the data folder
    #[arg(long, env = "FOURNIL_TLS_SELF_SIGNED", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub tls_self_signed: Option<bool>,
    /// Listen on an address that others can reach, without TLS: passwords and keys go over the network as they are
    #[arg(long, env = "FOURNIL_ALLOW_PUBLIC_HTTP", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub allow_public_http: Option<bool>,
    /// Addresses from which nodes download no files of tasks and to which they upload none, as ADDRESS/BITS; replaces the
    /// default, which is where clouds give secrets to their machines [default: link-local and metadata addresses]
    #[arg(long, env = "FOURNIL_FORBID_DOWNLOAD_TO", value_name = "RANGE", value_delimiter = ',')]
    pub forbid_download_to: Option<Vec<String>>,
    #[command(flatten)]
    pub keep: KeepArgs,
    /// Serves metrics for Prometheus at http://ADDRESS:PORT/metrics, without sign-in; off unless said
    #[arg(long, env = "FOURNIL_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// Days that the activity log keeps who did what [default: 90]
    #[arg(long, env = "FOURNIL_ACTIVITY_DAYS", value_name = "DAYS")]
    pub activity_days: Option<i64>,
    /// Days that service events of pools, jobs and tasks are kept [default: 30]
    #[arg(long, env = "FOURNIL_SERVICE_EVENT_DAYS", value_name = "DAYS")]
    pub service_event_days: Option<i64>,
    /// Addresses of this machine or of private networks to which web hooks may lead, as ADDRESS/BITS; without it none
    #[arg(long, env = "FOURNIL_WEB_HOOK_ALLOW", value_name = "RANGE", value_delimiter = ',')]
    pub web_hook_allow: Option<Vec<String>>,
    #[command(flatten)]
    pub otlp: OtlpArgs,
    #[command(flatten)]
    pub oidc: OidcArgs,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub containers: ContainerArgs,
    /// Limits what tasks use of memory, processes and processor to their slots' part of their node [default: true]
    #[arg(long, env = "FOURNIL_LIMIT_TASKS", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub limit_tasks: Option<bool>,
    /// What to log: error, warn, info, debug, trace, or a filter such as info,fournil::service=debug [default: info]
    #[arg(long, env = "FOURNIL_LOG", value_name = "LEVEL")]
    pub log: Option<String>,
    /// How to log: text or json, one line each, to standard error [default: text]
    #[arg(long, env = "FOURNIL_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// Where the state is. The same for the server and the admin program.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct DataDirArg {
    /// Keeps all state in this folder [default: /var/lib/fournil as root, else ~/.local/share/fournil]
    #[arg(long, env = "FOURNIL_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}

impl DataDirArg {
    /// # Errors
    /// When there is no home folder to take the default from.
    pub fn resolve(&self) -> anyhow::Result<PathBuf> {
        let dir = self.data_dir.clone().map_or_else(default_data_dir, Ok)?;
        std::path::absolute(&dir).with_context(|| format!("{} cannot be made an absolute path", dir.display()))
    }
}

fn default_data_dir() -> anyhow::Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/fournil"));
    }
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("XDG_DATA_HOME")
        .or_else(|| Some(folder("HOME")?.join(".local/share")))
        .map(|data| data.join("fournil"))
        .context("there is no home folder to keep state in; say --data-dir")
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    /// Without a slash at its end.
    pub public_url: Option<String>,
    pub allowed_hosts: Vec<String>,
    pub trusted_proxies: Vec<AddressRange>,
    pub tls: TlsConfig,
    pub allow_public_http: bool,
    pub forbid_download_to: Vec<AddressRange>,
    pub keep: Keep,
    pub metrics_listen: Option<SocketAddr>,
    pub activity_days: i64,
    pub service_event_days: i64,
    pub web_hook_allow: Vec<AddressRange>,
    pub otlp: Option<OtlpConfig>,
    pub oidc: Option<OidcConfig>,
    pub remote: RemoteConfig,
    pub containers: Containers,
    pub limit_tasks: bool,
    pub log: String,
    pub log_format: LogFormat,
}

/// Whether the server itself speaks TLS, and with which certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TlsConfig {
    #[default]
    Off,
    Files {
        cert: PathBuf,
        key: PathBuf,
    },
    /// Certificates of the data folder's own authority.
    SelfSigned,
}

impl Config {
    /// Joins flags, variables (clap has read both) and the file, and checks the whole.
    ///
    /// # Errors
    /// When the file cannot be read or names an unknown setting, when a value is not valid, or when the server would be
    /// open to the network without TLS and without having been told so.
    pub fn load(args: ServeArgs) -> anyhow::Result<Config> {
        let file = match &args.config {
            Some(path) => FileConfig::read(path)?,
            None => FileConfig::default(),
        };
        let listen = args.listen.or(file.listen);
        let format = args.log_format.or(file.log_format);
        let (cert, key) = (args.tls_cert.or(file.tls_cert), args.tls_key.or(file.tls_key));
        let self_signed = args.tls_self_signed.or(file.tls_self_signed).unwrap_or(false);
        let config = Config {
            data_dir: DataDirArg { data_dir: args.data_dir.data_dir.or(file.data_dir) }.resolve()?,
            listen: listen.map_or(Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))), |text| parse_listen(&text))?,
            public_url: args.public_url.or(file.public_url).map(|url| check_url(&url)).transpose()?,
            allowed_hosts: args.allowed_hosts.or(file.allowed_hosts).unwrap_or_default(),
            trusted_proxies: ranges(
                args.trusted_proxies.or(file.trusted_proxies).unwrap_or_default(),
                "trusted-proxies",
            )?,
            tls: TlsConfig::of(cert, key, self_signed)?,
            allow_public_http: args.allow_public_http.or(file.allow_public_http).unwrap_or(false),
            forbid_download_to: forbidden(args.forbid_download_to.or(file.forbid_download_to))?,
            keep: keep_config::load(KeepArgs {
                keep_files: args.keep.keep_files.or(file.keep_files),
                keep_files_bytes: args.keep.keep_files_bytes.or(file.keep_files_bytes),
                keep_files_days: args.keep.keep_files_days.or(file.keep_files_days),
                keep_files_total_bytes: args.keep.keep_files_total_bytes.or(file.keep_files_total_bytes),
            })?,
            metrics_listen: args.metrics_listen.or(file.metrics_listen).map(|text| parse_listen(&text)).transpose()?,
            activity_days: args.activity_days.or(file.activity_days).unwrap_or(ACTIVITY_DAYS),
            service_event_days: args.service_event_days.or(file.service_event_days).unwrap_or(SERVICE_EVENT_DAYS),
            web_hook_allow: ranges(args.web_hook_allow.or(file.web_hook_allow).unwrap_or_default(), "web-hook-allow")?,
            otlp: otlp_config::load(OtlpArgs {
                otlp_endpoint: args.otlp.otlp_endpoint.or(file.otlp_endpoint),
                otlp_sample_ratio: args.otlp.otlp_sample_ratio.or(file.otlp_sample_ratio),
            })?,
            oidc: oidc_config::load(OidcArgs {
                oidc_issuer: args.oidc.oidc_issuer.or(file.oidc_issuer),
                oidc_client_id: args.oidc.oidc_client_id.or(file.oidc_client_id),
                oidc_client_secret_file: args.oidc.oidc_client_secret_file.or(file.oidc_client_secret_file),
                oidc_name: args.oidc.oidc_name.or(file.oidc_name),
                oidc_user_claim: args.oidc.oidc_user_claim.or(file.oidc_user_claim),
                oidc_scopes: args.oidc.oidc_scopes.or(file.oidc_scopes),
                oidc_new_users: args.oidc.oidc_new_users.or(file.oidc_new_users),
            })?,
            remote: RemoteConfig::load(RemoteArgs {
                remote_listen: args.remote.remote_listen.or(file.remote_listen),
                remote_login_address: args.remote.remote_login_address.or(file.remote_login_address),
                map_ssh: args.remote.map_ssh.or(file.map_ssh),
            })?,
            containers: container_config::load(ContainerArgs {
                container_runtime: args.containers.container_runtime.or(file.container_runtime),
                container_options: args.containers.container_options.or(file.container_options),
            })?,
            limit_tasks: args.limit_tasks.or(file.limit_tasks).unwrap_or(true),
            log: args.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            log_format: format.map_or(Ok(LogFormat::default()), |text| text.parse())?,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let is_private = self.listen.ip().to_canonical().is_loopback();
        ensure!(
            is_private || self.tls != TlsConfig::Off || self.allow_public_http,
            "{} can be reached from the network, and passwords and keys would go over it in clear. Say --tls-self-signed, or \
             --tls-cert and --tls-key; or put a proxy with TLS in front and listen on 127.0.0.1; or say --allow-public-http \
             if the network is trusted.",
            self.listen
        );
        let is_plain_url = self.public_url.as_ref().is_some_and(|url| url.starts_with("http://"));
        ensure!(
            self.tls == TlsConfig::Off || !is_plain_url,
            "the server speaks TLS: public-url must begin with https://"
        );
        ensure!(
            self.allow_public_http
                || self.metrics_listen.is_none_or(|address| address.ip().to_canonical().is_loopback()),
            "metrics-listen is for this machine: an address such as 127.0.0.1:9420. Everybody who reaches another one reads the \
             names of accounts and pools; say --allow-public-http if the network is trusted."
        );
        ensure!((1..=3650).contains(&self.activity_days), "activity-days is a number from 1 to 3650");
        ensure!((1..=3650).contains(&self.service_event_days), "service-event-days is a number from 1 to 3650");
        for host in &self.allowed_hosts {
            let legal = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
            ensure!(!host.is_empty() && host.chars().all(legal), "{host:?} is no host name (allowed-hosts)");
        }
        Ok(())
    }

    /// Whether browsers come by TLS, which this server or a proxy in front ends.
    pub fn is_https(&self) -> bool {
        self.tls != TlsConfig::Off || self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }
}

impl TlsConfig {
    fn of(cert: Option<PathBuf>, key: Option<PathBuf>, self_signed: bool) -> anyhow::Result<TlsConfig> {
        match (cert, key, self_signed) {
            (None, None, false) => Ok(TlsConfig::Off),
            (None, None, true) => Ok(TlsConfig::SelfSigned),
            (Some(cert), Some(key), false) => Ok(TlsConfig::Files { cert, key }),
            (Some(_), _, true) | (_, Some(_), true) => {
                bail!("tls-self-signed makes a certificate, and tls-cert and tls-key give one: say one of both")
            }
            (Some(_), None, _) => bail!("tls-cert needs its private key: say tls-key as well"),
            (None, Some(_), _) => bail!("tls-key needs its certificate: say tls-cert as well"),
        }
    }
}

impl fmt::Display for Config {
    /// As a file that `--config` would read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = |text: &str| toml::Value::from(text).to_string();
        writeln!(f, "data-dir = {}", quote(&self.data_dir.to_string_lossy()))?;
        writeln!(f, "listen = {}", quote(&self.listen.to_string()))?;
        match &self.public_url {
            Some(url) => writeln!(f, "public-url = {}", quote(url))?,
            None => writeln!(f, "# public-url is not set")?,
        }
        writeln!(f, "allowed-hosts = {}", toml::Value::from(self.allowed_hosts.clone()))?;
        let proxies: Vec<String> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        writeln!(f, "trusted-proxies = {}", toml::Value::from(proxies))?;
        match &self.tls {
            TlsConfig::Off => writeln!(f, "tls-self-signed = false")?,
            TlsConfig::SelfSigned => writeln!(f, "tls-self-signed = true")?,
            TlsConfig::Files { cert, key } => {
                writeln!(f, "tls-cert = {}", quote(&cert.to_string_lossy()))?;
                writeln!(f, "tls-key = {}", quote(&key.to_string_lossy()))?;
            }
        }
        writeln!(f, "allow-public-http = {}", self.allow_public_http)?;
        let forbidden: Vec<String> = self.forbid_download_to.iter().map(ToString::to_string).collect();
        writeln!(f, "forbid-download-to = {}", toml::Value::from(forbidden))?;
        writeln!(f, "keep-files = {}", quote(keep_config::name(self.keep.of)))?;
        writeln!(f, "keep-files-bytes = {}", self.keep.file_bytes)?;
        writeln!(f, "keep-files-days = {}", self.keep.days)?;
        writeln!(f, "keep-files-total-bytes = {}", self.keep.total_bytes)?;
        match self.metrics_listen {
            Some(address) => writeln!(f, "metrics-listen = {}", quote(&address.to_string()))?,
            None => writeln!(f, "# metrics-listen is not set")?,
        }
        writeln!(f, "activity-days = {}", self.activity_days)?;
        writeln!(f, "service-event-days = {}", self.service_event_days)?;
        let allowed: Vec<String> = self.web_hook_allow.iter().map(ToString::to_string).collect();
        writeln!(f, "web-hook-allow = {}", toml::Value::from(allowed))?;
        otlp_config::write(self.otlp.as_ref(), f)?;
        oidc_config::write(self.oidc.as_ref(), f)?;
        writeln!(f, "remote-listen = {}", quote(&self.remote.listen.to_string()))?;
        match &self.remote.login_address {
            Some(address) => writeln!(f, "remote-login-address = {}", quote(address))?,
            None => writeln!(f, "# remote-login-address is not set")?,
        }
        writeln!(f, "map-ssh = {}", quote(self.remote.map_ssh_text()))?;
        writeln!(f, "container-runtime = {}", quote(&self.containers.program))?;
        writeln!(f, "container-options = {}", quote(container_config::name(self.containers.allowed)))?;
        writeln!(f, "limit-tasks = {}", self.limit_tasks)?;
        writeln!(f, "log = {}", quote(&self.log))?;
        let format = match self.log_format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        writeln!(f, "log-format = {}", quote(format))
    }
}

fn parse_listen(text: &str) -> anyhow::Result<SocketAddr> {
    let with_localhost = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let text = with_localhost.as_deref().unwrap_or(text);
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, PORT));
    }
    text.parse().with_context(|| format!("{text:?} is no address to listen on, such as 127.0.0.1:{PORT}"))
}

fn check_url(url: &str) -> anyhow::Result<String> {
    let url = url.trim_end_matches('/');
    let parsed: axum::http::Uri = url.parse().with_context(|| format!("{url:?} is no URL (public-url)"))?;
    let scheme = parsed.scheme_str().unwrap_or_default();
    ensure!(
        matches!(scheme, "http" | "https")
            && parsed.authority().is_some()
            && parsed.path().trim_end_matches('/').is_empty(),
        "public-url is a scheme and a host, such as https://batch.example.org, not {url:?}"
    );
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(edit: impl FnOnce(&mut ServeArgs)) -> ServeArgs {
        let mut args = ServeArgs::default();
        args.data_dir.data_dir = Some("/data".into());
        edit(&mut args);
        args
    }

    #[test]
    fn nothing_said_listens_on_loopback() {
        let config = Config::load(args(|_| {})).unwrap();
        assert_eq!(config.listen, "127.0.0.1:8420".parse().unwrap());
        assert!(!config.is_https());
    }

    #[test]
    fn a_public_address_needs_to_be_allowed() {
        for open in ["0.0.0.0:80", "192.0.2.1:8420", "[::]:8420", "[::ffff:192.0.2.1]:1"] {
            let refused = Config::load(args(|a| a.listen = Some(open.into()))).unwrap_err();
            assert!(refused.to_string().contains("--allow-public-http"), "{open}");
            let allowed = args(|a| (a.listen, a.allow_public_http) = (Some(open.into()), Some(true)));
            assert!(Config::load(allowed).is_ok(), "{open}");
        }
        for closed in ["127.0.0.1", "localhost:0", "[::1]:8420", "127.9.9.9:1"] {
            assert!(Config::load(args(|a| a.listen = Some(closed.into()))).is_ok(), "{closed}");
        }
    }

    #[test]
    fn with_tls_any_address_will_do() {
        let open = |edit: fn(&mut ServeArgs)| {
            Config::load(args(|a| {
                a.listen = Some("0.0.0.0:8420".into());
                edit(a);
            }))
        };
        let files = |a: &mut ServeArgs| (a.tls_cert, a.tls_key) = (Some("/cert.pem".into()), Some("/key.pem".into()));
        assert_eq!(open(|a| a.tls_self_signed = Some(true)).unwrap().tls, TlsConfig::SelfSigned);
        assert!(open(files).unwrap().is_https());
        assert!(open(|a| a.tls_self_signed = Some(false)).is_err());
    }

    #[test]
    fn half_of_the_settings_of_tls_is_refused() {
        let error = |edit: fn(&mut ServeArgs)| Config::load(args(edit)).unwrap_err().to_string();
        assert!(error(|a| a.tls_cert = Some("/c".into())).contains("tls-key"));
        assert!(error(|a| a.tls_key = Some("/k".into())).contains("tls-cert"));
        assert!(error(|a| (a.tls_key, a.tls_self_signed) = (Some("/k".into()), Some(true))).contains("one of both"));
        let plain = |a: &mut ServeArgs| (a.public_url, a.tls_self_signed) = (Some("http://h".into()), Some(true));
        assert!(error(plain).contains("https://"));
    }

    #[test]
    fn flags_win_over_the_file_and_what_is_printed_can_be_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fournil.toml");
        std::fs::write(&path, "listen = '127.0.0.1:1'\nlog = 'debug'\npublic-url = 'https://batch.example.org/'\ntls-cert = '/c'\ntls-key = '/k'")
            .unwrap();
        let said = args(|a| (a.config, a.listen) = (Some(path.clone()), Some("127.0.0.1:2".into())));
        let config = Config::load(said).unwrap();
        assert_eq!((config.listen.port(), config.log.as_str()), (2, "debug"));
        assert!(config.is_https());
        std::fs::write(&path, config.to_string()).unwrap();
        assert_eq!(Config::load(args(|a| a.config = Some(path))).unwrap(), config);
    }

    #[test]
    fn metadata_addresses_are_forbidden_unless_others_are_said() {
        let forbids = |config: &Config, address: &str| {
            let address = address.parse().unwrap();
            config.forbid_download_to.iter().any(|range| range.contains(address))
        };
        let usual = Config::load(args(|_| {})).unwrap();
        assert!(forbids(&usual, "169.254.169.254") && forbids(&usual, "fe80::1") && !forbids(&usual, "127.0.0.1"));
        let own = Config::load(args(|a| a.forbid_download_to = Some(vec!["10.0.0.0/8".into()]))).unwrap();
        assert!(forbids(&own, "10.1.1.1") && !forbids(&own, "169.254.169.254"));
        assert!(Config::load(args(|a| a.forbid_download_to = Some(vec!["ten".into()]))).is_err());
    }

    #[test]
    fn logs_are_kept_as_the_operator_says() {
        let load = |words: &'static str| Config::load(args(|a| a.keep.keep_files = Some(words.into())));
        assert_eq!(Config::load(args(|_| {})).unwrap().keep, Keep::default());
        assert_eq!(load("failed").unwrap().keep.of, crate::domain::kept::KeepOf::Failed);
        assert!(load("nothing").unwrap().keep.is_nothing());
        assert!(load("some").unwrap_err().to_string().contains("keep-files"));
        assert!(Config::load(args(|a| a.keep.keep_files_bytes = Some(1 << 40))).is_err());
    }

    #[test]
    fn a_public_url_is_scheme_and_host() {
        for (url, good) in [
            ("https://batch.example.org", true),
            ("http://h:81/", true),
            ("batch.example.org", false),
            ("ftp://h", false),
            ("https://h/path", false),
        ] {
            assert_eq!(check_url(url).is_ok(), good, "{url}");
        }
    }
}
