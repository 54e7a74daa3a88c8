//! Runs that are more than their command: files come before it, and files leave after it.
//!
//! ```text
//! Download ──all there──▶ Command ──its condition fits──▶ Upload ──▶ over
//!    └──failure──▶ over      └──nothing to upload──▶ over
//! ```
//!
//! Each stage is a process of its own under the run's one id: it is limited, killed, marked and fenced like any other, and
//! the run keeps its slots meanwhile.

use std::fs::File;
use std::io::{Seek, Write};

use rustix::fs::{MemfdFlags, memfd_create};

use super::super::launcher::{Launch, Launcher};
use super::super::run_id::RunId;
use super::super::runs::{Fate, Over, Run};
use super::super::{failure, process_tree, transfer};
use super::Node;
use crate::agent::transfer::{Order, Work};
use crate::api::agent::Usage;
use crate::api::{OutputFile, OutputFileUploadCondition, ResourceFile, TaskFailureInformation, Timestamp};

/// What is still to come of a run.
pub struct Stages {
    launch: Launch,
    output_files: Vec<OutputFile>,
    now: Stage,
}

enum Stage {
    Download { sheet: File },
    Command,
    Upload { sheet: File, at: Timestamp, exit: i32, failure: Option<TaskFailureInformation>, usage: Usage },
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
    /// The first process of a run.
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
                self.stages.insert(id, Stages { launch, output_files, now: Stage::Command });
            }
            return Ok(pid);
        }
        if launch.elevated && !self.may_elevate() {
            return Err(failure::not_elevated());
        }
        let (pid, sheet) = self.launch_transfer(&launch, launch.limit_mark, Work::Download(resource_files))?;
        self.stages.insert(id, Stages { launch, output_files, now: Stage::Download { sheet } });
        Ok(pid)
    }

    /// Goes on with what comes after a process of a run; its end when nothing does.
    pub(super) fn next_stage(&mut self, over: Over) -> Option<Ending> {
        let Over { id, run, at, exit, failure, usage } = over;
        let Some(mut stages) = self.stages.remove(&id).filter(|_| run.fate != Fate::GiveBack) else {
            return Some(Ending { id, run, at, exit: Some(exit), failure, usage });
        };
        match stages.now {
            Stage::Download { sheet } => {
                let broken = match run.fate {
                    Fate::Report => transfer::read_outcome(&sheet, exit, false),
                    _ => failure,
                };
                if let Some(failure) = broken {
                    return Some(Ending { id, run, at, exit: None, failure: Some(failure), usage: Usage::default() });
                }
                stages.launch.limit_mark = self.runs.next_limit_mark();
                let (pid, limit_mark) = match self.launch(&stages.launch) {
                    Ok(pid) => (pid, stages.launch.limit_mark),
                    Err(failure) => {
                        return Some(Ending {
                            id,
                            run,
                            at,
                            exit: None,
                            failure: Some(failure),
                            usage: Usage::default(),
                        });
                    }
                };
                if !stages.output_files.is_empty() {
                    stages.now = Stage::Command;
                    self.stages.insert(id, stages);
                }
                self.go_on(id, run.go_on(pid, limit_mark, true));
                None
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
                let failure = failure.or_else(|| transfer::read_outcome(&sheet, exit, true));
                Some(Ending { id, run, at, exit: Some(code), failure, usage })
            }
        }
    }

    fn go_on(&mut self, id: RunId, run: Run) {
        if let Some(pid) = run.leader() {
            self.journal.runs_as(id, pid, process_tree::start_time(pid).unwrap_or(0));
        }
        self.runs.add(id, run);
        self.send_soon();
    }

    /// The process, and the sheet on which it will leave why it failed.
    fn launch_transfer(
        &mut self,
        launch: &Launch,
        limit_mark: u64,
        work: Work,
    ) -> Result<(i32, File), TaskFailureInformation> {
        let is_upload = matches!(work, Work::Upload { .. });
        let forbidden = self.welcome.as_ref().map(|welcome| welcome.forbidden_addresses.clone()).unwrap_or_default();
        let order = Order { work, forbidden, authority: self.server_authority() };
        let sheet = to_sheet(&order).map_err(|error| transfer::not_started(is_upload, &error.to_string()))?;
        let pid = self.launcher.launch_transfer(launch, &sheet, limit_mark, is_upload)?;
        Ok((pid, sheet))
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
