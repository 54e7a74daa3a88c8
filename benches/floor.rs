//! What this machine can do at most: spawn, folders, stdout.txt and stderr.txt, two at a time, and nothing else.

#![allow(clippy::disallowed_methods, reason = "a program that measures")]

use std::fs::{File, create_dir};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Tasks per second.
pub fn measure(folder: &Path, n_tasks: usize) -> anyhow::Result<f64> {
    let begin = Instant::now();
    let halves: Vec<_> = (0..2)
        .map(|half| {
            let folder = folder.to_owned();
            std::thread::spawn(move || {
                (0..n_tasks / 2).try_for_each(|task| run(&folder.join(format!("{half}-{task}"))))
            })
        })
        .collect();
    for half in halves {
        half.join().expect("a half of the floor ran to its end")?;
    }
    Ok((n_tasks / 2 * 2) as f64 / begin.elapsed().as_secs_f64())
}

fn run(folder: &Path) -> std::io::Result<()> {
    create_dir(folder)?;
    let working = folder.join("wd");
    create_dir(&working)?;
    let mut command = Command::new("/bin/true");
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(File::create(folder.join("stdout.txt"))?)
        .stderr(File::create(folder.join("stderr.txt"))?)
        .process_group(0);
    // As the agent does: under a user of their own where that can be.
    if rustix::process::geteuid().is_root() {
        command.uid(200_000).gid(200_000);
    }
    command.status().map(drop)
}
