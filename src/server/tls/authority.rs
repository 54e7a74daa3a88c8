//! A certificate authority of the server's own. It says of server names that they are this server's, and nothing else.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, SerialNumber,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::provider;
use crate::api::Timestamp;
use crate::service::context::{Clock, Random};

pub const CERTIFICATE_FILE: &str = "ca.pem";
const KEY_FILE: &str = "ca.key";

const DAY_SECS: i64 = 24 * 3600;
/// Those who trust the authority would have to be told of another one.
const AUTHORITY_DAYS: i64 = 20 * 365;
/// Clocks differ.
const EARLIER_DAYS: i64 = 1;

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// A new one that nobody keeps.
    ///
    /// # Errors
    /// When there is no chance to make a key from.
    pub fn new(random: &dyn Random, clock: &dyn Clock) -> anyhow::Result<Authority> {
        Authority::of(KeyPair::generate()?, random, clock)
    }

    /// The folder's own. Made at the first call; the same from then on, so that who trusts it once is done.
    ///
    /// # Errors
    /// When its files cannot be read or written, or do not belong together.
    pub fn kept_in(folder: &Path, random: &dyn Random, clock: &dyn Clock) -> anyhow::Result<Authority> {
        let (key_file, pem_file) = (folder.join(KEY_FILE), folder.join(CERTIFICATE_FILE));
        match (read(&key_file)?, read(&pem_file)?) {
            (Some(key), Some(pem)) => {
                let key = KeyPair::from_pem(&key).with_context(|| format!("{} holds no key", key_file.display()))?;
                belong_together(&key, &pem).with_context(|| {
                    format!("{} is not the certificate of {}", pem_file.display(), key_file.display())
                })?;
                let issuer = Issuer::new(authority_params(&key), key);
                Ok(Authority { issuer, pem })
            }
            // The certificate is written last: a start that was cut off before it is made up for.
            (key, None) => {
                let key = match key {
                    Some(key) => KeyPair::from_pem(&key).with_context(|| format!("reading {}", key_file.display()))?,
                    None => KeyPair::generate()?,
                };
                write(&key_file, &key.serialize_pem(), 0o600)?;
                let authority = Authority::of(key, random, clock)?;
                write(&pem_file, &authority.pem, 0o644)?;
                Ok(authority)
            }
            (None, Some(_)) => bail!(
                "{} is there without its key {}: put the key back, or remove the certificate to have a new authority",
                pem_file.display(),
                key_file.display()
            ),
        }
    }

    fn of(key: KeyPair, random: &dyn Random, clock: &dyn Clock) -> anyhow::Result<Authority> {
        let mut params = authority_params(&key);
        set_validity(&mut params, clock.now(), AUTHORITY_DAYS)?;
        params.serial_number = Some(serial_number(random));
        let pem = params.self_signed(&key)?.pem();
        Ok(Authority { issuer: Issuer::new(params, key), pem })
    }

    /// Its certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Says for some days that the key is that of a server with these names and addresses.
    ///
    /// # Errors
    /// When one of the names could not stand in a certificate.
    pub fn certify(
        &self,
        key: &KeyPair,
        names: Vec<String>,
        days: i64,
        now: Timestamp,
        random: &dyn Random,
    ) -> anyhow::Result<CertificateDer<'static>> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = Default::default();
        params.distinguished_name.push(DnType::CommonName, "Fournil");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial_number(random));
        set_validity(&mut params, now, days)?;
        Ok(params.signed_by(key, &self.issuer)?.into())
    }
}

/// All but time and number follow from the key, so that they are the same when the server starts again.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let mark: String =
        Sha256::digest(key.subject_public_key_info()).iter().take(4).map(|b| format!("{b:02x}")).collect();
    let mut params = CertificateParams::default();
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, format!("Fournil local authority {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn set_validity(params: &mut CertificateParams, now: Timestamp, days: i64) -> anyhow::Result<()> {
    let secs = now.micros() / 1_000_000;
    params.not_before = OffsetDateTime::from_unix_timestamp(secs - EARLIER_DAYS * DAY_SECS)?;
    params.not_after = OffsetDateTime::from_unix_timestamp(secs + days * DAY_SECS)?;
    Ok(())
}

/// Browsers take two certificates of one authority with the same number for a fraud.
fn serial_number(random: &dyn Random) -> SerialNumber {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn belong_together(key: &KeyPair, pem: &str) -> anyhow::Result<()> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes())?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    CertifiedKey::from_der(vec![certificate], key, &provider())?;
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
}

/// Whole or not at all, and on the disk when this returns.
fn write(file: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let draft = file.with_extension("new");
    let attempt = || {
        let mut out = OpenOptions::new().create(true).truncate(true).write(true).mode(mode).open(&draft)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        std::fs::rename(&draft, file)
    };
    attempt().with_context(|| format!("{} cannot be written", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::clock::SystemClock;
    use crate::server::ids::SystemRandom;
    use std::os::unix::fs::PermissionsExt;

    fn open(folder: &Path) -> anyhow::Result<Authority> {
        Authority::kept_in(folder, &SystemRandom, &SystemClock)
    }

    #[test]
    fn the_authority_is_made_once_and_its_key_is_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path()).unwrap();
        let second = open(folder.path()).unwrap();
        assert_eq!(first.pem(), second.pem());
        let mode = folder.path().join(KEY_FILE).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_certificate_that_was_lost_is_made_again_for_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap();
        let key = std::fs::read(folder.path().join(KEY_FILE)).unwrap();
        std::fs::remove_file(folder.path().join(CERTIFICATE_FILE)).unwrap();
        open(folder.path()).unwrap();
        assert_eq!(std::fs::read(folder.path().join(KEY_FILE)).unwrap(), key);
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        open(folder.path()).unwrap();
        open(other.path()).unwrap();
        std::fs::copy(other.path().join(KEY_FILE), folder.path().join(KEY_FILE)).unwrap();
        let error = open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("is not the certificate of"), "{error}");
        std::fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
        let error = open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("without its key"), "{error}");
    }
}
