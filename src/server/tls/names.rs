//! The names and addresses by which clients reach this server, for its certificate. Which of them a request may name is
//! another question: see [`crate::server::hosts`].

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nix::ifaddrs::getifaddrs;

#[derive(Clone, Debug)]
pub struct OwnNames {
    listen: IpAddr,
    /// Host names and addresses as they stand in URLs, lower case, without ports.
    hosts: Vec<String>,
}

impl OwnNames {
    /// `listen` is the bound address; `allowed` are hosts with their ports.
    pub fn new(listen: SocketAddr, public_url: Option<&str>, allowed: &[String]) -> OwnNames {
        let public = public_url.and_then(|url| url.split_once("://")).map(|(_, host)| host);
        let said = public.into_iter().chain(allowed.iter().map(String::as_str));
        let mut hosts: Vec<String> = said.map(|host| without_port(host).to_ascii_lowercase()).collect();
        hosts.push("localhost".to_owned());
        hosts.extend(machine_name());
        OwnNames { listen: listen.ip(), hosts }
    }

    /// All that the certificate of the server lists.
    pub fn all(&self) -> Vec<String> {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let listened =
            if self.listen.is_unspecified() { machine_addresses() } else { vec![self.listen.to_canonical()] };
        let addresses = loopback.into_iter().chain(listened).map(|address| address.to_string());
        let names: BTreeSet<String> = self.hosts.iter().cloned().chain(addresses).collect();
        names.into_iter().collect()
    }

    /// Whether a name, in lower case, lies below one of ours, as those of accounts do.
    pub fn is_below(&self, name: &str) -> bool {
        self.hosts.iter().any(|host| name.strip_suffix(host.as_str()).is_some_and(|rest| rest.ends_with('.')))
    }
}

/// `[::1]:8420` into `::1`, `host:1` into `host`.
fn without_port(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

fn machine_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?.trim().to_ascii_lowercase();
    let is_sound = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    is_sound.then_some(name)
}

/// Those of all interfaces, as long as they are up.
fn machine_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else { return Vec::new() };
    let address = |storage: nix::sys::socket::SockaddrStorage| {
        let v4 = storage.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| storage.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    };
    interfaces.filter_map(|interface| interface.address.and_then(address)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listen: &str) -> OwnNames {
        let allowed = ["Proxy:8090".to_owned(), "[2001:db8::1]:1".to_owned()];
        OwnNames::new(listen.parse().unwrap(), Some("https://batch.example.org:8443"), &allowed)
    }

    #[test]
    fn all_that_clients_may_say_is_named() {
        let all = names("192.0.2.1:8420").all();
        for name in ["127.0.0.1", "192.0.2.1", "2001:db8::1", "::1", "batch.example.org", "localhost", "proxy"] {
            assert!(all.iter().any(|one| one == name), "{name} in {all:?}");
        }
        assert!(names("0.0.0.0:8420").all().iter().all(|name| name != "0.0.0.0"));
    }

    #[test]
    fn names_of_accounts_lie_below() {
        let names = names("127.0.0.1:8420");
        for below in ["acc.localhost", "acc.batch.example.org", "acc.local.batch.batch.example.org", "acc.proxy"] {
            assert!(names.is_below(below), "{below}");
        }
        for other in ["localhost", "xlocalhost", "example.org", "acc.evil.example", ""] {
            assert!(!names.is_below(other), "{other}");
        }
    }
}
