//! Applications and their packages: names, limits, and what `allowUpdates` refuses.
//!
//! ```text
//! · ──put──▶ Pending ──activate, something was uploaded──▶ Active
//!               ▲                                            │
//!               └──────────────put, updates allowed──────────┘
//! ```

use crate::api::{self, Code, Error, PackageState};

/// Source: Batch quotas and limits.
pub const MOST_APPLICATIONS: i64 = 200;
/// Of one application. Source: Batch quotas and limits.
pub const MOST_PACKAGES: i64 = 40;
/// The only format. Source: ActivateApplicationPackageParameters.
pub const FORMAT: &str = "zip";

/// What of an application's id is kept in its container's name.
const SHOWN_IN_CONTAINER: usize = 15;

/// 1–64 letters, digits, `-` and `_`, or for a version also `.`.
fn check_name(path: &str, text: &str, dots: bool) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || (dots && b == b'.');
    // Versions are names of folders on nodes.
    if (1..=64).contains(&text.len()) && text.bytes().all(legal) && !matches!(text, "." | "..") {
        return Ok(());
    }
    let dot = if dots { "a period, " } else { "" };
    let reason = format!("1 to 64 characters, each a letter (A–Z), a digit, {dot}a hyphen or an underscore");
    Err(Error::invalid_property(path, text, reason))
}

/// # Errors
/// `InvalidPropertyValue`.
pub fn check_id(path: &str, id: &str) -> Result<(), Error> {
    check_name(path, id, false)
}

/// # Errors
/// `InvalidPropertyValue`.
pub fn check_version(path: &str, version: &str) -> Result<(), Error> {
    check_name(path, version, true)
}

/// # Errors
/// `InvalidPropertyValue`.
pub fn check_patch(patch: &api::ApplicationPatch) -> Result<(), Error> {
    super::check::display_name(patch.display_name.as_deref())?;
    match patch.default_version.as_deref() {
        None | Some("") => Ok(()),
        Some(version) => check_version("defaultVersion", version),
    }
}

/// # Errors
/// `InvalidPropertyValue`.
pub fn check_format(format: &str) -> Result<(), Error> {
    if format.eq_ignore_ascii_case(FORMAT) {
        Ok(())
    } else {
        Err(Error::invalid_property("format", format, "packages are zip files: zip"))
    }
}

/// The name of the id of an application, which may be a whole ARM id. Source: ApplicationPackageReference, applicationId.
pub fn id_of_reference(text: &str) -> &str {
    if text.starts_with('/') { text.rsplit('/').next().unwrap_or_default() } else { text }
}

/// Whether a reference is to an application of this account: only an ARM id can name another one.
pub fn is_reference_of(account: &str, text: &str) -> bool {
    let mut parts = text.rsplit('/').skip(1);
    !text.starts_with('/')
        || parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("applications"))
            && parts.next().is_some_and(|name| name.eq_ignore_ascii_case(account))
}

/// Where a node has a package, relative to its root: a folder of its own for each content.
pub fn package_directory(application: &str, version: &str, blob: &str) -> String {
    let stamp: Vec<char> = blob.chars().rev().take(12).collect();
    format!("applications/{application}/{version}/{}", stamp.iter().rev().collect::<String>())
}

/// Why the package cannot be replaced; one that is pending was never used.
pub fn replace_refusal(allow_updates: bool, state: PackageState) -> Option<Code> {
    (!allow_updates && state == PackageState::Active).then_some(Code::ApplicationUpdatesNotAllowed)
}

/// Why the package cannot be deleted.
pub fn package_delete_refusal(allow_updates: bool, state: PackageState) -> Option<Code> {
    replace_refusal(allow_updates, state)
}

/// Why the application cannot be deleted. Batch's documentation is silent. Chosen here: packages are deleted on purpose.
pub fn delete_refusal(n_packages: i64) -> Option<Code> {
    (n_packages > 0).then_some(Code::ApplicationNotEmpty)
}

/// The container of an application's packages, `app-{application}-{hash}`, where the hash tells accounts apart.
pub fn container_name(application: &str, hash: &str) -> String {
    let mut shown = String::new();
    for c in application.to_ascii_lowercase().chars().take(SHOWN_IN_CONTAINER) {
        // Hyphens in containers' names stand alone.
        let c = if c.is_ascii_alphanumeric() { c } else { '-' };
        if c != '-' || !shown.is_empty() && !shown.ends_with('-') {
            shown.push(c);
        }
    }
    let shown = shown.trim_end_matches('-');
    if shown.is_empty() { format!("app-{hash}") } else { format!("app-{shown}-{hash}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::storage::check_container_name;

    #[test]
    fn names_have_the_letters_of_batch() {
        for (name, id, version) in [
            ("blender", true, true),
            ("A-b_9", true, true),
            ("2.70", false, true),
            ("..", false, false),
            (".", false, false),
            ("a..b", false, true),
            ("", false, false),
            ("a/b", false, false),
            ("é", false, false),
            (&"x".repeat(64), true, true),
            (&"x".repeat(65), false, false),
        ] {
            assert_eq!(check_id("id", name).is_ok(), id, "{name}");
            assert_eq!(check_version("version", name).is_ok(), version, "{name}");
        }
    }

    #[test]
    fn every_application_has_a_container_of_a_legal_name() {
        let hash = "0".repeat(40);
        for id in ["blender", "A-b_9", "___", "-a-", "a_-_b", &"x".repeat(64), &"x-".repeat(32)] {
            let name = container_name(id, &hash);
            assert_eq!(check_container_name(&name), Ok(()), "{name}");
        }
        assert_eq!(container_name("My_App", "ff"), "app-my-app-ff");
    }

    #[test]
    fn only_an_active_package_is_protected() {
        let refused = Some(Code::ApplicationUpdatesNotAllowed);
        assert_eq!(replace_refusal(false, PackageState::Active), refused);
        assert_eq!(replace_refusal(false, PackageState::Pending), None);
        assert_eq!(replace_refusal(true, PackageState::Active), None);
    }

    #[test]
    fn a_reference_is_an_id_or_arms_path_of_it() {
        let path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/applications/blender";
        assert_eq!((id_of_reference("blender"), id_of_reference(path)), ("blender", "blender"));
        assert!(is_reference_of("a", "blender") && is_reference_of("a", path));
        assert!(!is_reference_of("b", path) && !is_reference_of("a", "/pools/a/blender"));
    }

    #[test]
    fn every_content_of_a_package_has_a_folder_of_its_own() {
        assert_eq!(
            package_directory("App", "1.0", "app-1.0-00112233445566778899aabbccddeeff"),
            "applications/App/1.0/aabbccddeeff"
        );
    }
}
