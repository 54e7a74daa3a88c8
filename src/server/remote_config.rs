//! Where and how nodes are reached from outside, as the operator decides.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, bail, ensure};

use crate::service::remote_access::{MapSsh, RemoteAccess};

#[derive(clap::Args, Clone, Debug, Default)]
pub struct RemoteArgs {
    /// The address on whose ports nodes are reached by SSH and by what pools map besides; 0.0.0.0 for all [default: 127.0.0.1]
    #[arg(long, env = "FOURNIL_REMOTE_LISTEN", value_name = "ADDRESS")]
    pub remote_listen: Option<String>,
    /// The address or host name that callers are told for it [default: the listening address, or the host of the public URL]
    #[arg(long, env = "FOURNIL_REMOTE_LOGIN_ADDRESS", value_name = "HOST")]
    pub remote_login_address: Option<String>,
    /// Whether SSH is mapped in pools that do not ask for it: as-version, in those made with an api-version before 2024-07-01;
    /// always; or never [default: as-version]
    #[arg(long, env = "FOURNIL_MAP_SSH", value_name = "WHEN")]
    pub map_ssh: Option<String>,
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteConfig {
    pub listen: IpAddr,
    pub login_address: Option<String>,
    pub map_ssh: MapSsh,
}

impl Default for RemoteConfig {
    fn default() -> Self {
        RemoteConfig { listen: Ipv4Addr::LOCALHOST.into(), login_address: None, map_ssh: MapSsh::default() }
    }
}

impl RemoteConfig {
    /// # Errors
    /// When a value is not valid.
    pub fn load(args: RemoteArgs) -> anyhow::Result<RemoteConfig> {
        let listen = args.remote_listen.map_or(Ok(Ipv4Addr::LOCALHOST.into()), |text| {
            text.parse().with_context(|| format!("{text:?} is no address, such as 127.0.0.1 (remote-listen)"))
        })?;
        if let Some(host) = &args.remote_login_address {
            let legal = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
            let is_host = !host.is_empty() && !host.starts_with('-') && host.chars().all(legal);
            ensure!(is_host, "{host:?} is no host name and no address (remote-login-address)");
        }
        let map_ssh = match args.map_ssh.as_deref() {
            None | Some("as-version") => MapSsh::AsVersion,
            Some("always") => MapSsh::Always,
            Some("never") => MapSsh::Never,
            Some(other) => bail!("map-ssh is as-version, always or never, not {other:?}"),
        };
        Ok(RemoteConfig { listen, login_address: args.remote_login_address, map_ssh })
    }

    /// `host` is that of the server's URL, perhaps with a port.
    pub fn access(&self, host: &str) -> RemoteAccess {
        let address = match &self.login_address {
            Some(address) => address.clone(),
            None if self.listen.is_unspecified() => without_port(host).to_owned(),
            None => self.listen.to_string(),
        };
        RemoteAccess { listen: self.listen, address, map_ssh: self.map_ssh }
    }

    pub fn map_ssh_text(&self) -> &'static str {
        match self.map_ssh {
            MapSsh::AsVersion => "as-version",
            MapSsh::Always => "always",
            MapSsh::Never => "never",
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(host, _)| host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(listen: &str, address: Option<&str>) -> anyhow::Result<RemoteConfig> {
        let remote_login_address = address.map(str::to_owned);
        RemoteConfig::load(RemoteArgs { remote_listen: Some(listen.into()), remote_login_address, map_ssh: None })
    }

    #[test]
    fn callers_are_told_an_address_that_leads_there() {
        let told = |listen, address, host| load(listen, address).unwrap().access(host).address;
        assert_eq!(told("127.0.0.1", None, "batch.example.org"), "127.0.0.1");
        assert_eq!(told("0.0.0.0", None, "batch.example.org:8443"), "batch.example.org");
        assert_eq!(told("::", None, "[2001:db8::1]:8443"), "2001:db8::1");
        assert_eq!(told("0.0.0.0", Some("nodes.example.org"), "batch.example.org"), "nodes.example.org");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert!(load("localhost", None).is_err());
        for bad in ["", "-oProxyCommand=x", "a b", "a;b"] {
            assert!(load("127.0.0.1", Some(bad)).is_err(), "{bad}");
        }
        let args = RemoteArgs { map_ssh: Some("sometimes".into()), ..RemoteArgs::default() };
        assert!(RemoteConfig::load(args).is_err());
    }
}
