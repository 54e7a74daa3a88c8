//! Runs the programs that mount.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};

use crate::agent::clock;

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What a program said, its end, in characters.
const LONGEST_WORDS: usize = 500;
const MOST_BYTES: u64 = 64 << 10;

/// Where `mount` itself looks for the programs of file systems.
const HELPERS: [&str; 4] = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"];

/// Whether the node has it.
pub fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(HELPERS.iter().map(PathBuf::from));
    folders.into_iter().any(|folder| folder.join(program).is_file())
}

/// One that ends when it has mounted.
pub fn run(program: &str, arguments: &[String], deadline: Instant) -> Result<(), String> {
    let mut running = Running::start(program, arguments)?;
    loop {
        match running.status()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(running.last_words(status)),
            None => running.wait(deadline)?,
        }
    }
}

/// One that serves what it has mounted for as long as it runs.
pub fn serve(
    program: &str,
    arguments: &[String],
    is_mounted: impl Fn() -> bool,
    deadline: Instant,
) -> Result<(), String> {
    let mut running = Running::start(program, arguments)?;
    loop {
        match running.status()? {
            Some(status) => return Err(running.last_words(status)),
            None if is_mounted() => return Ok(()),
            None => running.wait(deadline)?,
        }
    }
}

struct Running<'a> {
    program: &'a str,
    child: Child,
    /// A file: what stays in the background would hold a pipe open.
    words: File,
}

impl<'a> Running<'a> {
    fn start(program: &'a str, arguments: &[String]) -> Result<Self, String> {
        let begin = || {
            let words = File::from(memfd_create("words", MemfdFlags::CLOEXEC)?);
            let (output, errors) = (words.try_clone()?, words.try_clone()?);
            #[expect(clippy::disallowed_methods, reason = "the one place that runs programs which mount")]
            let mut command = Command::new(program);
            command.args(arguments).stdin(Stdio::null()).stdout(output).stderr(errors);
            Ok::<_, io::Error>(Running { program, child: command.spawn()?, words })
        };
        begin().map_err(|error| format!("{program} could not be run: {error}."))
    }

    fn status(&mut self) -> Result<Option<ExitStatus>, String> {
        self.child.try_wait().map_err(|error| format!("{} could not be waited for: {error}.", self.program))
    }

    fn wait(&mut self, deadline: Instant) -> Result<(), String> {
        if clock::instant() >= deadline {
            let _ = self.child.kill();
            return Err(format!("{} took too long.", self.program));
        }
        std::thread::sleep(LOOK_EVERY);
        Ok(())
    }

    /// The end of what it said: there the reason is.
    fn last_words(mut self, status: ExitStatus) -> String {
        let mut text = Vec::new();
        let _ = self.words.rewind().and_then(|()| self.words.take(MOST_BYTES).read_to_end(&mut text));
        let text: String = String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ");
        let skipped = text.chars().count().saturating_sub(LONGEST_WORDS);
        let text: String = text.chars().skip(skipped).collect();
        let said = if text.is_empty() { "nothing" } else { &text };
        format!("{} said: {said} ({status})", self.program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        clock::instant() + Duration::from_secs(20)
    }

    fn sh(script: &str) -> [String; 2] {
        ["-c".to_owned(), script.to_owned()]
    }

    #[test]
    fn what_a_program_said_at_last_is_the_reason() {
        assert_eq!(run("/bin/sh", &sh("exit 0"), soon()), Ok(()));
        let failed = run("/bin/sh", &sh("echo no   such; echo export >&2; exit 32"), soon()).unwrap_err();
        assert_eq!(failed, "/bin/sh said: no such export (exit status: 32)");
        let long = run("/bin/sh", &sh("i=0; while [ $i -lt 400 ]; do echo line$i; i=$((i+1)); done; exit 1"), soon());
        assert!(long.unwrap_err().contains("line399 ("));
        assert!(run("/no/such/program", &[], soon()).unwrap_err().contains("could not be run"));
    }

    #[test]
    fn a_program_that_does_not_come_to_an_end_is_given_up() {
        let now = clock::instant();
        assert_eq!(run("/bin/sleep", &["1000".to_owned()], now), Err("/bin/sleep took too long.".to_owned()));
    }

    #[test]
    fn what_serves_must_not_end() {
        let ended = serve("/bin/sh", &sh("echo no such container; exit 0"), || false, soon()).unwrap_err();
        assert!(ended.contains("no such container"), "{ended}");
        let looks = std::cell::Cell::new(0);
        let is_mounted = || looks.replace(looks.get() + 1) > 1;
        assert_eq!(serve("/bin/sleep", &["1".to_owned()], is_mounted, soon()), Ok(()));
    }

    #[test]
    fn programs_are_found_where_mount_looks_for_them() {
        assert!(is_there("sh") && !is_there("no-such-program"));
    }
}
