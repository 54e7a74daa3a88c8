//! Runs that are more than their command: packages and files come before it, and files leave after it.
//!
//! ```text
//! Deploy ──unpacked──▶ Install ──in its place──▶ Download ──all there──▶ (Images) ──▶ Command ──its condition fits──▶ Upload ──▶ over
//!   └──failure──▶ over    └──failure──▶ over        └──failure──▶ over      └──nothing to upload──▶ over
//! ```
//!
//! Each stage is a process of its own under the run's one id: it is limited, killed, marked and fenced like any other, and
//! the run keeps its slots meanwhile. Instances of tasks that run on several nodes have two more before their files: see
//! [`super::instances`].

use std::fs::File;

use super::super::groups::Group;
use super::super::launcher::{Launch, Launcher};
use super::super::node_core::Fate;
use super::super::run_id::RunId;
use super::super::runs::{Over, Run};
use super::super::{clock, failure, process_tree, transfer};
use super::Node;
use super::containers::Outcome;
use crate::agent::files;
use crate::agent::transfer::{Kind, Work};
use crate::api::agent::{Package, Usage};
use crate::api::{OutputFile, OutputFileUploadCondition, ResourceFile, TaskFailureInformation, Timestamp};

/// What is still to come of a run.
pub struct Stages {
    pub(super) launch: Launch,
    pub(super) resource_files: Vec<ResourceFile>,
    output_files: Vec<OutputFile>,
    pub(super) now: Stage,
}

pub(super) enum Stage {
    /// Of the pool's file systems; where there are programs that serve them, it is held when they are there.
    Mount {
        sheet: File,
        staging: String,
        n_servers: usize,
    },
    Deploy {
        sheet: File,
        packages: Vec<Package>,
        staging: String,
    },
    Install {
        sheet: File,
        packages: Vec<Package>,
        staging: String,
    },
    /// Common files of an instance.
    Common {
        sheet: File,
    },
    /// Of an instance; it is held when its command has ended well.
    Coordination,
    Download {
        sheet: File,
    },
    /// Brings the image of the command's container, or those of the pool, to the node.
    Images {
        sheet: File,
        images: Vec<String>,
    },
    Command,
    Upload {
        sheet: File,
        at: Timestamp,
        exit: i32,
        failure: Option<TaskFailureInformation>,
        usage: Usage,
    },
    /// It could not go on; what it left is being ended.
    Broken {
        failure: TaskFailureInformation,
    },
}

impl Stages {
    pub(super) fn of_mounts(launch: Launch, now: Stage) -> Self {
        Stages { launch, resource_files: Vec::new(), output_files: Vec::new(), now }
    }

    /// The packages that it is just deploying.
    pub fn in_deployment(&self) -> &[Package] {
        match &self.now {
            Stage::Deploy { packages, .. } | Stage::Install { packages, .. } => packages,
            _ => &[],
        }
    }

    fn staging(&self) -> Option<&String> {
        match &self.now {
            Stage::Mount { staging, .. } | Stage::Deploy { staging, .. } | Stage::Install { staging, .. } => {
                Some(staging)
            }
            _ => None,
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

impl Ending {
    /// Without the command having run.
    fn before(id: RunId, run: Run, at: Timestamp, failure: Option<TaskFailureInformation>) -> Ending {
        Ending { id, run, at, exit: None, failure, usage: Usage::default() }
    }
}

/// What comes before a run's command, and what leaves after it.
pub(super) type Files = (Vec<ResourceFile>, Vec<OutputFile>);

impl Node {
    /// The process that downloads and unpacks packages.
    pub(super) fn begin_deployment(
        &mut self,
        launch: Launch,
        group: Option<&Group>,
        packages: Vec<Package>,
        (resource_files, output_files): Files,
    ) -> Result<i32, TaskFailureInformation> {
        if launch.elevated && !self.may_elevate() {
            return Err(failure::not_elevated());
        }
        let staging = files::staging(launch.limit_mark);
        let sheet = self.to_sheet(Work::Deploy(packages.clone()))?;
        let begun = self.launcher.launch_deployment(&launch, group, (&sheet, &staging), launch.limit_mark, false);
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
        group: Option<&Group>,
        (resource_files, output_files): Files,
    ) -> Result<i32, TaskFailureInformation> {
        if launch.elevated && !self.may_elevate() {
            return Err(failure::not_elevated());
        }
        let id = launch.run;
        let mut stages = Stages { launch, resource_files: Vec::new(), output_files, now: Stage::Command };
        let launch = &stages.launch;
        let images = match id {
            RunId::Packages => self.images_of_pool().unwrap_or_default(),
            _ if resource_files.is_empty() => self.unknown_image(launch).into_iter().collect(),
            _ => Vec::new(),
        };
        let pid = if id == RunId::Packages || !images.is_empty() {
            let (pid, sheet) = self.begin_images(launch, group, &images, launch.limit_mark)?;
            stages.now = Stage::Images { sheet, images };
            pid
        } else if let Some(instance) = &launch.instance {
            stages.resource_files = resource_files;
            if instance.common_resource_files.is_empty() {
                stages.now = Stage::Coordination;
                self.launcher.launch(launch, &instance.coordination_command_line, group)?
            } else {
                let work = Work::Download(instance.common_resource_files.clone());
                // The folder that all instances call by the same name.
                let folder = &instance.shared_directory;
                let (pid, sheet) = self.launch_transfer(launch, folder, group, launch.limit_mark, work)?;
                stages.now = Stage::Common { sheet };
                pid
            }
        } else if resource_files.is_empty() {
            self.launcher.launch(launch, &launch.command_line, group)?
        } else {
            let work = Work::Download(resource_files);
            let (pid, sheet) = self.launch_transfer(launch, &wd(launch), group, launch.limit_mark, work)?;
            stages.now = Stage::Download { sheet };
            pid
        };
        let is_all = stages.output_files.is_empty() && stages.launch.container.is_none();
        if !matches!(stages.now, Stage::Command) || !is_all {
            self.stages.insert(id, stages);
        }
        Ok(pid)
    }

    /// Whether the run is held when the process that has just begun ends well.
    pub(super) fn holds(&self, id: RunId) -> bool {
        self.stages.get(&id).is_some_and(|stages| matches!(stages.now, Stage::Coordination))
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
        let container = stages.as_ref().and_then(|stages| self.container_is_over(stages, &over));
        let Over { id, run, at, exit, failure, usage } = over;
        let Some(mut stages) = stages.filter(|_| run.fate != Fate::GiveBack) else {
            return Some(Ending { id, run, at, exit: Some(exit), failure, usage });
        };
        let outcome = |sheet: &File, kind: Kind, fate: Fate, failure: Option<TaskFailureInformation>| match fate {
            Fate::Report => transfer::read_outcome(sheet, exit, kind),
            _ => failure,
        };
        match stages.now {
            Stage::Mount { sheet, .. } => {
                let broken = outcome(&sheet, Kind::Mount, run.fate, failure);
                Some(Ending::before(id, run, at, broken))
            }
            Stage::Deploy { sheet, packages, staging } => {
                if let Some(broken) = outcome(&sheet, Kind::Deploy, run.fate, failure) {
                    return Some(Ending::before(id, run, at, Some(broken)));
                }
                let limit_mark = self.runs.next_limit_mark();
                match self.launch_installation(&stages.launch, run.group.as_ref(), &packages, &staging, limit_mark) {
                    Ok((pid, sheet)) => {
                        stages.now = Stage::Install { sheet, packages, staging };
                        self.stages.insert(id, stages);
                        self.go_on(id, run.go_on(pid, limit_mark, true));
                        None
                    }
                    Err(broken) => {
                        self.clean_up_later.push(staging);
                        Some(Ending::before(id, run, at, Some(broken)))
                    }
                }
            }
            Stage::Install { sheet, .. } => {
                let broken = outcome(&sheet, Kind::Deploy, run.fate, failure);
                if broken.is_some() || (id == RunId::Packages && self.images_of_pool().is_none()) {
                    return Some(Ending::before(id, run, at, broken));
                }
                let Stages { launch, resource_files, output_files, .. } = Stages { now: Stage::Command, ..stages };
                self.after_files(id, run, at, launch, (resource_files, output_files))
            }
            Stage::Common { ref sheet } => match outcome(sheet, Kind::Download, run.fate, failure) {
                Some(broken) => Some(Ending::before(id, run, at, Some(broken))),
                None => self.after_common(id, run, at, stages),
            },
            // One that was held, and ended then, has no exit code that would tell anything.
            Stage::Coordination => {
                Some(Ending { id, run, at, exit: (exit != 0).then_some(exit), failure, usage: Usage::default() })
            }
            Stage::Download { sheet } => match outcome(&sheet, Kind::Download, run.fate, failure) {
                Some(broken) => Some(Ending::before(id, run, at, Some(broken))),
                None => self.after_files(id, run, at, stages.launch, (Vec::new(), stages.output_files)),
            },
            Stage::Images { sheet, images } => match outcome(&sheet, Kind::Image, run.fate, failure) {
                Some(broken) => Some(Ending::before(id, run, at, Some(broken))),
                None => {
                    self.images.extend(images);
                    if id == RunId::Packages {
                        return Some(Ending::before(id, run, at, None));
                    }
                    self.after_files(id, run, at, stages.launch, (Vec::new(), stages.output_files))
                }
            },
            Stage::Command if let Some(Outcome::NotMade(broken)) = container => {
                let broken = if run.fate == Fate::Report { Some(broken) } else { failure };
                Some(Ending::before(id, run, at, broken))
            }
            Stage::Command => self.after_command(Over { id, run, at, exit, failure, usage }, stages),
            Stage::Upload { sheet, at, exit: code, failure, usage } => {
                // The command's own failure says more than what followed from it.
                let failure = failure.or_else(|| transfer::read_outcome(&sheet, exit, Kind::Upload));
                Some(Ending { id, run, at, exit: Some(code), failure, usage })
            }
            Stage::Broken { failure } => Some(Ending::before(id, run, at, Some(failure))),
        }
    }

    /// Packages, or all files as well, are there: the run goes on with what comes next.
    fn after_files(&mut self, id: RunId, run: Run, at: Timestamp, mut launch: Launch, files: Files) -> Option<Ending> {
        let limit_mark = self.runs.next_limit_mark();
        launch.limit_mark = limit_mark;
        match self.begin_first_stage(launch, run.group.as_ref(), files) {
            Ok(pid) => {
                let holds = self.holds(id);
                self.go_on(id, run.go_on(pid, limit_mark, true).holding(holds));
                None
            }
            Err(broken) => Some(Ending::before(id, run, at, Some(broken))),
        }
    }

    /// The common files of an instance are there.
    fn after_common(&mut self, id: RunId, run: Run, at: Timestamp, mut stages: Stages) -> Option<Ending> {
        let limit_mark = self.runs.next_limit_mark();
        stages.launch.limit_mark = limit_mark;
        let launch = &stages.launch;
        let command_line = launch.instance.as_ref().map_or("", |instance| &instance.coordination_command_line);
        match self.launcher.launch(launch, command_line, run.group.as_ref()) {
            Ok(pid) => {
                stages.now = Stage::Coordination;
                self.stages.insert(id, stages);
                self.go_on(id, run.go_on(pid, limit_mark, true).holding(true));
                None
            }
            Err(broken) => Some(Ending::before(id, run, at, Some(broken))),
        }
    }

    fn after_command(&mut self, over: Over, mut stages: Stages) -> Option<Ending> {
        let Over { id, run, at, exit, failure, usage } = over;
        let files = to_upload(&stages.output_files, failure.is_none());
        if files.is_empty() {
            return Some(Ending { id, run, at, exit: Some(exit), failure, usage });
        }
        let (variables, root) = (Launcher::variables(&stages.launch), self.root.display().to_string());
        let limit_mark = self.runs.next_limit_mark();
        let work = Work::Upload { files, variables, root };
        match self.launch_transfer(&stages.launch, &wd(&stages.launch), run.group.as_ref(), limit_mark, work) {
            Ok((pid, sheet)) => {
                stages.now = Stage::Upload { sheet, at, exit, failure, usage };
                self.stages.insert(id, stages);
                self.go_on(id, run.go_on(pid, limit_mark, false));
                None
            }
            Err(broken) => Some(Ending { id, run, at, exit: Some(exit), failure: failure.or(Some(broken)), usage }),
        }
    }

    pub(super) fn go_on(&mut self, id: RunId, run: Run) {
        if let Some(pid) = run.leader() {
            self.core.journal.runs_as(id, pid, process_tree::start_time(pid).unwrap_or(0));
        }
        self.runs.add(id, run);
        self.core.send_soon(clock::instant());
    }
}

/// A run's working directory, relative to the node's root.
pub(super) fn wd(launch: &Launch) -> String {
    format!("{}/wd", launch.directory)
}

fn to_upload(files: &[OutputFile], succeeded: bool) -> Vec<OutputFile> {
    let fits = |file: &&OutputFile| match file.upload_options.upload_condition {
        OutputFileUploadCondition::TaskSuccess => succeeded,
        OutputFileUploadCondition::TaskFailure => !succeeded,
        OutputFileUploadCondition::TaskCompletion => true,
    };
    files.iter().filter(fits).cloned().collect()
}
