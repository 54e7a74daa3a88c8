//! Raw options of file systems that nodes mount, and what of them is passed on. They become separate arguments, never a
//! shell's text, and only such as change how files are read and written: mounting is done with the agent's rights. What is not
//! known here is refused, so that no option speaks to another machine than the source, opens the machine's own keys, lets
//! programs become root, or says that something is mounted when it is not.

mod options;

use std::net::IpAddr;

pub use options::{BadOptions, Kind, blobfuse_arguments, options};

/// The machine that a source names: of NFS `host:/path`, of SMB `//host/share`.
pub fn host_of(source: &str) -> Option<&str> {
    let host = match source.strip_prefix("//") {
        Some(rest) => rest.split('/').next()?,
        None => match source.strip_prefix('[') {
            Some(rest) => rest.split_once("]:/")?.0,
            None => source.split_once(":/")?.0,
        },
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || ".-_:%".contains(c);
    (!host.is_empty() && !host.starts_with('-') && host.chars().all(legal)).then_some(host)
}

/// The same source of NFS with its machine's address in the place of its name.
pub fn at_address(source: &str, address: IpAddr) -> Option<String> {
    let start = if source.starts_with('[') { source.find("]:/")? + 2 } else { source.find(":/")? + 1 };
    let path = source.get(start..).filter(|_| !source.starts_with("//"))?;
    Some(match address {
        IpAddr::V4(address) => format!("{address}:{path}"),
        IpAddr::V6(address) => format!("[{address}]:{path}"),
    })
}

/// The share of an address such as `https://account.file.core.windows.net/share`, as `mount` takes it.
pub fn share_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?.trim_end_matches('/');
    let (host, path) = rest.split_once('/')?;
    let source = format!("//{host}/{path}");
    let is_plain = !path.is_empty() && !path.contains(['?', '#', '\\', ',', ' ']);
    (is_plain && host_of(&source).is_some_and(|found| !found.contains(':'))).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_name_their_machines() {
        let check = |source, host| assert_eq!(host_of(source), host, "{source}");
        check("nas:/export/a", Some("nas"));
        check("10.0.0.1:/a", Some("10.0.0.1"));
        check("[fd00::1]:/a", Some("fd00::1"));
        check("//nas.local/share", Some("nas.local"));
        for bad in ["/etc", "nas", "-o:/x", "a b:/x", "///x", "tmpfs"] {
            check(bad, None);
        }
    }

    #[test]
    fn an_nfs_source_is_spoken_to_by_its_address() {
        let at = |source, address: &str| at_address(source, address.parse().unwrap()).unwrap();
        assert_eq!(at("nas:/a:/b", "10.0.0.1"), "10.0.0.1:/a:/b");
        assert_eq!(at("nas:/a", "fd00::1"), "[fd00::1]:/a");
        assert_eq!(at("[fd00::1]:/a", "fd00::2"), "[fd00::2]:/a");
        assert_eq!(at_address("//nas/a", "10.0.0.1".parse().unwrap()), None);
    }

    #[test]
    fn a_share_is_a_folder_of_https() {
        let share = |url| share_of(url);
        assert_eq!(share("https://a.file.core.windows.net/s").as_deref(), Some("//a.file.core.windows.net/s"));
        assert_eq!(share("https://a.file.core.windows.net/s/").as_deref(), Some("//a.file.core.windows.net/s"));
        for bad in ["http://a/s", "https://a", "https://a/", "https://a/s?sig=x", "//a/s", "https://a/s,x"] {
            assert_eq!(share(bad), None, "{bad}");
        }
    }
}
