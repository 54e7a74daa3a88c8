//! OpenSSH's own client, as a user types it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Somebody with a key, who knows a node's address.
pub struct OpenSsh {
    folder: TempDir,
    /// The user on the node.
    pub user: String,
    host: String,
    port: String,
}

impl OpenSsh {
    /// `login` is what `remoteloginsettings` says. Makes a key of this kind.
    pub fn new(user: &str, login: &Value, kind: &str) -> OpenSsh {
        let folder = tempfile::tempdir().unwrap();
        let ssh = OpenSsh {
            folder,
            user: user.to_owned(),
            host: login["remoteLoginIPAddress"].as_str().unwrap().to_owned(),
            port: login["remoteLoginPort"].to_string(),
        };
        #[expect(clippy::disallowed_methods, reason = "OpenSSH's own program is what a user has")]
        let mut generate = Command::new("ssh-keygen");
        let made = generate.args(["-q", "-N", "", "-t", kind, "-f"]).arg(ssh.path("key")).output();
        assert!(made.expect("OpenSSH is installed: scripts/setup test").status.success());
        ssh
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn public_key(&self) -> String {
        fs::read_to_string(self.path("key.pub")).unwrap()
    }

    fn options(&self) -> Vec<String> {
        let known_hosts = format!("UserKnownHostsFile={}", self.path("known_hosts").display());
        let options = ["StrictHostKeyChecking=accept-new", &known_hosts, "IdentityAgent=none", "LogLevel=ERROR"];
        let mut all = vec!["-F".to_owned(), "/dev/null".to_owned()];
        all.extend(options.iter().flat_map(|option| ["-o".to_owned(), (*option).to_owned()]));
        all
    }

    /// `ssh` with further options and what is to be run; by key.
    pub fn command(&self, options: &[&str], run: &[&str]) -> Command {
        #[expect(clippy::disallowed_methods, reason = "OpenSSH's own program is what a user has")]
        let mut ssh = Command::new("ssh");
        ssh.args(self.options()).args(["-o", "BatchMode=yes", "-i"]).arg(self.path("key")).args(["-p", &self.port]);
        ssh.args(options).arg(format!("{}@{}", self.user, self.host)).args(run).stdin(Stdio::null());
        ssh
    }

    /// Runs a command on the node to its end.
    pub async fn run(&self, command: &str) -> Ended {
        Ended::of(self.command(&[], &[command])).await
    }

    /// Runs a command on the node that goes on.
    pub fn begin(&self, command: &str) -> Child {
        self.command(&[], &[command]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The same by password.
    pub async fn run_by_password(&self, password: &str, command: &str) -> Ended {
        let ask = self.path("ask");
        fs::write(&ask, format!("#!/bin/sh\necho '{password}'\n")).unwrap();
        fs::set_permissions(&ask, fs::Permissions::from_mode(0o700)).unwrap();
        #[expect(clippy::disallowed_methods, reason = "OpenSSH's own program is what a user has")]
        let mut ssh = Command::new("ssh");
        ssh.args(self.options()).args(["-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]);
        ssh.args(["-p", &self.port, &format!("{}@{}", self.user, self.host), command]).stdin(Stdio::null());
        ssh.env("SSH_ASKPASS", ask).env("SSH_ASKPASS_REQUIRE", "force");
        Ended::of(ssh).await
    }

    /// Lets `sftp` do what a text says; it stops at what fails.
    pub async fn sftp(&self, batch: &str) -> Ended {
        fs::write(self.path("batch"), batch).unwrap();
        #[expect(clippy::disallowed_methods, reason = "OpenSSH's own program is what a user has")]
        let mut sftp = Command::new("sftp");
        sftp.args(self.options()).arg("-b").arg(self.path("batch")).arg("-i").arg(self.path("key"));
        sftp.args(["-P", &self.port, &format!("{}@{}", self.user, self.host)]).stdin(Stdio::null());
        Ended::of(sftp).await
    }
}

/// What a program left.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    async fn of(mut command: Command) -> Ended {
        let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// OpenSSH's own code for what it could not do.
    #[track_caller]
    pub fn kept_out(self) {
        assert_eq!(self.code, Some(255), "{self:?}");
        assert!(self.err.contains("Permission denied") || self.err.contains("Connection"), "{self:?}");
    }
}
