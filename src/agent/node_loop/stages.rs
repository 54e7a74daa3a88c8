//! Runs that are more than their command: packages and files come before it, and files leave after it.
//!
//! ```text
//! Deploy ──unpacked──▶ Install ──in its place──▶ Download ──all there──▶ Command ──its condition fits──▶ Upload ──▶ over
//!   └──failure──▶ over    └──failure──▶ over        └──failure──▶ over      └──nothing to upload──▶ over
//! ```
//!
//! Each stage is a process of its own under the run's one id: it is limited, killed, marked and fenced like any other, and
//! the run keeps its slots meanwhile.

use std::fs::File;
use std::io::{Seek, Write};

use rustix::fs::{MemfdFlags, memfd_create};

use super::super::launcher::{Launch, Launcher};
use super::super::node_core::Fate;
use super::super::run_id::RunId;
use super::super::runs::{Over, Run};
use super::super::{clock, failure, process_tree, transfer};
use super::Node;
use crate::agent::files;
use crate::agent::transfer::{Kind, Order, Work};
use crate::api::agent::{Package, Usage};
use crate::api::{OutputFile, OutputFileUploadCondition, ResourceFile, TaskFailureInformation, Timestamp};

/// What is still to come of a run.
pub struct Stages {
    launch: Launch,
    resource_files: Vec<ResourceFile>,
    output_files: Vec<OutputFile>,
    now: Stage,
}

enum Stage {
    Deploy { sheet: File, packages: Vec<Package>, staging: String },
    Install { sheet: File, packages: Vec<Package>, staging: String },
    Download { sheet: File },
    Command,
    Upload { sheet: File, at: Timestamp, exit: i32, failure: Option<TaskFailureInformation>, usage: Usage },
}

impl Stages {
    /// The packages that it is just deploying.
    pub fn in_deployment(&self) -> &[Package] {
        match &self.now {
            Stage::Deploy { packages, .. } | Stage::Install { packages, .. } => packages,
            Stage::Download { .. } | Stage::Command | Stage::Upload { .. } => &[],
        }
    }

    fn staging(&self) -> Option<&String> {
        match &self.now {
            Stage::Deploy { staging, .. } | Stage::Install { staging, .. } => Some(staging),
            Stage::Download { .. } | Stage::Command | Stage::Upload { .. } => None,
        }
    }
}

/// The end of a run, all its stages included.
pub struct Ending {
    pub id: RunId,
    pub run: Run,
    pub at: Timestamp,
    /// Absent when the command did not run.
    pub exit: Option<i32>,
    pub failure: Option<TaskFailureInformation>,
    /// Of the command alone.
    pub usage: Usage,
}

impl Node {
    /// The process that downloads and unpacks packages.
    pub(super) fn begin_deployment(
        &mut self,
        launch: Launch,
        packages: Vec<Package>,
        resource_files: Vec<ResourceFile>,
        output_files: Vec<OutputFile>,
    ) -> Result<i32, TaskFailureInformation> {
        if launch.elevated && !self.may_elevate() {
            return Err(failure::not_elevated());
        }
        let staging = files::staging(launch.limit_mark);
        let sheet = self.to_sheet(Work::Deploy(packages.clone()))?;
        let begun = self.launcher.launch_deployment(&launch, &sheet, &staging, launch.limit_mark, false);
        if begun.is_err() {
            self.clean_up_later.push(staging.clone());
        }
        let now = Stage::Deploy { sheet, packages, staging };
        let (pid, id) = (begun?, launch.run);
        self.stages.insert(id, Stages { launch, resource_files, output_files, now });
        Ok(pid)
    }

    /// The first process of a run whose packages are there.
    pub(super) fn begin_first_stage(
        &mut self,
        launch: Launch,
        resource_files: Vec<ResourceFile>,
        output_files: Vec<OutputFile>,
    ) -> Result<i32, TaskFailureInformation> {
        let id = launch.run;
        if resource_files.is_empty() {
            let pid = self.launch(&launch)?;
            if !output_files.is_empty() {
                let resource_files = Vec::new();
                self.stages.insert(id, Stages { launch, resource_files, output_files, now: Stage::Command });
            }
            return Ok(pid);
        }
        if launch.elevated && !self.may_elevate() {
            return Err(failure::not_elevated());
        }
        let (pid, sheet) = self.launch_transfer(&launch, launch.limit_mark, Work::Download(resource_files))?;
        let resource_files = Vec::new();
        self.stages.insert(id, Stages { launch, resource_files, output_files, now: Stage::Download { sheet } });
        Ok(pid)
    }

    /// Goes on with what comes after a process of a run; its end when nothing does.
    pub(super) fn next_stage(&mut self, over: Over) -> Option<Ending> {
        let stages = self.stages.remove(&over.id);
        if let Some(staging) = stages.as_ref().and_then(Stages::staging) {
            // What it unpacked has been moved by then, unless the next process does it.
            let is_to_be_installed = over.run.fate == Fate::Report && over.exit == 0;
            let is_unpacked = matches!(stages.as_ref().map(|stages| &stages.now), Some(Stage::Deploy { .. }));
            if !(is_to_be_installed && is_unpacked) {
                self.clean_up_later.push(staging.clone());
            }
        }
        let Over { id, run, at, exit, failure, usage } = over;
        let Some(mut stages) = stages.filter(|_| run.fate != Fate::GiveBack) else {
            return Some(Ending { id, run, at, exit: Some(exit), failure, usage });
        };
        let before_command = |run: Run, broken: Option<TaskFailureInformation>| {
            Some(Ending { id, run, at, exit: None, failure: broken, usage: Usage::default() })
        };
        let outcome = |sheet: &File, kind: Kind, fate: Fate, failure: Option<TaskFailureInformation>| match fate {
            Fate::Report => transfer::read_outcome(sheet, exit, kind),
            _ => failure,
        };
        match stages.now {
            Stage::Deploy { sheet, packages, staging } => {
                if let Some(broken) = outcome(&sheet, Kind::Deploy, run.fate, failure) {
                    return before_command(run, Some(broken));
                }
                let limit_mark = self.runs.next_limit_mark();
                match self.launch_installation(&stages.launch, &packages, &staging, limit_mark) {
                    Ok((pid, sheet)) => {
                        stages.now = Stage::Install { sheet, packages, staging };
                        self.stages.insert(id, stages);
                        self.go_on(id, run.go_on(pid, limit_mark, true));
                        None
                    }
                    Err(broken) => {
                        self.clean_up_later.push(staging);
                        before_command(run, Some(broken))
                    }
                }
            }
            Stage::Install { sheet, .. } => {
                let broken = outcome(&sheet, Kind::Deploy, run.fate, failure);
                if broken.is_some() || id == RunId::Packages {
                    return before_command(run, broken);
                }
                let limit_mark = self.runs.next_limit_mark();
                stages.launch.limit_mark = limit_mark;
                match self.begin_first_stage(stages.launch, stages.resource_files, stages.output_files) {
                    Ok(pid) => {
                        self.go_on(id, run.go_on(pid, limit_mark, true));
                        None
                    }
                    Err(broken) => before_command(run, Some(broken)),
                }
            }
            Stage::Download { sheet } => {
                if let Some(broken) = outcome(&sheet, Kind::Download, run.fate, failure) {
                    return before_command(run, Some(broken));
                }
                let limit_mark = self.runs.next_limit_mark();
                stages.launch.limit_mark = limit_mark;
                match self.begin_first_stage(stages.launch, Vec::new(), stages.output_files) {
                    Ok(pid) => {
                        self.go_on(id, run.go_on(pid, limit_mark, true));
                        None
                    }
                    Err(broken) => before_command(run, Some(broken)),
                }
            }
            Stage::Command => {
                let files = to_upload(&stages.output_files, failure.is_none());
                if files.is_empty() {
                    return Some(Ending { id, run, at, exit: Some(exit), failure, usage });
                }
                let (variables, root) = (Launcher::variables(&stages.launch), self.root.display().to_string());
                let limit_mark = self.runs.next_limit_mark();
                match self.launch_transfer(&stages.launch, limit_mark, Work::Upload { files, variables, root }) {
                    Ok((pid, sheet)) => {
                        stages.now = Stage::Upload { sheet, at, exit, failure, usage };
                        self.stages.insert(id, stages);
                        self.go_on(id, run.go_on(pid, limit_mark, false));
                        None
                    }
                    Err(broken) => {
                        Some(Ending { id, run, at, exit: Some(exit), failure: failure.or(Some(broken)), usage })
                    }
                }
            }
            Stage::Upload { sheet, at, exit: code, failure, usage } => {
                // The command's own failure says more than what followed from it.
                let failure = failure.or_else(|| transfer::read_outcome(&sheet, exit, Kind::Upload));
                Some(Ending { id, run, at, exit: Some(code), failure, usage })
            }
        }
    }

    fn go_on(&mut self, id: RunId, run: Run) {
        if let Some(pid) = run.leader() {
            self.core.journal.runs_as(id, pid, process_tree::start_time(pid).unwrap_or(0));
        }
        self.runs.add(id, run);
        self.core.send_soon(clock::instant());
    }

    /// The process, and the sheet on which it will leave why it failed.
    fn launch_transfer(
        &mut self,
        launch: &Launch,
        limit_mark: u64,
        work: Work,
    ) -> Result<(i32, File), TaskFailureInformation> {
        let is_upload = work.kind() == Kind::Upload;
        let sheet = self.to_sheet(work)?;
        let pid = self.launcher.launch_transfer(launch, &sheet, limit_mark, is_upload)?;
        Ok((pid, sheet))
    }

    /// The process that puts unpacked packages where tasks find them.
    fn launch_installation(
        &mut self,
        launch: &Launch,
        packages: &[Package],
        staging: &str,
        limit_mark: u64,
    ) -> Result<(i32, File), TaskFailureInformation> {
        let root = self.root.display().to_string();
        let sheet = self.to_sheet(Work::Install { packages: packages.to_vec(), root, group: launch.user })?;
        let pid = self.launcher.launch_deployment(launch, &sheet, staging, limit_mark, true)?;
        Ok((pid, sheet))
    }

    fn to_sheet(&self, work: Work) -> Result<File, TaskFailureInformation> {
        let kind = work.kind();
        let forbidden = self.core.welcome().map(|welcome| welcome.forbidden_addresses.clone()).unwrap_or_default();
        let order = Order { work, forbidden, authority: self.server_authority() };
        to_sheet(&order).map_err(|error| transfer::not_started(kind, &error.to_string()))
    }

    /// Vouches for the built-in storage, when the server speaks TLS.
    pub(super) fn server_authority(&self) -> Option<String> {
        let url_file = std::path::Path::new(&self.config.server_url_file);
        std::fs::read_to_string(url_file.with_file_name(crate::api::agent::AUTHORITY_FILE)).ok()
    }
}

/// A file in memory that nobody else can open.
pub(super) fn to_sheet(order: &Order) -> std::io::Result<File> {
    let mut sheet = File::from(memfd_create("transfer", MemfdFlags::CLOEXEC)?);
    serde_json::to_writer(&mut sheet, order)?;
    sheet.rewind()?;
    sheet.flush()?;
    Ok(sheet)
}

fn to_upload(files: &[OutputFile], succeeded: bool) -> Vec<OutputFile> {
    let fits = |file: &&OutputFile| match file.upload_options.upload_condition {
        OutputFileUploadCondition::TaskSuccess => succeeded,
        OutputFileUploadCondition::TaskFailure => !succeeded,
        OutputFileUploadCondition::TaskCompletion => true,
    };
    files.iter().filter(fits).cloned().collect()
}
