//! `containerRunOptions`: which of a container program's options a task may use.
//!
//! The program runs with the agent's rights, as root where the server is, so an option that it takes is done with these: a
//! mount of `/`, `--privileged` or `--user root` would give the machine away. Chosen here: options are taken by name from a list,
//! and each of the list gives a container nothing that a task without a container does not have: it uses the network
//! of its node, and sees the node's own folders and the certificates of the machine. The operator may take all.

use crate::domain::command_line;

/// Chosen here: longer than what anybody writes.
pub const LONGEST: usize = 8192;

/// What the operator lets tasks say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allowed {
    /// The options of the list.
    #[default]
    Safe,
    /// Whatever the program knows: for an installation whose users may have the machine.
    Any,
}

/// Why options are not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOptions {
    #[error("at most {LONGEST} bytes")]
    TooLong,
    #[error("{0}")]
    Unreadable(#[from] command_line::SplitError),
    #[error("{0} is no option: an image and a command are said elsewhere")]
    NoOption(String),
    #[error("{0} needs a value")]
    NoValue(&'static str),
    #[error("the value of {name} is not allowed here: {reason}")]
    BadValue { name: &'static str, reason: &'static str },
    #[error("{0} is not allowed here; the server's operator can allow all options (--container-options any)")]
    NotAllowed(String),
}

/// The node's root, as tasks see it.
const ROOT: &str = "/mnt/batch/tasks";

/// Folders of the machine that everybody may read, which programs mount to know whom to trust.
pub const PUBLIC_FOLDERS: [&str; 3] = ["/etc/ssl/certs", "/etc/pki", "/usr/share/ca-certificates"];

/// Limits that a task may set for itself.
const LIMITS: [&str; 7] = ["nofile", "nproc", "memlock", "stack", "core", "cpu", "fsize"];

#[derive(Clone, Copy)]
enum Kind {
    /// Stands alone.
    Flag,
    /// Has a value that is checked so.
    Value(fn(&str) -> Result<(), &'static str>),
}

/// The options that are taken: the long name, other names, and what follows.
const OPTIONS: &[(&str, &[&str], Kind)] = &[
    ("--rm", &[], Kind::Flag),
    ("--init", &[], Kind::Flag),
    ("--read-only", &[], Kind::Flag),
    ("--env", &["-e"], Kind::Value(environment)),
    ("--entrypoint", &[], Kind::Value(anything)),
    ("--workdir", &["-w"], Kind::Value(absolute)),
    ("--hostname", &["-h"], Kind::Value(host_name)),
    ("--shm-size", &[], Kind::Value(size)),
    ("--gpus", &[], Kind::Value(gpus)),
    ("--ipc", &[], Kind::Value(|v| one_of(v, &["private", "none"], "private or none"))),
    ("--network", &["--net"], Kind::Value(|v| one_of(v, &["host", "none", "bridge"], "host, none or bridge"))),
    ("--ulimit", &[], Kind::Value(limit)),
    ("--volume", &["-v"], Kind::Value(volume)),
    ("--mount", &[], Kind::Value(mount)),
    ("--tmpfs", &[], Kind::Value(tmpfs)),
];

/// The options as arguments, one each: what has a value is `--name=value`.
///
/// # Errors
/// For what cannot be read, and what is not allowed.
pub fn arguments(text: &str, allowed: Allowed) -> Result<Vec<String>, BadOptions> {
    let words = split(text)?;
    if allowed == Allowed::Any {
        return Ok(words);
    }
    let mut words = words.into_iter();
    let mut arguments = Vec::new();
    while let Some(word) = words.next() {
        let (name, mut value) = name_and_value(&word)?;
        let Some((name, _, kind)) = OPTIONS.iter().find(|(long, others, _)| *long == name || others.contains(&name))
        else {
            return Err(BadOptions::NotAllowed(name.to_owned()));
        };
        match kind {
            Kind::Flag if value.is_some() => return Err(BadOptions::NotAllowed(word)),
            // What is over is removed anyway.
            Kind::Flag if *name == "--rm" => {}
            Kind::Flag => arguments.push((*name).to_owned()),
            Kind::Value(check) => {
                value = value.or_else(|| words.next());
                let value = value.ok_or(BadOptions::NoValue(name))?;
                check(&value).map_err(|reason| BadOptions::BadValue { name, reason })?;
                arguments.push(format!("{name}={value}"));
            }
        }
    }
    Ok(arguments)
}

/// # Errors
/// For a text that is too long or cannot be read.
pub fn split(text: &str) -> Result<Vec<String>, BadOptions> {
    if text.len() > LONGEST {
        return Err(BadOptions::TooLong);
    }
    match command_line::split(text) {
        Err(command_line::SplitError::Empty) => Ok(Vec::new()),
        split => Ok(split?),
    }
}

/// `--name`, `--name=value`, `-n` or `-nvalue`.
fn name_and_value(word: &str) -> Result<(&str, Option<String>), BadOptions> {
    let no_option = || BadOptions::NoOption(word.to_owned());
    if word.starts_with("--") && word.len() > 2 {
        return Ok(word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value.to_owned()))));
    }
    let mut chars = word.chars();
    if chars.next() != Some('-') {
        return Err(no_option());
    }
    let letter = chars.next().filter(char::is_ascii_alphabetic).ok_or_else(no_option)?;
    let (name, value) = word.split_at(1 + letter.len_utf8());
    let value = value.strip_prefix('=').unwrap_or(value);
    Ok((name, Some(value.to_owned()).filter(|value| !value.is_empty())))
}

type Checked = Result<(), &'static str>;

fn anything(_: &str) -> Checked {
    Ok(())
}

fn require(holds: bool, reason: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(reason) }
}

/// A name alone would be given the agent's own value.
fn environment(value: &str) -> Checked {
    let name = value.split_once('=').map(|(name, _)| name);
    require(name.is_some_and(|name| !name.is_empty()), "NAME=VALUE")
}

fn absolute(value: &str) -> Checked {
    require(value.starts_with('/'), "a path from the root on")
}

fn host_name(value: &str) -> Checked {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    require((1..=63).contains(&value.len()) && value.chars().all(legal), "a name of letters, digits and hyphens")
}

fn size(value: &str) -> Checked {
    let digits = value.strip_suffix(['b', 'k', 'm', 'g', 'B', 'K', 'M', 'G']).unwrap_or(value);
    require(digits.parse::<u32>().is_ok_and(|n| n > 0), "a number with b, k, m or g")
}

fn gpus(value: &str) -> Checked {
    require(devices(value).is_some(), "all, a number, or device=0,1")
}

/// The cards that `--gpus` names, in the words of the container device interface.
pub fn devices(value: &str) -> Option<Vec<String>> {
    const MOST: u32 = 64;
    let name = |card: &str| format!("nvidia.com/gpu={card}");
    if value == "all" {
        return Some(vec![name("all")]);
    }
    if let Ok(n) = value.parse::<u32>() {
        return (1..=MOST).contains(&n).then(|| (0..n).map(|card| name(&card.to_string())).collect());
    }
    let cards = value.trim_matches('"').strip_prefix("device=")?.split(',');
    let is_card =
        |card: &&str| !card.is_empty() && card.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ':'));
    cards.map(|card| Some(card).filter(is_card).map(name)).collect()
}

fn one_of(value: &str, known: &[&str], reason: &'static str) -> Checked {
    require(known.contains(&value), reason)
}

fn limit(value: &str) -> Checked {
    let numbers = value.split_once('=').filter(|(name, _)| LIMITS.contains(name)).map(|(_, numbers)| numbers);
    let is_number = |text: &str| text == "-1" || text.parse::<u32>().is_ok();
    let sound = numbers.is_some_and(|n| n.split(':').count() <= 2 && n.split(':').all(is_number));
    require(sound, "NAME=SOFT[:HARD] for nofile, nproc, memlock, stack, core, cpu or fsize")
}

const MOUNTABLE: &str = "folders of the node that only its agent can change (its root, shared, startup, workitems, \
    applications and fsmounts/NAME below /mnt/batch/tasks), and read-only the machine's certificates";

/// `SOURCE:TARGET[:OPTIONS]`.
fn volume(value: &str) -> Checked {
    let mut parts = value.split(':');
    let (source, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let options: Vec<&str> = parts.next().into_iter().flat_map(|options| options.split(',')).collect();
    require(parts.next().is_none() && target.starts_with('/'), "SOURCE:TARGET[:ro|rw]")?;
    require(matches!(options[..], [] | ["ro" | "rw"]), "SOURCE:TARGET[:ro|rw]")?;
    bind(source, options.contains(&"ro"))
}

/// Source: what is mounted is found with the agent's rights, so no part of the way may be another's to change.
fn bind(source: &str, is_read_only: bool) -> Checked {
    let below = source.strip_prefix(ROOT);
    let is_folder = |name: &str| !name.is_empty() && name != "." && name != ".." && !name.contains('/');
    let is_of_node = match below.and_then(|below| below.strip_prefix('/')) {
        None => below == Some(""),
        Some(below) => match below.trim_end_matches('/').split_once('/') {
            None => {
                matches!(below.trim_end_matches('/'), "shared" | "startup" | "workitems" | "applications" | "fsmounts")
            }
            Some(("fsmounts" | "applications", name)) => is_folder(name),
            Some(_) => false,
        },
    };
    let is_public = is_read_only && PUBLIC_FOLDERS.contains(&source.trim_end_matches('/'));
    require(is_of_node || is_public, MOUNTABLE)
}

/// `type=bind,source=…,target=…[,readonly]` and `type=tmpfs,target=…`.
fn mount(value: &str) -> Checked {
    let (mut kind, mut source, mut has_target, mut is_read_only) = ("volume", None, false, false);
    // The program reads it as a line of a table, and may take the first of two.
    require(!value.contains(['"', '\n', '\r']), "without quotes and line breaks")?;
    let mut names: Vec<&str> = Vec::new();
    for pair in value.split(',') {
        let (name, given) = pair.split_once('=').unwrap_or((pair, ""));
        let name = match name {
            "src" => "source",
            "destination" | "dst" => "target",
            "ro" => "readonly",
            name => name,
        };
        require(!names.contains(&name), "each at most once")?;
        names.push(name);
        match (name, given) {
            ("type", given) => kind = given,
            ("source", given) => source = Some(given),
            ("target", given) => has_target = given.starts_with('/'),
            ("readonly", "" | "true" | "1") => is_read_only = true,
            ("tmpfs-size" | "tmpfs-mode", given) if kind == "tmpfs" => size(given)?,
            _ => return Err("type, source, target and readonly"),
        }
    }
    require(has_target, "a target from the root on")?;
    match (kind, source) {
        ("tmpfs", None) => Ok(()),
        ("bind", Some(source)) => bind(source, is_read_only),
        _ => Err("type=bind with a source, or type=tmpfs"),
    }
}

fn tmpfs(value: &str) -> Checked {
    let (target, options) = value.split_once(':').unwrap_or((value, ""));
    let legal = |option: &str| match option.split_once('=') {
        Some(("size" | "mode", given)) => size(given).is_ok(),
        _ => matches!(option, "" | "rw" | "ro" | "noexec" | "exec" | "nosuid" | "nodev"),
    };
    require(target.starts_with('/') && options.split(',').all(legal), "PATH[:size=…,mode=…,ro,noexec]")
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
