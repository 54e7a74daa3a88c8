//! What the holder of a key or of a shared access signature may do with blobs.

use crate::api::StorageCode;

/// What is to be done, with the permission that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    ListContainers,
    CreateContainer,
    DeleteContainer,
    ReadContainer,
    WriteContainer,
    ListBlobs,
    ReadBlob,
    /// Makes a blob, or replaces one.
    WriteBlob,
    /// Adds to what will be a blob.
    CreateBlob,
    DeleteBlob,
}

/// On what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Empty for the account.
    pub container: &'a str,
    /// Empty for the container.
    pub blob: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// A key of the account.
    Everything,
    /// An account SAS: letters of permissions, and of resource types (`s`, `c`, `o`).
    Account { permissions: String, types: String },
    /// A service SAS for a container, or one blob of it.
    Service { permissions: String, container: String, blob: Option<String> },
}

impl Action {
    /// One of these letters is needed. Source: create a service SAS, permissions for a blob and a container; create an
    /// account SAS, permissions by operation.
    fn letters(self) -> &'static str {
        match self {
            Action::ListContainers | Action::ListBlobs => "l",
            Action::CreateContainer | Action::CreateBlob => "cw",
            Action::WriteContainer | Action::WriteBlob => "w",
            Action::DeleteContainer | Action::DeleteBlob => "d",
            Action::ReadContainer | Action::ReadBlob => "r",
        }
    }

    fn resource_type(self) -> char {
        match self {
            Action::ListContainers => 's',
            Action::CreateContainer
            | Action::DeleteContainer
            | Action::ReadContainer
            | Action::WriteContainer
            | Action::ListBlobs => 'c',
            Action::ReadBlob | Action::WriteBlob | Action::CreateBlob | Action::DeleteBlob => 'o',
        }
    }
}

impl Access {
    /// # Errors
    /// The code that says what the signature lacks.
    pub fn check(&self, action: Action, target: Target<'_>) -> Result<(), StorageCode> {
        let has_letter = |permissions: &str| action.letters().chars().any(|letter| permissions.contains(letter));
        let permitted = |permissions: &str| {
            if has_letter(permissions) { Ok(()) } else { Err(StorageCode::AuthorizationPermissionMismatch) }
        };
        match self {
            Access::Everything => Ok(()),
            Access::Account { types, .. } if !types.contains(action.resource_type()) => {
                Err(StorageCode::AuthorizationResourceTypeMismatch)
            }
            Access::Account { permissions, .. } => permitted(permissions),
            Access::Service { permissions, container, blob } => {
                if container != target.container || blob.as_ref().is_some_and(|blob| blob != target.blob) {
                    // Signed for something else: the signature does not fit this URL.
                    return Err(StorageCode::AuthenticationFailed);
                }
                match action {
                    Action::ListBlobs if blob.is_none() => permitted(permissions),
                    Action::ReadBlob | Action::WriteBlob | Action::CreateBlob | Action::DeleteBlob => {
                        permitted(permissions)
                    }
                    _ => Err(StorageCode::AuthorizationFailure),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(permissions: &str, blob: Option<&str>) -> Access {
        Access::Service { permissions: permissions.into(), container: "c".into(), blob: blob.map(str::to_owned) }
    }

    fn check(access: &Access, action: Action, container: &str, blob: &str, expected: Result<(), StorageCode>) {
        assert_eq!(
            access.check(action, Target { container, blob }),
            expected,
            "{access:?} {action:?} {container}/{blob}"
        );
    }

    #[test]
    fn a_container_signature_opens_its_blobs_as_its_letters_say() {
        let read = service("rl", None);
        check(&read, Action::ReadBlob, "c", "a", Ok(()));
        check(&read, Action::ListBlobs, "c", "", Ok(()));
        check(&read, Action::WriteBlob, "c", "a", Err(StorageCode::AuthorizationPermissionMismatch));
        check(&read, Action::ReadBlob, "d", "a", Err(StorageCode::AuthenticationFailed));
        check(&read, Action::ReadContainer, "c", "", Err(StorageCode::AuthorizationFailure));
        check(&service("rwdlc", None), Action::DeleteContainer, "c", "", Err(StorageCode::AuthorizationFailure));
        check(&service("rwdlc", None), Action::ListContainers, "", "", Err(StorageCode::AuthenticationFailed));
    }

    #[test]
    fn a_blob_signature_opens_that_blob_alone() {
        let one = service("racwd", Some("a"));
        check(&one, Action::ReadBlob, "c", "a", Ok(()));
        check(&one, Action::ReadBlob, "c", "b", Err(StorageCode::AuthenticationFailed));
        check(&one, Action::ListBlobs, "c", "", Err(StorageCode::AuthenticationFailed));
    }

    #[test]
    fn creating_is_less_than_writing() {
        check(&service("c", None), Action::CreateBlob, "c", "a", Ok(()));
        check(&service("c", None), Action::WriteBlob, "c", "a", Err(StorageCode::AuthorizationPermissionMismatch));
    }

    #[test]
    fn an_account_signature_is_for_kinds_of_resources() {
        let objects = Access::Account { permissions: "rwdlc".into(), types: "o".into() };
        check(&objects, Action::WriteBlob, "c", "a", Ok(()));
        check(&objects, Action::ListBlobs, "c", "", Err(StorageCode::AuthorizationResourceTypeMismatch));
        let all = Access::Account { permissions: "l".into(), types: "sco".into() };
        check(&all, Action::ListContainers, "", "", Ok(()));
        check(&all, Action::CreateContainer, "c", "", Err(StorageCode::AuthorizationPermissionMismatch));
    }
}
