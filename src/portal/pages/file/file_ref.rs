//! Which file a viewer shows: of a task, of a node, or a blob. All are read in the same way.

use crate::api::{self, FileText};
use crate::domain::ids::{AccountName, JobId, NodeId, PoolId, TaskId};
use crate::portal::paths;
use crate::server_fns::{blob_text, node_file_text, task_file_text};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileRef {
    /// `path` is relative to the task's folder.
    Task {
        account: AccountName,
        job: JobId,
        task: TaskId,
        path: String,
    },
    /// `path` is relative to the node's root.
    Node {
        account: AccountName,
        pool: PoolId,
        node: NodeId,
        path: String,
    },
    Blob {
        storage: String,
        container: String,
        name: String,
    },
}

impl FileRef {
    /// Where the browser can download it.
    pub fn download_url(&self) -> String {
        let steps = |path: &str| path.split('/').map(paths::encode).collect::<Vec<_>>().join("/");
        match self {
            FileRef::Task { account, job, task, path } => {
                format!("/portal/download/{account}/{job}/{task}/{}", steps(path))
            }
            FileRef::Node { account, pool, node, path } => {
                format!("/portal/node-files/{account}/{pool}/{node}/{}", steps(path))
            }
            FileRef::Blob { storage, container, name } => {
                format!("/portal/blobs/{storage}/{container}/{}", steps(name))
            }
        }
    }

    /// Where the page finds it as a picture, which the server checks that it is.
    pub fn picture_url(&self) -> String {
        format!("{}?view=picture", self.download_url())
    }

    pub fn path(&self) -> &str {
        match self {
            FileRef::Task { path, .. } | FileRef::Node { path, .. } => path,
            FileRef::Blob { name, .. } => name,
        }
    }

    /// Its name says that it is a picture of dots.
    pub fn is_named_picture(&self) -> bool {
        let ending = self.path().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
        matches!(ending.as_str(), "png" | "jpg" | "jpeg" | "gif" | "webp")
    }

    pub fn is_named_json(&self) -> bool {
        self.path().to_ascii_lowercase().ends_with(".json")
    }

    /// A part of it as text. An `offset` of `u64::MAX` asks for the last `length` bytes.
    pub async fn text(self, offset: u64, length: u64) -> Result<FileText, api::Error> {
        match self {
            FileRef::Task { account, job, task, path } => {
                task_file_text(account, job, task, path, offset, length).await
            }
            FileRef::Node { account, pool, node, path } => {
                node_file_text(account, pool, node, path, offset, length).await
            }
            FileRef::Blob { storage, container, name } => blob_text(storage, container, name, offset, length).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(name: &str) -> FileRef {
        FileRef::Blob { storage: "fournil".into(), container: "c".into(), name: name.into() }
    }

    #[test]
    fn any_name_is_one_address() {
        assert_eq!(blob("a b/é#?.txt").download_url(), "/portal/blobs/fournil/c/a%20b/%C3%A9%23%3F.txt");
    }

    #[test]
    fn drawings_that_can_hold_programs_are_no_pictures() {
        for (name, expected) in
            [("a.PNG", true), ("b/c.webp", true), ("a.svg", false), ("png", false), ("a.html", false)]
        {
            assert_eq!(blob(name).is_named_picture(), expected, "{name}");
        }
    }
}
