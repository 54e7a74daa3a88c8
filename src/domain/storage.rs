//! Rules of blob storage: names, and which part of a URL is a secret.

/// Source: naming containers, blobs and metadata, Azure Storage.
pub fn check_container_name(name: &str) -> Result<(), &'static str> {
    if matches!(name, "$root" | "$web" | "$logs") {
        return Err("the containers $root, $web and $logs are not there");
    }
    if !(3..=63).contains(&name.len()) {
        return Err("a container's name has 3 to 63 characters");
    }
    let is_legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !name.bytes().all(is_legal) || name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        return Err("a container's name is of lower-case letters, digits and single hyphens between them");
    }
    Ok(())
}

/// Names of storage accounts.
pub fn check_account_name(name: &str) -> Result<(), &'static str> {
    let is_legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if (3..=24).contains(&name.len()) && name.bytes().all(is_legal) {
        Ok(())
    } else {
        Err("a storage account's name is of 3 to 24 lower-case letters and digits")
    }
}

/// Blobs may have nearly any name; parts are separated by slashes. Chosen here: no part is `.` or `..`, so that no client
/// makes a path of a name that leads elsewhere, and no control characters.
pub fn check_blob_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.chars().count() > 1024 {
        return Err("a blob's name has 1 to 1024 characters");
    }
    if name.chars().any(char::is_control) {
        return Err("a blob's name has no control characters");
    }
    if name.split('/').any(|part| matches!(part, "." | "..")) {
        return Err("no part of a blob's name is . or ..");
    }
    Ok(())
}

/// The URL without what may be a signature.
pub fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_azure_storage() {
        for (name, good) in [
            ("abc", true),
            ("a-b-1", true),
            ("ab", false),
            ("Abc", false),
            ("a--b", false),
            ("-ab", false),
            ("a_b", false),
        ] {
            assert_eq!(check_container_name(name).is_ok(), good, "{name}");
        }
        for (name, good) in [
            ("a", true),
            ("a/b c.txt", true),
            ("é", true),
            ("", false),
            ("a/../b", false),
            ("..", false),
            ("a\n", false),
        ] {
            assert_eq!(check_blob_name(name).is_ok(), good, "{name}");
        }
        assert!(check_account_name("fournil").is_ok() && check_account_name("Fournil").is_err());
    }
}
