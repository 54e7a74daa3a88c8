//! What is mounted, as the calling thread's mount namespace has it.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

const TABLE: &str = "/proc/thread-self/mountinfo";

#[derive(Debug, PartialEq, Eq)]
pub struct Mounted {
    pub point: PathBuf,
    /// Of this mount alone, such as `nosuid`.
    pub options: Vec<String>,
}

/// All of them, in the order in which they were mounted.
pub fn read() -> io::Result<Vec<Mounted>> {
    Ok(parse(&std::fs::read(TABLE)?))
}

/// A folder is removed with all that is in it only where all of that is the folder's own. What somebody mounted there stays, and so
/// does the folder.
///
/// # Errors
/// When something is mounted at it or below it, or when that cannot be told.
pub fn refuse_mounted_below(dir: &Path) -> io::Result<()> {
    let dir = match dir.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        dir => dir?,
    };
    match read()?.into_iter().find(|mounted| mounted.point.starts_with(&dir)) {
        None => Ok(()),
        Some(mounted) => {
            let reason =
                format!("{} is not removed: something is mounted at {}", dir.display(), mounted.point.display());
            Err(io::Error::new(io::ErrorKind::ResourceBusy, reason))
        }
    }
}

fn parse(table: &[u8]) -> Vec<Mounted> {
    table.split(|b| *b == b'\n').filter_map(parse_line).collect()
}

/// Source: proc(5), `mountinfo`: the fifth word is where it is, the sixth its own options.
fn parse_line(line: &[u8]) -> Option<Mounted> {
    let mut words = line.split(|b| *b == b' ').skip(4);
    let (point, options) = (words.next()?, words.next()?);
    let options = String::from_utf8_lossy(options).split(',').map(str::to_owned).collect();
    Some(Mounted { point: PathBuf::from(OsString::from_vec(unescape(point))), options })
}

/// Blanks and the like stand there as three octal digits.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        plain.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[3..] } else { tail };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_where_and_how_something_is_mounted() {
        let table = b"36 35 98:0 / / rw,noatime master:1 - ext4 /dev/root rw\n\
            40 36 0:7 / /a\\040b\\134 ro,nosuid,nodev - tmpfs none rw\nnonsense\n";
        let all = parse(table);
        assert_eq!(all[0].point, Path::new("/"));
        assert_eq!(all[1].point, Path::new("/a b\\"));
        assert_eq!(all[1].options, ["ro", "nosuid", "nodev"]);
        assert_eq!(all.len(), 2);
        assert!(read().unwrap().iter().any(|mounted| mounted.point == Path::new("/")));
    }

    #[test]
    fn a_folder_that_is_not_there_or_has_nothing_mounted_may_go() {
        let dir = tempfile::tempdir().unwrap();
        refuse_mounted_below(&dir.path().join("none")).unwrap();
        refuse_mounted_below(dir.path()).unwrap();
        refuse_mounted_below(Path::new("/proc")).unwrap_err();
    }
}
