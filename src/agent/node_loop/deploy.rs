//! Application packages: those of the pool before anything else runs, those of a task before its files.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use super::super::groups::Group;
use super::super::launcher::Launch;
use super::super::run_id::RunId;
use super::super::runs::Run;
use super::super::{clock, transfer};
use super::Node;
use super::stages::{Files, Stages};
use crate::agent::transfer::Work;
use crate::api::TaskFailureInformation;
use crate::api::agent::Package;

impl Node {
    pub(super) fn folders_in_deployment(&self) -> HashSet<String> {
        let packages = self.stages.values().flat_map(Stages::in_deployment);
        packages.map(|package| package.directory.clone()).collect()
    }

    /// The first process of a run: what is missing of `packages` goes before everything else.
    pub(super) fn begin_run(
        &mut self,
        launch: Launch,
        group: Option<&Group>,
        packages: &[Package],
        files: Files,
    ) -> Result<i32, TaskFailureInformation> {
        refuse_problems(packages)?;
        match missing(&self.root, packages) {
            missing if missing.is_empty() => self.begin_first_stage(launch, group, files),
            missing => self.begin_deployment(launch, group, missing, files),
        }
    }

    pub(super) fn begin_packages(&mut self) {
        let Some(facts) = self.facts.clone() else { return };
        let all = self.core.packages_begin();
        let missing = missing(&self.root, &all);
        let refused = refuse_problems(&all);
        if refused.is_err() || (missing.is_empty() && self.images_of_pool().is_none()) {
            return self.on_packages_end(refused.err());
        }
        let id = RunId::Packages;
        self.core.journal.begins(id);
        self.core.flush_journal();
        let launch = Launch {
            run: id,
            node: facts,
            job_and_task: None,
            directory: "applications".to_owned(),
            preparation: None,
            command_line: String::new(),
            environment: Vec::new(),
            user: self.user(),
            user_name: None,
            is_open: false,
            instance: None,
            elevated: false,
            limit_mark: self.runs.next_limit_mark(),
            packages: Vec::new(),
            container: None,
        };
        let (directory, limit_mark) = (launch.directory.clone(), launch.limit_mark);
        match self.begin_in_group(launch, 0, &missing, Files::default()) {
            Ok((pid, group)) => self.runs.add(id, Run::new(directory, 0, None, pid, limit_mark).in_group(group)),
            Err(failure) => self.on_packages_end(Some(failure)),
        }
    }

    /// The process that puts unpacked packages where tasks find them.
    pub(super) fn launch_installation(
        &mut self,
        launch: &Launch,
        group: Option<&Group>,
        packages: &[Package],
        staging: &str,
        limit_mark: u64,
    ) -> Result<(i32, File), TaskFailureInformation> {
        let root = self.root.display().to_string();
        let sheet = self.to_sheet(Work::Install {
            packages: packages.to_vec(),
            root,
            group: launch.user.map(|user| user.pool()),
        })?;
        let pid = self.launcher.launch_deployment(launch, group, (&sheet, staging), limit_mark, true)?;
        Ok((pid, sheet))
    }

    pub(super) fn on_packages_end(&mut self, failure: Option<TaskFailureInformation>) {
        self.core.packages_ended(failure, clock::instant());
        if let Some(error) = self.core.packages_error() {
            tracing::warn!(error = error.message, "the pool's application packages are not on the node");
        }
        self.look_at_health();
    }
}

/// Those that are not on the node. What is there is whole and current: another content would have another folder.
pub(super) fn missing(root: &Path, packages: &[Package]) -> Vec<Package> {
    let is_missing = |package: &&Package| package.problem.is_none() && !root.join(&package.directory).is_dir();
    let mut seen = HashSet::new();
    packages.iter().filter(is_missing).filter(|package| seen.insert(package.directory.as_str())).cloned().collect()
}

/// What the server could not find cannot be deployed.
fn refuse_problems(packages: &[Package]) -> Result<(), TaskFailureInformation> {
    let broken = packages.iter().find_map(|package| Some((package, package.problem.as_deref()?)));
    match broken {
        None => Ok(()),
        Some((package, problem)) => Err(transfer::of_package(package, &format!("It is not there: {problem}."))),
    }
}
