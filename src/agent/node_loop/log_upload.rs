//! The agent's log is uploaded by a process of its own, which is a run like a session: it is killed and fenced like one.

use std::fs::File;

use tokio::sync::oneshot;

use super::super::own_log::{self, Wanted};
use super::super::process_tree;
use super::super::run_id::RunId;
use super::super::runs::Run;
use super::super::server_client::{Frame, file_frame};
use super::super::session::SessionLaunch;
use super::super::ssh::{Ask, Program};
use super::super::transfer::{self, Kind, Order, Work};
use super::Node;
use super::sheets::to_sheet;
use crate::api::agent::{FileAsk, FileReply};
use crate::api::{Code, NodeFile, TaskFailureInformation};

impl Node {
    /// Reads the log where that holds nobody up, and comes back with it.
    pub(super) fn read_log(&self, request: u64, ask: FileAsk) {
        let (dir, asks) = (self.remote.dir.clone(), self.remote.asks.clone());
        tokio::task::spawn_blocking(move || {
            own_log::read(&dir, request, ask).map(|wanted| asks.send(Ask::Upload(wanted)))
        });
    }

    pub(super) fn upload_log(&mut self, wanted: Wanted) {
        let Wanted { request, container_url, blobs } = wanted;
        let files = blobs.iter().map(|(name, _)| NodeFile {
            name: name.clone(),
            url: String::new(),
            is_directory: false,
            properties: None,
        });
        let files: Vec<NodeFile> = files.collect();
        let Some(frames) = self.link.as_ref().map(|link| link.frames.clone()) else { return };
        let reply = move |failure: Option<TaskFailureInformation>| {
            let reply = match failure {
                None => FileReply { request, files, error: None, reason: None },
                Some(failure) => FileReply {
                    request,
                    files: Vec::new(),
                    error: Some(Code::InvalidPropertyValue),
                    reason: Some(format!("{}: {}", failure.code, failure.message.unwrap_or_default())),
                },
            };
            let _ = frames.send(Frame::Binary(file_frame(&reply, &[])));
        };
        if blobs.is_empty() {
            return reply(None);
        }
        match self.begin_upload(Work::Texts { container_url, blobs }) {
            Ok((sheet, exit)) => drop(tokio::spawn(async move {
                let code = exit.await.unwrap_or(255);
                reply(transfer::read_outcome(&sheet, code, Kind::Upload));
            })),
            Err(error) => reply(Some(transfer::not_started(Kind::Upload, &error.to_string()))),
        }
    }

    fn begin_upload(&mut self, work: Work) -> std::io::Result<(File, oneshot::Receiver<i32>)> {
        let node = self.facts.clone().ok_or_else(|| std::io::Error::other("the node is not ready"))?;
        let forbidden = self.core.welcome().map(|welcome| welcome.forbidden_addresses.clone()).unwrap_or_default();
        let sheet = to_sheet(&Order { work, forbidden, authority: self.server_authority() })?;
        let (number, exit) = self.remote.open_own();
        let run = RunId::Session(number);
        self.core.journal.begins(run);
        self.core.flush_journal();
        let launch = SessionLaunch {
            run,
            node,
            program: Program::Sftp,
            terminal: None,
            variables: Vec::new(),
            user: self.user(),
            elevated: false,
            limit_mark: self.runs.next_limit_mark(),
        };
        let pid = self.launcher.launch_log_upload(&launch, &sheet).inspect_err(|_| {
            self.core.journal.forget(run);
            self.remote.forget_own(number);
        })?;
        self.core.journal.runs_as(run, pid, process_tree::start_time(pid).unwrap_or(0));
        self.runs.add(run, Run::new(String::new(), 0, None, pid, launch.limit_mark));
        Ok((sheet, exit))
    }
}
