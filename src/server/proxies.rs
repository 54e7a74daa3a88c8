//! Proxies in front of the server. Only an operator knows them: what anybody else says about where a request comes from is not
//! believed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;

use crate::api::AddressRange;

/// Addresses of the operator's own proxies.
pub type Trusted = Arc<[AddressRange]>;

/// Replaces the address of a proxy by that of whoever it speaks for, for all that is behind.
pub async fn resolve(State(trusted): State<Trusted>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    if let Some(peer) = peer {
        let from = client(&trusted, peer.ip(), request.headers());
        // Without a port: it is the client's own, which nobody tells.
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(from, if from == peer.ip() { peer.port() } else { 0 })));
    }
    next.run(request).await
}

/// Each proxy adds to `X-Forwarded-For` whom it was called by, so the list is read from its end, as far as those who wrote it are
/// trusted. What cannot be read ends it: the last who is known then counts.
fn client(trusted: &[AddressRange], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_ours = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let mut from = peer;
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("?")).collect();
    for said in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_ours(from) {
            break;
        }
        match address(said.trim()) {
            Some(address) => from = address,
            None => break,
        }
    }
    from.to_canonical()
}

/// `192.0.2.1`, `[2001:db8::1]`, and both with a port, as some proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| text.trim_start_matches('[').trim_end_matches(']').parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_says_is_believed() {
        let trusted: Vec<AddressRange> = ["127.0.0.1", "10.0.0.0/8"].map(|range| range.parse().unwrap()).to_vec();
        let check = |peer: &str, said: &[&str], expected: &str| {
            let mut headers = HeaderMap::new();
            for line in said {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let found = client(&trusted, peer.parse().unwrap(), &headers);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {said:?}");
        };
        check("127.0.0.1", &["192.0.2.1"], "192.0.2.1");
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &["6.6.6.6, 192.0.2.1, 10.1.1.1"], "192.0.2.1");
        check("127.0.0.1", &["6.6.6.6", "192.0.2.1"], "192.0.2.1");
        check("127.0.0.1", &["192.0.2.1:443"], "192.0.2.1");
        check("127.0.0.1", &["[2001:db8::1]:443, [2001:db8::2]"], "2001:db8::2");
        check("127.0.0.1", &["192.0.2.1, nonsense"], "127.0.0.1");
        check("::ffff:127.0.0.1", &["192.0.2.1"], "192.0.2.1");
        check("192.0.2.9", &["10.1.1.1"], "192.0.2.9");
    }
}
