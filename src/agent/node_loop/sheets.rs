//! The sheet that a process of transfers is given: what it is to do, and where it leaves why it failed.

use std::fs::File;
use std::io::{Seek, Write};

use rustix::fs::{MemfdFlags, memfd_create};

use super::super::groups::Group;
use super::super::launcher::Launch;
use super::super::transfer;
use super::Node;
use crate::agent::transfer::{Kind, Order, Work};
use crate::api::TaskFailureInformation;

impl Node {
    /// The process, and the sheet on which it will leave why it failed.
    pub(super) fn launch_transfer(
        &mut self,
        launch: &Launch,
        folder: &str,
        group: Option<&Group>,
        limit_mark: u64,
        work: Work,
    ) -> Result<(i32, File), TaskFailureInformation> {
        let is_upload = work.kind() == Kind::Upload;
        let sheet = self.to_sheet(work)?;
        let pid = self.launcher.launch_transfer(launch, group, (&sheet, folder), limit_mark, is_upload)?;
        Ok((pid, sheet))
    }

    pub(super) fn to_sheet(&self, work: Work) -> Result<File, TaskFailureInformation> {
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
