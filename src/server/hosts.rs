//! The host names under which this server answers. A web page of a stranger can make a browser call this server under the
//! stranger's own name (DNS rebinding): such a request names a host that is none of ours.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;

use super::headers::ErrorAnswer;
use crate::api::Code;
use crate::{arm, rest};

/// Whom requests may be for.
#[derive(Clone, Debug)]
pub struct Hosts {
    listen: SocketAddr,
    /// Lower case, without a port where it is the scheme's own.
    named: Vec<String>,
}

impl Hosts {
    /// `listen` is the bound address; `named` are hosts with their ports.
    pub fn new(listen: SocketAddr, public_url: Option<&str>, allowed: &[String]) -> Hosts {
        let public = public_url.and_then(|url| url.split_once("://")).map(|(_, host)| host.to_owned());
        let named = public.into_iter().chain(allowed.iter().cloned());
        Hosts { listen, named: named.map(|host| without_usual_port(&host.to_ascii_lowercase()).to_owned()).collect() }
    }

    /// Whether `host` (of a `Host` header or an origin) is this server.
    pub fn contains(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        if self.named.iter().any(|named| named == without_usual_port(&host)) {
            return true;
        }
        let (name, port) = split_port(&host);
        // Nobody says the port that is the scheme's own.
        if !port.map_or(USUAL_PORTS.contains(&self.listen.port()), |port| port == self.listen.port()) {
            return false;
        }
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address.map(|address| address.to_canonical()) {
            // An address is no name that somebody could point elsewhere.
            Ok(address) => {
                address.is_loopback() || self.listen.ip().is_unspecified() || address == self.listen.ip().to_canonical()
            }
            Err(_) => name == "localhost" && self.has_localhost(),
        }
    }

    /// Whether `host` lies below one of ours, as `{account}.localhost:8420` does: there the data plane answers, and nothing
    /// else. Nobody but us can point such names anywhere.
    pub fn is_below(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let is_below = |own: &str| {
            without_usual_port(&host).strip_suffix(without_usual_port(own)).is_some_and(|rest| rest.ends_with('.'))
        };
        self.named.iter().any(|named| is_below(named))
            || (is_below(&format!("localhost:{}", self.listen.port())) && self.has_localhost())
    }

    fn has_localhost(&self) -> bool {
        self.listen.ip().is_loopback() || self.listen.ip().is_unspecified()
    }
}

/// Of HTTP without and with TLS.
const USUAL_PORTS: [u16; 2] = [80, 443];

fn without_usual_port(host: &str) -> &str {
    host.strip_suffix(":80").or_else(|| host.strip_suffix(":443")).unwrap_or(host)
}

/// `[::1]:8420` into `[::1]` and 8420.
fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse().unwrap_or(0))),
        _ => (host, None),
    }
}

/// What stands at the door.
#[derive(Clone)]
pub struct Door {
    pub hosts: Arc<Hosts>,
    /// Answers on the host names of accounts, and below its own roots everywhere.
    pub data_plane: Router,
    /// Answers below its own roots, on our own names only.
    pub management: Router,
}

/// Answers 421 to requests for other hosts, and sends those for the data plane and for the management plane there.
pub async fn check(State(door): State<Door>, request: Request, next: Next) -> Response {
    let is_ours = |host: &str| door.hosts.contains(host);
    let is_below = |host: &str| door.hosts.is_below(host);
    let path = request.uri().path();
    let (for_data, for_management) = (rest::owns(path), arm::owns(path));
    if is_for(is_ours, request.uri(), request.headers()) {
        match (for_data, for_management) {
            (true, _) => door.data_plane.oneshot(request).await.into_response(),
            (false, true) => door.management.oneshot(request).await.into_response(),
            (false, false) => next.run(request).await,
        }
    } else if is_for(is_below, request.uri(), request.headers()) {
        door.data_plane.oneshot(request).await.into_response()
    } else {
        ErrorAnswer::from(Code::MisdirectedRequest).into_response()
    }
}

/// The URL's host counts as well as the header, where it has one.
fn is_for(is_ours: impl Fn(&str) -> bool, uri: &Uri, headers: &HeaderMap) -> bool {
    let mut named = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (named.next(), named.next()) else { return false };
    host.to_str().is_ok_and(&is_ours) && uri.authority().is_none_or(|authority| is_ours(authority.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(listen: &str, host: &str, expected: bool) {
        let named = ["Batch.example.org:443".to_owned(), "proxy:8090".to_owned()];
        let hosts = Hosts::new(listen.parse().unwrap(), Some("https://public.example.org"), &named);
        assert_eq!(hosts.contains(host), expected, "{host} on {listen}");
    }

    #[test]
    fn loopback_names_with_our_port_are_ours() {
        for host in ["127.0.0.1:8420", "localhost:8420", "LOCALHOST:8420", "[::1]:8420"] {
            check("127.0.0.1:8420", host, true);
        }
        for host in
            ["127.0.0.1", "127.0.0.1:8421", "localhost", "localhost:84200", "localhost:", "", "[::1]", "192.0.2.1:8420"]
        {
            check("127.0.0.1:8420", host, false);
        }
        for usual in ["127.0.0.1:80", "127.0.0.1:443"] {
            check(usual, "localhost", true);
            check(usual, "localhost:8420", false);
        }
    }

    #[test]
    fn strangers_names_are_not() {
        for host in [
            "evil.example:8420",
            "127.0.0.1.evil.example:8420",
            "localhost.evil.example:8420",
            "localhost@evil:8420",
            "xlocalhost:8420",
        ] {
            check("127.0.0.1:8420", host, false);
            check("0.0.0.0:8420", host, false);
        }
    }

    #[test]
    fn configured_names_are_ours() {
        for host in ["public.example.org", "public.example.org:443", "BATCH.example.org", "proxy:8090"] {
            check("127.0.0.1:8420", host, true);
        }
        check("127.0.0.1:8420", "proxy", false);
        check("127.0.0.1:8420", "public.example.org:8420", false);
    }

    #[test]
    fn names_of_accounts_lie_below_ours() {
        let hosts = Hosts::new("127.0.0.1:8420".parse().unwrap(), Some("https://batch.example.org"), &[]);
        for host in [
            "acc.localhost:8420",
            "acc.local.batch.localhost:8420",
            "acc.batch.example.org",
            "acc.BATCH.example.org:443",
        ] {
            assert!(hosts.is_below(host) && !hosts.contains(host), "{host}");
        }
        for host in [
            "localhost:8420", "acclocalhost:8420", "acc.localhost:1", "acc.127.0.0.1:8420", "acc.example.org",
            "batch.example.org",
        ] {
            assert!(!hosts.is_below(host), "{host}");
        }
        let usual = Hosts::new("127.0.0.1:443".parse().unwrap(), None, &[]);
        assert!(usual.is_below("acc.localhost") && usual.is_below("acc.localhost:443"));
    }

    #[test]
    fn on_all_addresses_any_address_is_ours_but_no_name() {
        check("0.0.0.0:8420", "192.0.2.7:8420", true);
        check("192.0.2.1:8420", "192.0.2.1:8420", true);
        check("192.0.2.1:8420", "192.0.2.2:8420", false);
        check("192.0.2.1:8420", "localhost:8420", false);
    }
}
