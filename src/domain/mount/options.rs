//! The options that are passed on, and what they may say.

/// Longest text of options. Chosen here.
const LONGEST: usize = 1024;

/// Whose options they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nfs,
    Smb,
    Fuse,
}

/// What follows an option's name.
#[derive(Clone, Copy)]
enum Takes {
    Nothing,
    Number,
    /// Letters, digits, `.`, `-` and `_`.
    Word,
    OneOf(&'static [&'static str]),
}

type Known = (&'static [&'static str], Takes);

/// Of every file system.
const OF_ALL: &[Known] = &[(
    &[
        "ro", "rw", "sync", "async", "dirsync", "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime",
        "strictatime", "lazytime", "nolazytime", "noexec", "nosuid", "nodev", "_netdev",
    ],
    Takes::Nothing,
)];

/// Source: nfs(5). Left out are `bg`, which says that it is mounted before it is, other machines' addresses (`addr`, `mounthost`,
/// …) and Kerberos, for which the machine's own keys would be used.
const NFS: &[Known] = &[
    (
        &[
            "hard", "soft", "softerr", "softreval", "nosoftreval", "intr", "nointr", "fg", "ac", "noac", "cto",
            "nocto", "acl", "noacl", "lock", "nolock", "rdirplus", "nordirplus", "sharecache", "nosharecache",
            "resvport", "noresvport", "tcp", "udp", "migration", "nomigration",
        ],
        Takes::Nothing,
    ),
    (
        &[
            "rsize", "wsize", "timeo", "retrans", "retry", "acregmin", "acregmax", "acdirmin", "acdirmax", "actimeo",
            "port", "mountport", "mountvers", "minorversion", "nconnect", "max_connect", "namlen",
        ],
        Takes::Number,
    ),
    (&["vers", "nfsvers"], Takes::Word),
    (&["proto", "mountproto"], Takes::OneOf(&["tcp", "udp", "tcp6", "udp6"])),
    (&["sec"], Takes::OneOf(&["sys", "none"])),
    (&["lookupcache"], Takes::OneOf(&["all", "none", "pos", "positive"])),
    (&["local_lock"], Takes::OneOf(&["all", "flock", "posix", "none"])),
    (&["xprtsec"], Takes::OneOf(&["none", "tls"])),
];

/// Source: mount.cifs(8). Left out are names and passwords, which have properties of their own, other machines' addresses (`ip`,
/// `addr`, …) and Kerberos.
const SMB: &[Known] = &[
    (
        &[
            "serverino", "noserverino", "brl", "nobrl", "mfsymlinks", "strictsync", "nostrictsync", "perm", "noperm",
            "dynperm", "nodynperm", "acl", "noacl", "seal", "sign", "guest", "hard", "soft", "intr", "nointr",
            "persistenthandles", "nopersistenthandles", "resilienthandles", "noresilienthandles", "multichannel",
            "nomultichannel", "unix", "nounix", "linux", "nolinux", "posix", "noposix", "posixpaths", "noposixpaths",
            "nocase", "ignorecase", "mapchars", "nomapchars", "mapposix", "nomapposix", "sfu", "nosfu", "forceuid",
            "noforceuid", "forcegid", "noforcegid", "noautotune", "nohandlecache", "nolease", "nodfs", "nosharesock",
            "user_xattr", "nouser_xattr", "forcemandatorylock",
        ],
        Takes::Nothing,
    ),
    (
        &[
            "uid", "gid", "file_mode", "dir_mode", "rsize", "wsize", "bsize", "esize", "actimeo", "acregmax",
            "acdirmax", "closetimeo", "handletimeout", "echo_interval", "max_channels", "max_credits", "port",
            "retrans",
        ],
        Takes::Number,
    ),
    (&["vers", "domain", "dom", "workgroup", "iocharset", "netbiosname", "servern"], Takes::Word),
    (&["cache"], Takes::OneOf(&["none", "strict", "loose", "ro", "singleclient"])),
    (&["sec"], Takes::OneOf(&["none", "ntlmssp", "ntlmsspi", "ntlmv2", "ntlmv2i"])),
];

/// Source: blobfuse2, `mount`, option `-o`.
const FUSE: &[Known] = &[
    (&["ro", "rw", "allow_other", "default_permissions", "nonempty", "direct_io"], Takes::Nothing),
    (&["attr_timeout", "entry_timeout", "negative_timeout", "uid", "gid", "umask"], Takes::Number),
];

/// Switches of `blobfuse2` that change how files are cached. The names in brackets are those of its first version, for which it has
/// others by now; what is absent there is always so.
/// Source: blobfuse2, `mount --help` and its pages on the first version's options.
const SWITCHES: &[(&str, Option<&str>, Takes)] = &[
    ("--attr-cache-timeout", None, Takes::Number),
    ("--attr-timeout", None, Takes::Number),
    ("--cancel-list-on-mount-seconds", None, Takes::Number),
    ("--entry-timeout", None, Takes::Number),
    ("--file-cache-timeout", None, Takes::Number),
    ("--file-cache-timeout-in-seconds", Some("--file-cache-timeout"), Takes::Number),
    ("--cache-size-mb", None, Takes::Number),
    ("--high-disk-threshold", None, Takes::Number),
    ("--low-disk-threshold", None, Takes::Number),
    ("--log-level", None, Takes::Word),
    ("--negative-timeout", None, Takes::Number),
    ("--no-symlinks", None, Takes::OneOf(&["true", "false"])),
    ("--read-only", None, Takes::OneOf(&["true", "false"])),
    ("--use-attr-cache", Some(""), Takes::OneOf(&["true"])),
];

/// Why options are not passed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOptions {
    #[error("at most 1024 characters")]
    TooLong,
    #[error("letters, digits and `_ - . =` in options such as `-o vers=3,ro`")]
    BadCharacter,
    #[error("the switch {0} is not passed on")]
    BadSwitch(String),
    #[error("the option {0} is not passed on, or not with this value")]
    Refused(String),
}

/// Options such as `-o vers=3.0,ro` or `vers=3.0,ro`, one by one.
///
/// # Errors
/// When one is not known to be harmless.
pub fn options(kind: Kind, text: &str) -> Result<Vec<String>, BadOptions> {
    let mut all = Vec::new();
    let mut words = words(text)?;
    while let Some(word) = words.next() {
        let list = match word {
            "-o" | "--options" => words.next().ok_or_else(|| BadOptions::BadSwitch(word.to_owned()))?,
            "-r" | "--read-only" => "ro",
            "-w" | "--rw" | "--read-write" => "rw",
            "-v" | "--verbose" => "",
            _ if word.starts_with("-o") => &word[2..],
            _ if word.starts_with('-') => return Err(BadOptions::BadSwitch(word.to_owned())),
            _ => word,
        };
        for option in list.split(',').filter(|option| !option.is_empty()) {
            if !is_known(kind, option) {
                return Err(BadOptions::Refused(option.to_owned()));
            }
            all.push(option.to_owned());
        }
    }
    Ok(all)
}

/// Arguments of `blobfuse2`, such as `-o attr_timeout=240 --read-only`.
///
/// # Errors
/// When one is not known to be harmless.
pub fn blobfuse_arguments(text: &str) -> Result<Vec<String>, BadOptions> {
    let mut all = Vec::new();
    let mut words = words(text)?;
    while let Some(word) = words.next() {
        if !word.starts_with("--") {
            let list = if word == "-o" { words.next().unwrap_or_default() } else { word };
            if list.is_empty() || list.starts_with('-') && !list.starts_with("-o") {
                return Err(BadOptions::BadSwitch(word.to_owned()));
            }
            let list = options(Kind::Fuse, list)?;
            all.extend(list.into_iter().flat_map(|option| ["-o".to_owned(), option]));
            continue;
        }
        let (name, value) = parts(word);
        let known = SWITCHES.iter().find(|(known, ..)| *known == name);
        let Some((name, renamed, takes)) = known else { return Err(BadOptions::BadSwitch(word.to_owned())) };
        let is_flag = matches!(takes, Takes::OneOf(_)) && value.is_none();
        if !is_flag && !fits(*takes, value) {
            return Err(BadOptions::BadSwitch(word.to_owned()));
        }
        let name = renamed.unwrap_or(name);
        if !name.is_empty() {
            all.push(value.map_or_else(|| name.to_owned(), |value| format!("{name}={value}")));
        }
    }
    Ok(all)
}

fn is_known(kind: Kind, option: &str) -> bool {
    let (name, value) = parts(option);
    let own = match kind {
        Kind::Nfs => NFS,
        Kind::Smb => SMB,
        Kind::Fuse => FUSE,
    };
    let all = if kind == Kind::Fuse { &[] } else { OF_ALL };
    own.iter().chain(all).any(|(names, takes)| names.contains(&name) && fits(*takes, value))
}

fn fits(takes: Takes, value: Option<&str>) -> bool {
    let is_word = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    match (takes, value) {
        (Takes::Nothing, None) => true,
        (Takes::Nothing, Some(_)) | (_, None | Some("")) => false,
        (Takes::Number, Some(value)) => value.len() <= 12 && value.chars().all(|c| c.is_ascii_digit()),
        (Takes::Word, Some(value)) => is_word(value),
        (Takes::OneOf(values), Some(value)) => values.contains(&value),
    }
}

fn parts(option: &str) -> (&str, Option<&str>) {
    option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)))
}

fn words(text: &str) -> Result<std::str::SplitAsciiWhitespace<'_>, BadOptions> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-.:/=+%@, ".contains(c);
    if text.len() > LONGEST {
        return Err(BadOptions::TooLong);
    }
    if !text.chars().all(legal) {
        return Err(BadOptions::BadCharacter);
    }
    Ok(text.split_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_one_by_one() {
        let check = |kind, text, expected: &[&str]| assert_eq!(options(kind, text).unwrap(), expected, "{text}");
        check(Kind::Nfs, "", &[]);
        check(Kind::Nfs, "-o ro", &["ro"]);
        check(Kind::Nfs, "vers=4,minorversion=1", &["vers=4", "minorversion=1"]);
        check(Kind::Nfs, "-overs=3 -r -v", &["vers=3", "ro"]);
        let share = ["vers=3.0", "dir_mode=0777", "file_mode=0777", "sec=ntlmssp"];
        check(Kind::Smb, "-o vers=3.0,dir_mode=0777,file_mode=0777,sec=ntlmssp", &share);
        check(Kind::Smb, "-o uid=1000,gid=1000,nobrl,cache=strict", &["uid=1000", "gid=1000", "nobrl", "cache=strict"]);
    }

    #[test]
    fn what_reaches_beyond_the_mount_is_refused() {
        let check = |kind, option: &str| {
            assert_eq!(options(kind, &format!("-o ro,{option}")), Err(BadOptions::Refused(option.to_owned())));
        };
        for option in [
            "suid", "dev", "exec", "defaults", "DEV", "bind", "rbind", "move", "remount", "loop", "shared", "user",
            "users", "x-mount.mkdir=0777", "uhelper=x", "nofail", "ro=1", "ro=", "vers",
        ] {
            check(Kind::Nfs, option);
            check(Kind::Smb, option);
            check(Kind::Fuse, option);
        }
        for option in ["bg", "addr=10.0.0.1", "mountaddr=10.0.0.1", "mounthost=x", "sec=krb5", "proto=rdma", "port=-1"]
        {
            check(Kind::Nfs, option);
        }
        for option in [
            "credentials=/etc/shadow",
            "cred=/etc/shadow",
            "password=x",
            "username=x",
            "ip=10.0.0.1",
            "addr=10.0.0.1",
            "multiuser",
            "sec=krb5",
            "cruid=0",
            "prefixpath=a",
            "uid=root",
        ] {
            check(Kind::Smb, option);
        }
        for text in ["--bind", "-t tmpfs", "--target /etc", "-o", "-a", "--make-shared"] {
            let refused = options(Kind::Nfs, text);
            assert!(matches!(refused, Err(BadOptions::BadSwitch(_))), "{text}: {refused:?}");
        }
        for text in ["-o ro;id", "-o $(id)", "-o a\nb", "-o \"a\"", "-o é"] {
            assert_eq!(options(Kind::Nfs, text), Err(BadOptions::BadCharacter), "{text}");
        }
        assert_eq!(options(Kind::Nfs, &"a".repeat(1025)), Err(BadOptions::TooLong));
    }

    #[test]
    fn blobfuse_is_told_about_caching_and_nothing_else() {
        let check = |text, expected: &[&str]| assert_eq!(blobfuse_arguments(text).unwrap(), expected, "{text}");
        check("", &[]);
        check(
            "-o attr_timeout=240,ro -o entry_timeout=240 --file-cache-timeout-in-seconds=120 --read-only",
            &[
                "-o",
                "attr_timeout=240",
                "-o",
                "ro",
                "-o",
                "entry_timeout=240",
                "--file-cache-timeout=120",
                "--read-only",
            ],
        );
        check("--log-level=LOG_DEBUG --use-attr-cache=true --use-attr-cache", &["--log-level=LOG_DEBUG"]);
        for text in [
            "--config-file=/etc/x", "--tmp-path=/etc", "--log-file-path=/x", "-f", "-o", "-o --config-file=/x",
            "--use-attr-cache=false", "--block-cache", "--file-cache-timeout", "--file-cache-timeout=x",
            "--read-only=/x",
        ] {
            let refused = blobfuse_arguments(text);
            assert!(matches!(refused, Err(BadOptions::BadSwitch(_))), "{text}: {refused:?}");
        }
        for text in ["/etc", "mount", "-o allow_root", "-o fsname=x", "-o ro,/etc"] {
            let refused = blobfuse_arguments(text);
            assert!(matches!(refused, Err(BadOptions::Refused(_))), "{text}: {refused:?}");
        }
    }
}
