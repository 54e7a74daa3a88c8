//! Users, for who looks after them: list, one user, and the page on which a user sets the password by a link.

mod access;
mod external;
mod invite;
mod link;
mod list;
mod page;
mod password;
mod sessions;

pub use access::AccessPage;
pub use external::why;
pub use list::UsersPage;
pub use page::UserPage;
pub use password::PasswordPage;

use crate::api::Role;
use crate::portal::i18n::{Msg, msg};

/// What a role lets do, in a sentence.
pub(super) const fn about(role: Role) -> Msg {
    match role {
        Role::Owner => msg::ROLE_OWNER,
        Role::NoRole => msg::ROLE_NONE,
        Role::BatchAccountContributor => msg::ROLE_ACCOUNT_CONTRIBUTOR,
        Role::BatchAccountReader => msg::ROLE_ACCOUNT_READER,
        Role::Contributor => msg::ROLE_CONTRIBUTOR,
        Role::Reader => msg::ROLE_READER,
        Role::BatchDataContributor => msg::ROLE_DATA_CONTRIBUTOR,
        Role::BatchJobSubmitter => msg::ROLE_JOB_SUBMITTER,
    }
}

/// All roles, to choose from.
pub(super) fn roles() -> Vec<(String, String)> {
    Role::ALL.iter().map(|role| (role.to_string(), role.to_string())).collect()
}
