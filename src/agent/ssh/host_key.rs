//! The key by which the node is known. It lies beside the node's root, which tasks cannot leave, and goes with the folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use russh::keys::PrivateKey;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};

const FILE_NAME: &str = "ssh_host_ed25519_key";

#[derive(Clone)]
pub struct HostKey(PrivateKey);

impl HostKey {
    /// The folder's key, made at its first use.
    pub fn of(dir: &Path) -> io::Result<HostKey> {
        let path = dir.join(FILE_NAME);
        match fs::read_to_string(&path) {
            Ok(text) => PrivateKey::from_openssh(&text).map(HostKey).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => HostKey::make(dir, &path),
            Err(error) => Err(error),
        }
    }

    /// Written beside and moved there: a half of a key would keep everybody out for ever.
    fn make(dir: &Path, path: &Path) -> io::Result<HostKey> {
        let mut seed = [0; 32];
        io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut seed)?;
        let pair = Ed25519Keypair::from_seed(&seed);
        let key = PrivateKey::new(KeypairData::Ed25519(pair), "").map_err(io::Error::other)?;
        let text = key.to_openssh(LineEnding::LF).map_err(io::Error::other)?;
        let beside = dir.join(format!("{FILE_NAME}.new"));
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        Ok(HostKey(key))
    }

    /// Kind and key, as in `known_hosts` after the host's name.
    pub fn public(&self) -> String {
        self.0.public_key().to_openssh().unwrap_or_default().trim_end().to_owned()
    }

    pub(super) fn private(&self) -> PrivateKey {
        self.0.clone()
    }
}

pub fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(FILE_NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_keeps_its_key_and_shows_it_to_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let key = HostKey::of(dir.path()).unwrap().public();
        assert!(key.starts_with("ssh-ed25519 ") && key.split(' ').count() == 2, "{key}");
        assert_eq!(HostKey::of(dir.path()).unwrap().public(), key);
        let mode = dir.path().join(FILE_NAME).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        remove(dir.path()).unwrap();
        assert_ne!(HostKey::of(dir.path()).unwrap().public(), key);
    }
}
