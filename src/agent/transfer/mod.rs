//! `fournil transfer`: brings a task's files to its folder, or uploads them from there. A short-lived process of its own,
//! with the task user's rights and never with root's: what a server on the network answers meets nothing that could be lost.
//!
//! The agent hands it a file as standard input: a JSON [`Order`]. The process reads it, empties it, and writes into it why it
//! failed, as a JSON [`TaskFailureInformation`]; nothing when all went well. Addresses hold signatures, so they are neither
//! in its arguments nor in its environment, and not in what it writes to logs.

mod blob;
mod deploy;
mod download;
mod failure;
mod find;
pub mod http;
mod images;
mod install;
mod mount;
mod unpack;
mod upload;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

pub use failure::{mount_server_ended, mounts_need_root, not_started, of_package};
pub use images::{INVALID_IMAGE, NO_PROGRAM};

use super::process::UserId;
use crate::api::agent::Package;
use crate::api::{
    AddressRange, ContainerRegistry, MountConfiguration, OutputFile, ResourceFile, TaskFailureInformation,
};

/// No transfer takes longer, however busy it looks.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What the process is to do. Its working directory is the task's.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub work: Work,
    /// Addresses that are not spoken to.
    pub forbidden: Vec<AddressRange>,
    /// Certificates of the server's own authority in PEM; trusted as well as those that the machine trusts.
    pub authority: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Work {
    Download(Vec<ResourceFile>),
    /// Downloads and unpacks packages in the working directory.
    Deploy(Vec<Package>),
    /// Puts what `Deploy` unpacked there below the node's root; done with the agent's own rights. `group`
    /// is the tasks' user.
    Install {
        packages: Vec<Package>,
        root: String,
        group: Option<UserId>,
    },
    /// Brings container images to the node, with the agent's own rights. The working directory is the agent's, for passwords.
    Images {
        program: String,
        images: Vec<String>,
        registries: Vec<ContainerRegistry>,
    },
    /// Mounts file systems below `root`, with the agent's own rights; `folder` holds files for the programs that do it. `group` as
    /// above.
    Mount {
        mounts: Vec<MountConfiguration>,
        root: String,
        folder: String,
        group: Option<UserId>,
    },
    /// Texts that become blobs, by their names.
    Texts {
        container_url: String,
        blobs: Vec<(String, String)>,
    },
    /// `variables` are the task's own, which patterns may name; `root` is the node's, as the task sees it.
    Upload {
        files: Vec<OutputFile>,
        variables: BTreeMap<String, String>,
        root: String,
    },
}

/// What a work is part of, for the codes of its failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Download,
    Upload,
    Deploy,
    Image,
    Mount,
}

impl Work {
    pub fn kind(&self) -> Kind {
        match self {
            Work::Download(_) => Kind::Download,
            Work::Deploy(_) | Work::Install { .. } => Kind::Deploy,
            Work::Images { .. } => Kind::Image,
            Work::Mount { .. } => Kind::Mount,
            Work::Texts { .. } | Work::Upload { .. } => Kind::Upload,
        }
    }
}

/// The whole process. Must be called before it has a second thread.
pub fn run() -> ExitCode {
    let outcome = File::from(std::io::stdin().as_fd().try_clone_to_owned().expect("standard input is open"));
    match serve(outcome) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fournil transfer: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// True when all went well.
fn serve(mut sheet: File) -> anyhow::Result<bool> {
    // Another task of the same user cannot look into this process.
    nix::sys::prctl::set_dumpable(false)?;
    let mut text = String::new();
    sheet.read_to_string(&mut text).context("reading the order")?;
    let order: Order = serde_json::from_str(&text).context("reading the order")?;
    sheet.set_len(0)?;
    sheet.rewind()?;
    let client = http::Client::new(order.forbidden.clone(), order.authority);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let work = async {
        match &order.work {
            Work::Download(files) => download::all(&client, files).await,
            Work::Deploy(packages) => deploy::all(&client, packages).await,
            Work::Install { packages, root, group } => install::all(packages, root, *group),
            Work::Images { program, images, registries } => images::all(program, images, registries),
            Work::Mount { mounts, root, folder, group } => {
                mount::all(mounts, (Path::new(root), Path::new(folder)), *group, &order.forbidden)
            }
            Work::Texts { container_url, blobs } => upload::texts(&client, container_url, blobs).await,
            Work::Upload { files, variables, root } => upload::all(&client, files, variables, root).await,
        }
    };
    let kind = order.work.kind();
    let done = runtime.block_on(async {
        tokio::time::timeout(LONGEST, work).await.unwrap_or_else(|_| Err(failure::took_too_long(kind, LONGEST)))
    });
    let Err(failure) = done else { return Ok(true) };
    serde_json::to_writer(&mut sheet, &failure)?;
    sheet.flush()?;
    Ok(false)
}

/// What a process that has ended with `exit` left in its sheet.
pub fn read_outcome(mut sheet: &File, exit: i32, kind: Kind) -> Option<TaskFailureInformation> {
    /// A process of ours writes less.
    const LONGEST_TEXT: u64 = 1 << 20;
    if exit == 0 {
        return None;
    }
    let mut text = String::new();
    let read = sheet.rewind().and_then(|()| sheet.take(LONGEST_TEXT).read_to_string(&mut text));
    let failure = read.ok().and_then(|_| serde_json::from_str(&text).ok());
    Some(failure.unwrap_or_else(|| failure::ended_early(kind, exit)))
}
