//! What people type into forms, read. The pure half of every form here; what does not fit is said at its field.

use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::api::{Duration, EnvironmentSetting, MetadataItem, Timestamp};
use crate::domain::ids::NotAnId;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::{Msg, msg};

/// Declares a form twice: `$form` is what the screen holds, as typed, for pure checks and tests; `$fields` are the signals
/// that the controls write.
macro_rules! form {
    ($(#[$meta:meta])* $form:ident, $fields:ident { $($(#[$field_meta:meta])* $name:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $form { $($(#[$field_meta])* pub $name: $type,)+ }

        #[doc = concat!("The signals of a [`", stringify!($form), "`].")]
        #[derive(Clone, Copy)]
        pub struct $fields { $(pub $name: leptos::prelude::RwSignal<$type>,)+ }

        impl $fields {
            pub fn new(form: $form) -> Self {
                $fields { $($name: leptos::prelude::RwSignal::new(form.$name),)+ }
            }

            /// What the screen holds now; tracked.
            pub fn get(self) -> $form {
                use leptos::prelude::Get as _;
                $form { $($name: self.$name.get(),)+ }
            }
        }
    };
}
pub(crate) use form;

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub message: Msg,
    pub values: Vec<(&'static str, String)>,
}

impl Problem {
    pub fn with(message: Msg, values: Vec<(&'static str, String)>) -> Problem {
        Problem { message, values }
    }
}

impl From<Msg> for Problem {
    fn from(message: Msg) -> Problem {
        Problem { message, values: Vec::new() }
    }
}

impl FieldErrors {
    /// The value, or the problem put at its field.
    pub fn take<T>(&mut self, field: &str, read: Result<T, Problem>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(problem) => {
                self.add_with(field, problem.message, problem.values);
                None
            }
        }
    }
}

/// A name and a value, as typed in one row.
pub type Pair = (String, String);

/// An id of a pool, job or task.
pub fn id<T: FromStr<Err = NotAnId>>(text: &str) -> Result<T, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(msg::FIELD_REQUIRED.into());
    }
    text.parse().map_err(|NotAnId| msg::FORM_BAD_ID.into())
}

/// A whole number of a range.
pub fn number(text: &str, range: RangeInclusive<i32>) -> Result<i32, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(msg::FIELD_REQUIRED.into());
    }
    text.replace('\u{2212}', "-").parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
        Problem::with(
            msg::FIELD_NOT_A_NUMBER,
            vec![("min", range.start().to_string()), ("max", range.end().to_string())],
        )
    })
}

/// The same, where nothing may be said.
pub fn optional_number(text: &str, range: RangeInclusive<i32>) -> Result<Option<i32>, Problem> {
    if text.trim().is_empty() { Ok(None) } else { number(text, range).map(Some) }
}

/// Text that must be there, as it is: blanks matter to commands.
pub fn required(text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() { Err(msg::FIELD_REQUIRED.into()) } else { Ok(text.to_owned()) }
}

/// Text that may be left out.
pub fn optional(text: &str, max_chars: usize) -> Result<Option<String>, Problem> {
    let text = text.trim();
    if text.chars().count() > max_chars {
        return Err(Problem::with(msg::FORM_TOO_LONG, vec![("max", max_chars.to_string())]));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A length of time such as `90s`, `2h 30m`, `7d` or ISO 8601's `PT1H`; nothing for no text.
pub fn length(text: &str) -> Result<Option<Duration>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let iso = text.to_ascii_uppercase();
    let length = if iso.starts_with('P') { iso.parse().ok() } else { length_of_units(&iso) };
    length.filter(|length| length.micros() > 0).map(Some).ok_or_else(|| msg::FORM_NOT_A_LENGTH.into())
}

/// A point in time, UTC, as `2027-01-31 02:00` or ISO 8601; nothing for no text.
pub fn time(text: &str) -> Result<Option<Timestamp>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| msg::JOB_SCHEDULE_TIME_WRONG.into())
}

/// A length as [`length`] reads it, for a form that begins with one.
pub fn write_length(length: Option<Duration>) -> String {
    length.filter(|length| !length.is_unlimited()).map_or_else(String::new, |length| length.to_string())
}

fn length_of_units(text: &str) -> Option<Duration> {
    let mut total: i64 = 0;
    let mut number = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        let secs = match c {
            '0'..='9' => {
                number.push(c);
                continue;
            }
            // French has «jours».
            'D' | 'J' => 86_400,
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(secs)?)?;
        number.clear();
    }
    let micros = total.checked_mul(1_000_000).filter(|_| number.is_empty())?;
    Some(Duration(micros))
}

/// Variables; rows without a word are passed over.
pub fn environment(rows: &[Pair]) -> Result<Option<Vec<EnvironmentSetting>>, Problem> {
    let mut settings: Vec<EnvironmentSetting> = Vec::new();
    for (name, value) in rows.iter().map(|(name, value)| (name.trim(), value)) {
        if name.is_empty() && value.is_empty() {
            continue;
        }
        if name.is_empty() {
            return Err(msg::FORM_NO_VARIABLE_NAME.into());
        }
        if name.contains(['=', '\0']) || name.contains(char::is_whitespace) {
            return Err(Problem::with(msg::FORM_BAD_VARIABLE_NAME, vec![("name", name.to_owned())]));
        }
        if settings.iter().any(|setting| setting.name == name) {
            return Err(Problem::with(msg::FORM_TWICE, vec![("name", name.to_owned())]));
        }
        settings.push(EnvironmentSetting { name: name.to_owned(), value: Some(value.clone()) });
    }
    Ok((!settings.is_empty()).then_some(settings))
}

/// Variables as rows of a form.
pub fn environment_rows(settings: Option<&Vec<EnvironmentSetting>>) -> Vec<Pair> {
    settings.into_iter().flatten().map(|s| (s.name.clone(), s.value.clone().unwrap_or_default())).collect()
}

/// Metadata; rows without a word are passed over.
pub fn metadata(rows: &[Pair]) -> Result<Option<Vec<MetadataItem>>, Problem> {
    let mut items = Vec::new();
    for (name, value) in rows.iter().map(|(name, value)| (name.trim(), value.trim())) {
        match (name.is_empty(), value.is_empty()) {
            (true, true) => {}
            (true, false) => return Err(msg::FORM_NO_METADATA_NAME.into()),
            _ => items.push(MetadataItem { name: name.to_owned(), value: value.to_owned() }),
        }
    }
    Ok((!items.is_empty()).then_some(items))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::PoolId;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        let check = |text: &str, expected: Option<&str>| {
            let read = length(text).map(|length| length.map(|l| l.to_string()));
            assert_eq!(read.as_ref().ok().map(Option::as_deref), Some(expected), "{text:?}");
        };
        check("", None);
        check("  ", None);
        check("90s", Some("PT1M30S"));
        check("2h 30m", Some("PT2H30M"));
        check("7D", Some("P7D"));
        check("3 j", Some("P3D"));
        check("pt1h", Some("PT1H"));
        for text in ["90", "h", "1x", "0s", "-5m", "P1Y", "PT", "99999999999999999999d", "9223372036854775807d"] {
            assert!(length(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn times_are_utc() {
        let check = |text: &str, expected: Option<&str>| {
            let read = time(text).map(|time| time.map(|t| t.to_string()));
            assert_eq!(read.as_ref().ok().map(Option::as_deref), Some(expected), "{text:?}");
        };
        check(" ", None);
        check("2027-01-31 02:00", Some("2027-01-31T02:00:00Z"));
        check(" 2027-01-31T02:00:30Z ", Some("2027-01-31T02:00:30Z"));
        check("2027-01-31", Some("2027-01-31T00:00:00Z"));
        for text in ["tomorrow", "02:00", "2027-02-30 02:00", "2027-01-31 25:00", "31.01.2027 02:00"] {
            assert!(time(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn numbers_keep_to_their_range() {
        assert_eq!(number(" 7 ", 0..=10), Ok(7));
        assert_eq!(number("\u{2212}3", -10..=10), Ok(-3));
        assert_eq!(optional_number("", 1..=2), Ok(None));
        for text in ["", "x", "1.5", "11", "99999999999"] {
            assert!(number(text, 0..=10).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ids_are_checked_by_the_domain() {
        assert_eq!(id::<PoolId>(" p-1 ").map(|id| id.to_string()), Ok("p-1".to_owned()));
        assert!(id::<PoolId>("").is_err());
        assert!(id::<PoolId>("a b").is_err());
    }

    #[test]
    fn empty_rows_are_no_variables() {
        let rows =
            |rows: &[(&str, &str)]| rows.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>();
        assert_eq!(environment(&rows(&[("", "")])), Ok(None));
        let two = environment(&rows(&[("A", "1"), ("", ""), (" B ", " x ")])).unwrap().unwrap();
        assert_eq!(
            two.iter().map(|s| (s.name.as_str(), s.value.as_deref())).collect::<Vec<_>>(),
            [("A", Some("1")), ("B", Some(" x "))]
        );
        assert_eq!(environment_rows(Some(&two)), rows(&[("A", "1"), ("B", " x ")]));
        for bad in [&[("", "x")][..], &[("A=B", "")], &[("A B", "")], &[("A", "1"), ("A", "2")]] {
            assert!(environment(&rows(bad)).is_err(), "{bad:?}");
        }
        assert!(metadata(&rows(&[("", "x")])).is_err());
        assert_eq!(metadata(&rows(&[("a", "")])).unwrap().unwrap().len(), 1);
    }
}
