//! The bytes' way to the server: TCP, or TLS over it when the server's URL says so.
//!
//! The server's certificate must be for [`SERVER_NAME`] and of the authority in the file beside the URL, and of no other:
//! what the machine trusts otherwise does not count. The server that runs on the data folder has written both.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::http::Uri;

use crate::api::agent::SERVER_NAME;

pub trait Way: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Way for T {}

/// Opens it, for a URL of `ws` or `wss`. Says the node's own address as well.
pub async fn open(url: &Uri, authority_file: &Path) -> anyhow::Result<(Box<dyn Way>, String)> {
    let is_tls = url.scheme_str() == Some("wss");
    let host = url.host().context("the server's URL names no host")?.trim_matches(['[', ']']);
    let port = url.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let ip_address = stream.local_addr()?.ip().to_string();
    if !is_tls {
        return Ok((Box::new(stream), ip_address));
    }
    let stream = connector(authority_file)?.connect(ServerName::try_from(SERVER_NAME)?, stream).await?;
    Ok((Box::new(stream), ip_address))
}

fn connector(authority_file: &Path) -> anyhow::Result<TlsConnector> {
    let reading = || format!("reading {}", authority_file.display());
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority_file).with_context(reading)? {
        authorities.add(certificate.with_context(reading)?).with_context(reading)?;
    }
    ensure!(!authorities.is_empty(), "there is no certificate in {}", authority_file.display());
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
