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

/// What callers choose, or what a schedule names its jobs. Source: job schedules, `executionInfo.recentJob`.
fn is_job_id(text: &str) -> bool {
    is_id(text) || job_of_schedule(text).is_some()
}

/// The schedule's id and the number of one of its jobs, `{schedule}:job-{n}` with n from 1.
pub fn job_of_schedule(text: &str) -> Option<(&str, i64)> {
    let (schedule, job) = text.split_once(':')?;
    let digits = job.get(..4).filter(|word| word.eq_ignore_ascii_case("job-")).and_then(|_| job.get(4..))?;
    let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| plain)?;
    is_id(schedule).then_some((schedule, number))
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
id!(
    /// What a caller chose, or `{schedule}:job-{n}` of a job that a schedule made.
    JobId, is_job_id, NotAnId
);
id!(
    /// Schedules and the jobs that callers make share one name space.
    JobScheduleId, is_id, NotAnId
);
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
    fn only_jobs_of_schedules_have_a_colon() {
        assert_eq!(job_of_schedule("s-1:job-12"), Some(("s-1", 12)));
        assert_eq!(job_of_schedule("S:JOB-1"), Some(("S", 1)));
        for good in ["j", "s:job-1", &format!("{}:job-9223372036854775807", "x".repeat(64))] {
            assert!(good.parse::<JobId>().is_ok(), "{good}");
        }
        for bad in [
            "s:",
            ":job-1",
            "s:job-",
            "s:job-0",
            "s:job-01",
            "s:job-+1",
            "s:job-1:job-2",
            "s:task-1",
            "s:job-1/x",
            "s:job-99999999999999999999",
            "s:\u{e9}ob-1",
        ] {
            assert_eq!(bad.parse::<JobId>(), Err(NotAnId), "{bad}");
            assert_eq!(job_of_schedule(bad), None, "{bad}");
        }
        assert!("s:job-1".parse::<JobScheduleId>().is_err());
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
