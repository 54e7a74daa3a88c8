//! Names of images: `[server[:port]/]path[:tag][@digest]`, as registries have them.

/// Chosen here: longer than any registry's names.
const LONGEST: usize = 512;

/// Why a text names no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadImage {
    #[error("at most {LONGEST} characters")]
    TooLong,
    #[error("a name such as server/path:tag, of lower-case letters, digits and the signs . _ - / : @")]
    Malformed,
}

/// # Errors
/// For what no registry would take; whether there is such an image, the registry knows.
pub fn check(name: &str) -> Result<(), BadImage> {
    if name.len() > LONGEST {
        return Err(BadImage::TooLong);
    }
    let (rest, digest) = name.split_once('@').map_or((name, None), |(rest, digest)| (rest, Some(digest)));
    // A colon before the last slash is that of a port.
    let start_of_last = rest.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match rest[start_of_last..].rfind(':') {
        Some(at) => (&rest[..start_of_last + at], Some(&rest[start_of_last + at + 1..])),
        None => (rest, None),
    };
    let mut parts: Vec<&str> = path.split('/').collect();
    let has_server = parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost");
    let server = has_server.then(|| parts.remove(0));
    let sound = server.is_none_or(is_server)
        && parts.iter().all(|part| is_path_part(part))
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest);
    if sound { Ok(()) } else { Err(BadImage::Malformed) }
}

/// Of a registry, with its port.
pub fn is_server(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    !host.is_empty()
        && !host.starts_with(['-', '.'])
        && host.chars().all(legal)
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_path_part(text: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(is_alphanumeric)
        && text.ends_with(is_alphanumeric)
        && text.chars().all(|c| is_alphanumeric(c) || matches!(c, '.' | '_' | '-'))
}

fn is_tag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(kind, hex)| {
        kind.starts_with(|c: char| c.is_ascii_lowercase())
            && kind.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '_' | '-'))
            && hex.len() >= 32
            && hex.chars().all(|c| c.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_registries_have_them() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for name in
            ["busybox", "ubuntu:22.04", "quay.io/nextflow/bash", "localhost/x:1", "my.azurecr.io:5000/a/b_c:V1.0-rc"]
        {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        assert_eq!(check(&format!("docker.io/library/busybox@{digest}")), Ok(()));
        assert_eq!(check(&format!("busybox:1@{digest}")), Ok(()));
        let bad = [
            "", "-x", "--privileged", "Busybox", "a b", "a/", "/a", "a//b", "a:", "a:b:c", "a@sha256:12", "a;b", "a\n",
            "$x", "../x", "a/../b", "docker://x",
        ];
        for name in bad {
            assert_eq!(check(name), Err(BadImage::Malformed), "{name}");
        }
        assert_eq!(check(&"a".repeat(513)), Err(BadImage::TooLong));
    }
}
