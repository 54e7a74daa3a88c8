//! The operator's certificate and key, read again when their files change. New connections get the new certificate; those
//! that are open go on. Files that are no good change nothing.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::provider;
use crate::server::shutdown::Stopping;

/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct FileCertificate {
    cert: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
    /// The files as they were just before they were first read.
    first: Stamp,
}

/// Tells a file from what it was: time of change, size and inode, of both files. Links are followed.
type Stamp = [Option<(i64, i64, u64, u64)>; 2];

impl FileCertificate {
    /// # Errors
    /// When the files cannot be read, are not PEM, or do not belong together.
    pub fn load(cert: PathBuf, key: PathBuf) -> anyhow::Result<FileCertificate> {
        let first = stamp(&cert, &key);
        let current = RwLock::new(Arc::new(read(&cert, &key)?));
        Ok(FileCertificate { cert, key, current, first })
    }

    pub fn current(&self) -> Arc<CertifiedKey> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the files until the server stops.
    pub async fn watch(self: Arc<Self>, mut stopping: Stopping) {
        let mut used = self.first;
        let mut last = self.first;
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stopping.wait() => return,
            }
            let now = stamp(&self.cert, &self.key);
            // Not while they are being written, one after the other.
            if now != used && now == last {
                used = now;
                self.reload();
            }
            last = now;
        }
    }

    fn reload(&self) {
        match read(&self.cert, &self.key) {
            Ok(new) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::info!(file = %self.cert.display(), "the new TLS certificate is in use");
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "the new TLS certificate is no good; the one before stays in use");
            }
        }
    }
}

fn stamp(cert: &Path, key: &Path) -> Stamp {
    let of = |file: &Metadata| (file.ctime(), file.ctime_nsec(), file.size(), file.ino());
    [cert, key].map(|path| path.metadata().ok().as_ref().map(of))
}

fn read(cert: &Path, key: &Path) -> anyhow::Result<CertifiedKey> {
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_file_iter(cert).and_then(|certificates| certificates.collect());
    let chain = chain.with_context(|| format!("the certificates in {} cannot be read", cert.display()))?;
    ensure!(!chain.is_empty(), "there is no certificate in {}", cert.display());
    let private = PrivateKeyDer::from_pem_file(key);
    let private = private.with_context(|| format!("the private key in {} cannot be read", key.display()))?;
    CertifiedKey::from_der(chain, private, &provider())
        .with_context(|| format!("the key in {} is not that of {}", key.display(), cert.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    #[test]
    fn files_that_are_no_good_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let write = |certified: &KeyPair, kept: &KeyPair| {
            let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            std::fs::write(&cert, params.self_signed(certified).unwrap().pem()).unwrap();
            std::fs::write(&key, kept.serialize_pem()).unwrap();
        };
        let (one, two) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        write(&one, &one);
        let files = FileCertificate::load(cert.clone(), key.clone()).unwrap();
        let first = files.current();
        let mut bad: Vec<(&str, &dyn Fn())> = Vec::new();
        let gone = || std::fs::remove_file(&cert).unwrap();
        let empty = || std::fs::write(&cert, "").unwrap();
        let mixed = || write(&two, &one);
        bad.extend([("gone", &gone as &dyn Fn()), ("empty", &empty), ("of another key", &mixed)]);
        for (what, spoil) in bad {
            spoil();
            files.reload();
            assert!(Arc::ptr_eq(&files.current(), &first), "{what}");
        }
        write(&two, &two);
        files.reload();
        assert!(!Arc::ptr_eq(&files.current(), &first));
    }
}
