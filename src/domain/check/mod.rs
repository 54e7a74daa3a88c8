//! What a body must be like, property by property. The same functions refuse a request and mark a form's field.

mod auto_pool;
mod certificate;
mod container;
mod files;
mod job;
mod job_schedule;
mod mount;
mod node;
mod node_log;
mod node_user;
mod pool;
mod task;
mod user;

use serde_json::Value;

pub use self::certificate::*;
pub use self::container::*;
pub use self::files::*;
pub use self::job::*;
pub use self::job_schedule::*;
pub use self::mount::mounts;
pub use self::node::*;
pub use self::node_log::*;
pub use self::node_user::*;
pub use self::pool::*;
pub use self::task::*;
use self::user::user_identity;
pub use self::user::{LONGEST_ACCOUNT_NAME, account_name, known_user, user_accounts};
use crate::api::{self, Code, Duration, EnvironmentSetting, Error, MetadataItem};

type Check = Result<(), Error>;

/// Most items of metadata on a pool or job.
const MOST_METADATA: usize = 50;
const LONGEST_DISPLAY_NAME: usize = 1024;
/// Chosen here: what Linux takes as one argument, since the text reaches the program through one.
const LONGEST_COMMAND_LINE: usize = 32_768;

/// Fails unless `text` is an id of the given kind.
pub fn id<T: std::str::FromStr>(path: &str, text: &str) -> Result<T, Error>
where
    T::Err: std::fmt::Display,
{
    if text.is_empty() {
        return Err(missing(path));
    }
    text.parse().map_err(|reason: T::Err| Error::invalid_property(path, text, reason.to_string()))
}

fn command_line(path: &str, text: &str) -> Check {
    if text.trim().is_empty() {
        return Err(missing(path));
    }
    if text.len() > LONGEST_COMMAND_LINE {
        return Err(Error::invalid_property(
            path,
            format!("{} bytes", text.len()),
            format!("at most {LONGEST_COMMAND_LINE} bytes"),
        ));
    }
    no_nul(path, text)
}

fn environment(path: &str, settings: Option<&[EnvironmentSetting]>) -> Check {
    for (index, setting) in settings.unwrap_or_default().iter().enumerate() {
        let path = format!("{path}[{index}].name");
        if setting.name.is_empty() {
            return Err(missing(&path));
        }
        if setting.name.contains('=') {
            return Err(Error::invalid_property(&path, &*setting.name, "a name has no equals sign"));
        }
        no_nul(&path, &setting.name)?;
        no_nul(&path, setting.value.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn metadata(items: Option<&[MetadataItem]>) -> Check {
    let items = items.unwrap_or_default();
    if items.len() > MOST_METADATA {
        return Err(Error::new(Code::MetadataTooLarge).with("Reason", format!("at most {MOST_METADATA} items")));
    }
    match items.iter().position(|item| item.name.is_empty()) {
        Some(index) => Err(Error::new(Code::EmptyMetadataKey).with("PropertyName", format!("metadata[{index}].name"))),
        None => Ok(()),
    }
}

pub fn display_name(name: Option<&str>) -> Check {
    match name {
        Some(name) if name.chars().count() > LONGEST_DISPLAY_NAME => {
            let reason = format!("at most {LONGEST_DISPLAY_NAME} characters");
            Err(Error::invalid_property("displayName", format!("{} characters", name.chars().count()), reason))
        }
        _ => Ok(()),
    }
}

/// Form and number of references; whether the packages exist, the store knows.
fn packages(path: &str, references: Option<&[api::ApplicationPackageReference]>, most: usize) -> Check {
    use crate::domain::application::{check_id, check_version, id_of_reference};
    let references = references.unwrap_or_default();
    if references.len() > most {
        return Err(Error::invalid_property(path, references.len().to_string(), format!("at most {most} packages")));
    }
    for (index, reference) in references.iter().enumerate() {
        let path = format!("{path}[{index}]");
        check_id(&format!("{path}.applicationId"), id_of_reference(&reference.application_id))?;
        if let Some(version) = reference.version.as_deref().filter(|version| !version.is_empty()) {
            check_version(&format!("{path}.version"), version)?;
        }
    }
    Ok(())
}

fn retry_count(path: &str, count: Option<i32>) -> Check {
    match count {
        Some(n) if n < -1 => Err(Error::invalid_property(path, n.to_string(), "-1 for no limit, or at least 0")),
        _ => Ok(()),
    }
}

fn positive(path: &str, duration: Option<Duration>) -> Check {
    match duration {
        Some(d) if d.micros() <= 0 => Err(Error::invalid_property(path, d.to_string(), "longer than nothing")),
        _ => Ok(()),
    }
}

fn no_nul(path: &str, text: &str) -> Check {
    if text.contains('\0') {
        Err(Error::invalid_property(path, text.replace('\0', "\\0"), "no NUL character"))
    } else {
        Ok(())
    }
}

fn missing(path: &str) -> Error {
    Error::new(Code::MissingRequiredProperty).with("PropertyName", path)
}

/// What Batch has and Fournil has not yet is refused, so that no program waits for what will not happen.
fn not_built(path: &str) -> Error {
    Error::unsupported_property(path, "this version of Fournil does not have it")
}

fn refuse(path: &str, value: Option<&Value>) -> Check {
    match value {
        None | Some(Value::Null) => Ok(()),
        Some(_) => Err(not_built(path)),
    }
}

/// For the tests of the parts: `result` is refused with `code` for `property`.
#[cfg(test)]
fn assert_refused(result: Check, code: Code, property: &str) {
    let error = result.expect_err(property);
    assert_eq!((error.code, error.value("PropertyName")), (code, Some(property)));
}
