//! Removes what is left of a node's containers: those of an agent that has died, or of a node that goes. Containers that were not
//! started by this node are not touched: a label tells them apart.

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::{fs, io::Write};

use super::{FOLDER, LABEL};

/// Names the program with which the node has made containers.
const PROGRAM_FILE: &str = "program";

const TRIES: usize = 3;

/// Makes the folder and remembers the program, before the first container is made.
///
/// # Errors
/// When the folder cannot be written.
pub fn remember(dir: &Path, program: &str) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let folder = dir.join(FOLDER);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let path = folder.join(PROGRAM_FILE);
    let mut file = fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(program.as_bytes())
}

/// Must not be called while the node's agent runs containers. A failure leaves what there is for the next time.
pub fn sweep(dir: &Path, mark: &str) {
    let Ok(program) = fs::read_to_string(dir.join(FOLDER).join(PROGRAM_FILE)) else { return };
    // Of a container whose processes were killed the program learns while it fails to end them.
    for _ in 0..TRIES {
        match remove_all(&program, mark) {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, program, "containers of an earlier agent could not be removed"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "called where no agent waits for children, or by the server")]
fn remove_all(program: &str, mark: &str) -> io::Result<()> {
    let command = |arguments: &[&str]| {
        let output = std::process::Command::new(program)
            .args(arguments)
            .current_dir("/")
            .stdin(std::process::Stdio::null())
            .output()?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        }
    };
    let filter = format!("label={LABEL}={mark}");
    let found = command(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter])?;
    let ids: Vec<&str> = found.split_whitespace().collect();
    if ids.is_empty() {
        return Ok(());
    }
    tracing::info!(n = ids.len(), "removing containers of an earlier agent");
    command(&[&["rm", "--force", "--ignore", "--time", "0"], ids.as_slice()].concat()).map(drop)
}

/// With the node.
///
/// # Errors
/// When the folder cannot be removed.
pub fn remove_folder(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir.join(FOLDER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
