//! Unpacks a zip file that anybody may have made. Only regular files and folders come out of it, all below one new folder, and
//! never more than fits these limits; the first entry that is anything else ends it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use zip::ZipArchive;

use super::download::{LOOK_AFTER, keep_room};
use crate::agent::clock;
use crate::agent::files::is_escape;

/// What a package may become. Chosen here.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub bytes: u64,
    /// Files and folders.
    pub entries: usize,
    /// Folders in each other.
    pub depth: usize,
    /// Bytes that come out of one byte, beyond `free_bytes`.
    pub ratio: u64,
    pub free_bytes: u64,
    pub time: Duration,
}

impl Limits {
    pub const USUAL: Limits = Limits {
        bytes: 64 << 30,
        entries: 200_000,
        depth: 64,
        ratio: 100,
        free_bytes: 1 << 30,
        time: Duration::from_secs(3600),
    };
}

/// Unpacks below `folder`, which is made. The reason is a sentence without its period.
pub fn unpack(archive: File, folder: &Path, limits: Limits) -> Result<(), String> {
    let length = archive.metadata().map_err(|error| error.to_string())?.len();
    let most = limits.bytes.min(limits.free_bytes.max(length.saturating_mul(limits.ratio)));
    let mut archive =
        ZipArchive::new(archive).map_err(|error| format!("it is no zip file that can be read ({error})"))?;
    if archive.len() > limits.entries {
        return Err(format!("it holds more than {} files and folders", limits.entries));
    }
    let mut room = Room { left: most, most, unseen: LOOK_AFTER, end: clock::instant() + limits.time, limits };
    make_folder(folder).map_err(|error| error.to_string())?;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| format!("its entry {index} cannot be read ({error})"))?;
        let name = entry.name().map_err(|error| format!("the name of its entry {index} cannot be read ({error})"))?;
        let name = name.into_owned();
        let parts = parts_of(&name, limits.depth).map_err(|reason| format!("{reason}: {name:?}"))?;
        if !is_plain(entry.unix_mode()) {
            return Err(format!("it holds a link or a special file: {name:?}"));
        }
        let is_folder = entry.is_dir();
        let Some((last, above)) = parts.split_last() else { continue };
        let mut path = folder.to_owned();
        path.extend(above);
        make_folder(&path)
            .and_then(|()| if is_folder { make_folder(&path.join(last)) } else { Ok(()) })
            .map_err(|error| format!("the folder of {name:?} could not be made ({error})"))?;
        if !is_folder {
            write_file(entry, &path.join(last), &mut room).map_err(|reason| format!("{reason}: {name:?}"))?;
        }
    }
    Ok(())
}

/// What may still be written.
struct Room {
    left: u64,
    most: u64,
    /// Bytes since the disk was looked at.
    unseen: u64,
    end: Instant,
    limits: Limits,
}

fn write_file(mut entry: impl Read, path: &Path, room: &mut Room) -> Result<(), String> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => "it holds the same file twice".to_owned(),
        _ => format!("a file could not be made ({error})"),
    })?;
    let mut piece = vec![0; 64 << 10];
    loop {
        let n = entry.read(&mut piece).map_err(|error| format!("a file cannot be unpacked ({error})"))?;
        if n == 0 {
            return Ok(());
        }
        room.left = room
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| format!("it becomes larger than {} bytes, the most for a file of its size", room.most))?;
        if clock::instant() > room.end {
            return Err(format!("unpacking it takes longer than {} s", room.limits.time.as_secs()));
        }
        room.unseen += n as u64;
        if room.unseen >= LOOK_AFTER {
            room.unseen = 0;
            keep_room(&file, LOOK_AFTER).map_err(|_| "the node's disk is full".to_owned())?;
        }
        file.write_all(&piece[..n]).map_err(|error| format!("a file could not be written ({error})"))?;
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Neither the name of what Unix made nor nothing at all is anything but a file or a folder.
fn is_plain(mode: Option<u32>) -> bool {
    const KIND: u32 = 0o170_000;
    matches!(mode.unwrap_or(0) & KIND, 0 | 0o100_000 | 0o040_000)
}

fn parts_of(name: &str, depth: usize) -> Result<Vec<&str>, &'static str> {
    // A backslash is a separator to some and a letter to others.
    if is_escape(name) || name.contains('\\') || name.chars().any(char::is_control) {
        return Err("it holds a file whose name leads elsewhere");
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.len() > depth { Err("its folders are too deep") } else { Ok(parts) }
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
