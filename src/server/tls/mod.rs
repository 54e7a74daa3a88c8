//! TLS on the server's one port.
//!
//! Who comes by the name or the address of the server gets the operator's certificate ([`files`]), or one that a local
//! authority made for that name ([`local`], [`authority`]). Agents ask for [`SERVER_NAME`] and always get one of the local
//! authority, whose certificate they find beside the server's URL: so they trust the server of their own data folder and
//! nobody else, whatever certificate browsers see.

mod accept;
mod authority;
mod files;
mod local;
mod names;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

pub use accept::Arrival;
use authority::Authority;
pub use files::FileCertificate;
use local::LocalCertificates;
pub use names::OwnNames;

use super::clock::SystemClock;
use super::config::TlsConfig;
use super::data_dir::DataDir;
use crate::api::agent::SERVER_NAME;
use crate::service::context::Random;

/// What the listener needs to speak TLS.
pub struct Tls {
    acceptor: TlsAcceptor,
    /// The authority whom agents trust, as PEM.
    pub agents_authority: String,
    /// The authority whom programs and browsers are to trust, where it is the server's own.
    pub authority_file: Option<PathBuf>,
    /// To be watched for changes.
    pub files: Option<Arc<FileCertificate>>,
}

impl Tls {
    /// Absent when the server speaks plain HTTP.
    ///
    /// # Errors
    /// When a certificate cannot be read or made.
    pub fn new(
        config: &TlsConfig,
        data_dir: &DataDir,
        names: OwnNames,
        random: Arc<dyn Random>,
    ) -> anyhow::Result<Option<Tls>> {
        // Peers look at the real time, whatever the server's own clock says.
        let clock = Arc::new(SystemClock);
        let (authority, authority_file, files) = match config {
            TlsConfig::Off => return Ok(None),
            TlsConfig::Files { cert, key } => {
                let files = FileCertificate::load(cert.clone(), key.clone())?;
                // It lives as long as the server: agents read it again whenever they connect.
                (Authority::new(&*random, &*clock)?, None, Some(Arc::new(files)))
            }
            TlsConfig::SelfSigned => {
                let folder = data_dir.tls()?;
                let authority = Authority::kept_in(&folder, &*random, &*clock)?;
                (authority, Some(folder.join(authority::CERTIFICATE_FILE)), None)
            }
        };
        let agents_authority = authority.pem().to_owned();
        let local = LocalCertificates::new(authority, names, random, clock)?;
        let chooser = Chooser { local, files: files.clone() };
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .context("TLS cannot be set up")?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(chooser));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), agents_authority, authority_file, files }))
    }
}

/// The cryptography of all that is TLS here.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Finds the certificate for the name that a client asks for.
#[derive(Debug)]
struct Chooser {
    local: LocalCertificates,
    files: Option<Arc<FileCertificate>>,
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match (hello.server_name(), &self.files) {
            (Some(SERVER_NAME), _) => self.local.named(SERVER_NAME),
            (_, Some(files)) => Some(files.current()),
            (name, None) => self.local.asked_for(name),
        }
    }
}
