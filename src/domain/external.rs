//! Whom the sign-in provider's word lets in.
//!
//! Chosen here: a person is whom issuer and subject name, since names and addresses pass from one person to another. The first
//! sign-in binds them to the user whom an Owner has said to expect; nobody becomes a user because of an equal name.

use crate::api::{ExternalRefusal, Role};

/// Whether a place to go to after a sign-in is one of the portal: an address elsewhere would make the sign-in a trap.
pub fn is_our_place(place: &str) -> bool {
    place.starts_with('/') && !place.starts_with("//") && !place.contains(['\\', '\t', '\n', '\r'])
}

/// What the provider said of somebody, after its signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Issuer and subject.
    pub id: String,
    /// What the claim says that names users.
    pub name: Option<String>,
    /// An e-mail address of which the provider does not say that it was verified may be anybody's.
    pub is_verified: bool,
}

impl Person {
    pub fn id(issuer: &str, subject: &str) -> String {
        format!("{issuer} {subject}")
    }
}

/// What is known of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub key: i64,
    pub disabled: bool,
    /// Signed in through the provider before.
    pub is_bound: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    SignIn(i64),
    /// From now on the user is this person.
    Bind(i64),
    Create(Role),
}

/// `by_id`: the user that the person is. `by_name`: the one whose external name the person has. `namesake`: whether a user has
/// that name here. `new_users`: the role of people whom nobody announced, if they are let in.
///
/// # Errors
/// Why the person is not let in.
pub fn decide(
    person: &Person,
    by_id: Option<Known>,
    by_name: Option<Known>,
    namesake: bool,
    new_users: Option<Role>,
) -> Result<Outcome, ExternalRefusal> {
    if let Some(user) = by_id {
        return if user.disabled { Err(ExternalRefusal::Disabled) } else { Ok(Outcome::SignIn(user.key)) };
    }
    if person.name.is_none() {
        return Err(ExternalRefusal::NoName);
    }
    if !person.is_verified {
        return Err(ExternalRefusal::Unverified);
    }
    match (by_name, new_users) {
        (Some(user), _) if user.is_bound => Err(ExternalRefusal::Taken),
        (Some(user), _) if user.disabled => Err(ExternalRefusal::Disabled),
        (Some(user), _) => Ok(Outcome::Bind(user.key)),
        (None, Some(_)) if namesake => Err(ExternalRefusal::Taken),
        (None, Some(role)) => Ok(Outcome::Create(role)),
        (None, None) => Err(ExternalRefusal::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Known = Known { key: 1, disabled: false, is_bound: false };

    fn person() -> Person {
        Person { id: Person::id("https://id", "1"), name: Some("anna@example.org".into()), is_verified: true }
    }

    #[test]
    fn who_was_here_before_is_known_by_the_subject_whatever_the_name_is_now() {
        let nameless = Person { name: None, is_verified: false, ..person() };
        let check = |by_id, expected| assert_eq!(decide(&nameless, Some(by_id), None, false, None), expected);
        check(Known { is_bound: true, ..ANNA }, Ok(Outcome::SignIn(1)));
        check(Known { disabled: true, is_bound: true, ..ANNA }, Err(ExternalRefusal::Disabled));
    }

    #[test]
    fn the_first_time_an_announced_name_that_was_verified_binds_and_never_a_second_person() {
        let check = |person: Person, by_name, expected| {
            assert_eq!(decide(&person, None, by_name, true, Some(Role::Reader)), expected);
        };
        check(person(), Some(ANNA), Ok(Outcome::Bind(1)));
        check(person(), Some(Known { is_bound: true, ..ANNA }), Err(ExternalRefusal::Taken));
        check(person(), Some(Known { disabled: true, ..ANNA }), Err(ExternalRefusal::Disabled));
        check(Person { is_verified: false, ..person() }, Some(ANNA), Err(ExternalRefusal::Unverified));
        check(Person { name: None, ..person() }, Some(ANNA), Err(ExternalRefusal::NoName));
    }

    #[test]
    fn strangers_become_users_only_where_the_operator_says_so_and_never_take_a_users_place() {
        let check = |namesake, new, expected| assert_eq!(decide(&person(), None, None, namesake, new), expected);
        check(false, None, Err(ExternalRefusal::Unknown));
        check(false, Some(Role::Reader), Ok(Outcome::Create(Role::Reader)));
        check(true, Some(Role::Reader), Err(ExternalRefusal::Taken));
    }
}
