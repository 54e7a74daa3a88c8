//! Names that cannot be illegal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is no id: 1–64 of letters, digits, `-` and `_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to 64 characters, each a letter (A–Z), a digit, a hyphen or an underscore")]
pub struct NotAnId;

/// The text is no account name: 3–24 of lower-case letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account name has 3 to 24 characters, each a lower-case letter (a–z) or a digit")]
pub struct NotAnAccountName;

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_account_name(text: &str) -> bool {
    (3..=24).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $check:path, $error:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                if $check(text) { Ok($name(text.to_owned())) } else { Err($error) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                if $check(&text) { Ok($name(text)) } else { Err($error) }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// 3–24 lower-case letters and digits.
    AccountName, is_account_name, NotAnAccountName
);
id!(
    /// Case is kept; two ids that differ in case only are the same.
    PoolId, is_id, NotAnId
);
id!(JobId, is_id, NotAnId);
id!(TaskId, is_id, NotAnId);
id!(NodeId, is_id, NotAnId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_letters_digits_hyphen_and_underscore() {
        for good in ["a", "A-b_9", &"x".repeat(64)] {
            assert!(good.parse::<TaskId>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "..", ".", "é", "a\0", "a:b", "a%2e", "\u{202e}a", &"x".repeat(65)] {
            assert_eq!(bad.parse::<TaskId>(), Err(NotAnId), "{bad}");
        }
    }

    #[test]
    fn account_names_are_short_and_lower_case() {
        for good in ["abc", "my1batch", &"a".repeat(24)] {
            assert!(good.parse::<AccountName>().is_ok(), "{good}");
        }
        for bad in ["", "ab", "Abc", "a-b-c", "a.b", &"a".repeat(25)] {
            assert_eq!(bad.parse::<AccountName>(), Err(NotAnAccountName), "{bad}");
        }
    }
}
