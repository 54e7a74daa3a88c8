//! SFTP's operations, version 3.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use russh_sftp::protocol::{
    Attrs, Data, File as Entry, FileAttributes, Handle, Name, OpenFlags, Status, StatusCode, Version,
};
use russh_sftp::server::Handler;
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, fcntl_setfl, fstat, mkdirat, readlinkat, renameat_with, statat,
    unlinkat,
};
use rustix::io::Errno;
use tokio::sync::oneshot;

use super::attributes;
use super::beneath::Root;

/// Files and folders that one client has open at a time.
const MOST_HANDLES: usize = 256;
/// Of a file, in one answer.
const LONGEST_READ: u32 = 256 * 1024;
/// Of a folder, in one answer.
const MOST_NAMES: usize = 200;

pub struct Server {
    root: Root,
    handles: HashMap<String, Opened>,
    n_opened: u64,
    /// Dropped with the server, which says that the client is gone.
    _ended: oneshot::Sender<()>,
}

enum Opened {
    File(File),
    Folder { folder: OwnedFd, entries: Dir },
}

type Result<T> = std::result::Result<T, StatusCode>;

impl Server {
    pub fn new(root: Root, ended: oneshot::Sender<()>) -> Server {
        Server { root, handles: HashMap::new(), n_opened: 0, _ended: ended }
    }

    fn keep(&mut self, id: u32, opened: Opened) -> Result<Handle> {
        if self.handles.len() >= MOST_HANDLES {
            return Err(StatusCode::Failure);
        }
        self.n_opened += 1;
        let handle = self.n_opened.to_string();
        self.handles.insert(handle.clone(), opened);
        Ok(Handle { id, handle })
    }

    fn file(&self, handle: &str) -> Result<&File> {
        match self.handles.get(handle) {
            Some(Opened::File(file)) => Ok(file),
            _ => Err(StatusCode::Failure),
        }
    }

    fn stat_path(&self, path: &str) -> Result<FileAttributes> {
        let file = self.root.open_file(path, OFlags::PATH, Mode::empty()).map_err(status)?;
        Ok(attributes::of(&fstat(file).map_err(status)?))
    }
}

impl Handler for Server {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn init(&mut self, _: u32, _: HashMap<String, String>) -> Result<Version> {
        Ok(Version::new())
    }

    async fn open(&mut self, id: u32, path: String, wanted: OpenFlags, attrs: FileAttributes) -> Result<Handle> {
        let mut flags = match (wanted.contains(OpenFlags::READ), wanted.contains(OpenFlags::WRITE)) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            _ => OFlags::RDONLY,
        };
        flags.set(OFlags::APPEND, wanted.contains(OpenFlags::APPEND));
        flags.set(OFlags::CREATE, wanted.contains(OpenFlags::CREATE));
        flags.set(OFlags::TRUNC, wanted.contains(OpenFlags::TRUNCATE));
        flags.set(OFlags::EXCL, wanted.contains(OpenFlags::EXCLUDE));
        // The kernel refuses a mode where nothing can be made.
        let mode = if flags.contains(OFlags::CREATE) { attributes::mode(&attrs, 0o640) } else { Mode::empty() };
        // A pipe or a device must not hold this up.
        let file = self.root.open_file(&path, flags | OFlags::NONBLOCK, mode).map_err(status)?;
        let kind = FileType::from_raw_mode(fstat(&file).map_err(status)?.st_mode);
        if kind != FileType::RegularFile {
            return Err(StatusCode::Failure);
        }
        fcntl_setfl(&file, flags & OFlags::APPEND).map_err(status)?;
        self.keep(id, Opened::File(file.into()))
    }

    async fn close(&mut self, id: u32, handle: String) -> Result<Status> {
        self.handles.remove(&handle).map(|_| done(id)).ok_or(StatusCode::Failure)
    }

    async fn read(&mut self, id: u32, handle: String, offset: u64, length: u32) -> Result<Data> {
        let mut data = vec![0; length.min(LONGEST_READ) as usize];
        let n = self.file(&handle)?.read_at(&mut data, offset).map_err(|_| StatusCode::Failure)?;
        data.truncate(n);
        if n == 0 && length > 0 { Err(StatusCode::Eof) } else { Ok(Data { id, data }) }
    }

    async fn write(&mut self, id: u32, handle: String, offset: u64, data: Vec<u8>) -> Result<Status> {
        self.file(&handle)?.write_all_at(&data, offset).map_err(|_| StatusCode::Failure)?;
        Ok(done(id))
    }

    async fn lstat(&mut self, id: u32, path: String) -> Result<Attrs> {
        // The root, which is in no folder, is no link.
        let Ok((parent, name)) = self.root.open_parent(&path) else { return self.stat(id, path).await };
        let stat = statat(parent, name, attributes::AT_ITSELF).map_err(status)?;
        Ok(Attrs { id, attrs: attributes::of(&stat) })
    }

    async fn stat(&mut self, id: u32, path: String) -> Result<Attrs> {
        Ok(Attrs { id, attrs: self.stat_path(&path)? })
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Result<Attrs> {
        let stat = fstat(self.file(&handle)?).map_err(status)?;
        Ok(Attrs { id, attrs: attributes::of(&stat) })
    }

    async fn setstat(&mut self, id: u32, path: String, attrs: FileAttributes) -> Result<Status> {
        let flags = if attrs.size.is_some() { OFlags::WRONLY } else { OFlags::RDONLY };
        let file = self.root.open_file(&path, flags | OFlags::NONBLOCK, Mode::empty()).map_err(status)?;
        attributes::set(file, &attrs).map_err(status)?;
        Ok(done(id))
    }

    async fn fsetstat(&mut self, id: u32, handle: String, attrs: FileAttributes) -> Result<Status> {
        attributes::set(self.file(&handle)?, &attrs).map_err(status)?;
        Ok(done(id))
    }

    async fn opendir(&mut self, id: u32, path: String) -> Result<Handle> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let folder = self.root.open_file(&path, flags, Mode::empty()).map_err(status)?;
        let entries = Dir::read_from(&folder).map_err(status)?;
        self.keep(id, Opened::Folder { folder, entries })
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Result<Name> {
        let Some(Opened::Folder { folder, entries }) = self.handles.get_mut(&handle) else {
            return Err(StatusCode::Failure);
        };
        let mut files = Vec::new();
        for entry in entries.take(MOST_NAMES) {
            let entry = entry.map_err(status)?;
            // What went since it was listed is left out.
            if let Ok(stat) = statat(&*folder, entry.file_name(), attributes::AT_ITSELF) {
                files.push(Entry::new(entry.file_name().to_string_lossy(), attributes::of(&stat)));
            }
        }
        if files.is_empty() { Err(StatusCode::Eof) } else { Ok(Name { id, files }) }
    }

    async fn remove(&mut self, id: u32, path: String) -> Result<Status> {
        let (parent, name) = self.root.open_parent(&path).map_err(status)?;
        unlinkat(parent, name, AtFlags::empty()).map_err(status)?;
        Ok(done(id))
    }

    async fn mkdir(&mut self, id: u32, path: String, attrs: FileAttributes) -> Result<Status> {
        let (parent, name) = self.root.open_parent(&path).map_err(status)?;
        mkdirat(parent, name, attributes::mode(&attrs, 0o750)).map_err(status)?;
        Ok(done(id))
    }

    async fn rmdir(&mut self, id: u32, path: String) -> Result<Status> {
        let (parent, name) = self.root.open_parent(&path).map_err(status)?;
        unlinkat(parent, name, AtFlags::REMOVEDIR).map_err(status)?;
        Ok(done(id))
    }

    async fn realpath(&mut self, id: u32, path: String) -> Result<Name> {
        let path = self.root.absolute(&path).display().to_string();
        Ok(Name { id, files: vec![Entry::dummy(path)] })
    }

    /// What is there already is not replaced, as SFTP's version 3 wants it.
    async fn rename(&mut self, id: u32, from: String, to: String) -> Result<Status> {
        let (from, name) = self.root.open_parent(&from).map_err(status)?;
        let (to, new_name) = self.root.open_parent(&to).map_err(status)?;
        renameat_with(from, name, to, new_name, RenameFlags::NOREPLACE).map_err(status)?;
        Ok(done(id))
    }

    async fn readlink(&mut self, id: u32, path: String) -> Result<Name> {
        let (parent, name) = self.root.open_parent(&path).map_err(status)?;
        let target = readlinkat(parent, name, Vec::new()).map_err(status)?;
        Ok(Name { id, files: vec![Entry::dummy(target.to_string_lossy())] })
    }
}

fn done(id: u32) -> Status {
    Status { id, status_code: StatusCode::Ok, error_message: "Ok".to_owned(), language_tag: "en-US".to_owned() }
}

fn status(error: Errno) -> StatusCode {
    match error {
        Errno::NOENT | Errno::NOTDIR => StatusCode::NoSuchFile,
        Errno::ACCESS | Errno::PERM | Errno::ROFS => StatusCode::PermissionDenied,
        _ => StatusCode::Failure,
    }
}
