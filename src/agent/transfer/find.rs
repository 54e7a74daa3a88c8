//! Which files of a task a pattern means.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::file_pattern::{BadPattern, FilePattern, expand};

/// Deeper folders, and more files than this, are not looked at.
const MOST_DEPTH: usize = 256;
const MOST_FILES: usize = 100_000;

#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// In order of their paths.
    pub files: Vec<PathBuf>,
    /// Below which blobs keep their folders: the part of the pattern before its first wildcard.
    pub folder: PathBuf,
    pub has_wildcard: bool,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotFind {
    #[error("the pattern cannot be read: {0}")]
    BadPattern(#[from] BadPattern),
    #[error("the pattern leads out of the node's root")]
    Outside,
    #[error("more than {MOST_FILES} files fit")]
    TooMany,
}

/// `task` is the task's folder, the parent of its working directory; `root` the node's.
pub fn find(
    pattern: &str,
    variables: &BTreeMap<String, String>,
    task: &Path,
    root: &Path,
) -> Result<Found, CannotFind> {
    let pattern = expand(pattern, variables);
    let compiled = FilePattern::parse(&pattern)?;
    let base = if pattern.starts_with('/') { Path::new("/") } else { task };
    let folder = base.join(compiled.folder());
    if !folder.starts_with(root) {
        return Err(CannotFind::Outside);
    }
    let mut files = Vec::new();
    walk(&folder, base, &compiled, 0, &mut files)?;
    files.sort();
    Ok(Found { files, folder, has_wildcard: compiled.has_wildcard() })
}

/// Links to files count as files; folders behind links are not entered, since they may lead in circles.
fn walk(
    folder: &Path,
    base: &Path,
    pattern: &FilePattern,
    depth: usize,
    files: &mut Vec<PathBuf>,
) -> Result<(), CannotFind> {
    // What cannot be read holds nothing to upload.
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if kind.is_dir() {
            if depth < MOST_DEPTH {
                walk(&path, base, pattern, depth + 1, files)?;
            }
            continue;
        }
        let fits = path.strip_prefix(base).ok().and_then(Path::to_str).is_some_and(|path| pattern.matches(path));
        if fits && path.is_file() {
            if files.len() == MOST_FILES {
                return Err(CannotFind::TooMany);
            }
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_below_the_task_and_nowhere_else() {
        let root = tempfile::tempdir().unwrap();
        let task = root.path().join("t");
        for file in ["stdout.txt", "wd/a.txt", "wd/out/b.txt", "wd/out/.hidden", "wd/out/deep/c.png"] {
            fs::create_dir_all(task.join(file).parent().unwrap()).unwrap();
            fs::write(task.join(file), "x").unwrap();
        }
        std::os::unix::fs::symlink("/", task.join("wd/everything")).unwrap();
        std::os::unix::fs::symlink("a.txt", task.join("wd/link.txt")).unwrap();
        let variables = BTreeMap::from([("AZ_BATCH_TASK_DIR".to_owned(), task.display().to_string())]);
        let check = |pattern: &str, expected: &[&str]| {
            let found = find(pattern, &variables, &task, root.path()).unwrap();
            let names: Vec<_> =
                found.files.iter().map(|path| path.strip_prefix(&task).unwrap().to_str().unwrap()).collect();
            assert_eq!(names, expected, "{pattern}");
        };
        check("*.txt", &["wd/a.txt", "wd/link.txt"]);
        check("out/**", &["wd/out/b.txt", "wd/out/deep/c.png"]);
        check("../std*.txt", &["stdout.txt"]);
        check("$AZ_BATCH_TASK_DIR/wd/out/*.txt", &["wd/out/b.txt"]);
        check("none", &[]);
        let outside = |pattern: &str| find(pattern, &variables, &task, root.path());
        assert_eq!(outside("/etc/*"), Err(CannotFind::Outside));
        assert_eq!(outside("/**"), Err(CannotFind::Outside));
        assert_eq!(find("out/*", &variables, &task, root.path()).unwrap().folder, task.join("wd/out"));
    }
}
