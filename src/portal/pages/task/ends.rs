//! What a task waits for, and what follows from its end, as typed into the form that adds tasks.

use crate::api::{
    DependencyAction, ExitCodeMapping, ExitCodeRangeMapping, ExitConditions, ExitOptions, JobAction, TaskDependencies,
    TaskIdRange,
};
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::typed::Problem;

/// One condition, as typed in one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitRow {
    pub when: When,
    /// Codes and ranges of codes such as `1, 5-9`; of [`When::Codes`] only.
    pub codes: String,
    /// Wire spelling of the action; empty for the usual one.
    pub dependents: String,
    pub job: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    #[default]
    Codes,
    NotStarted,
    Otherwise,
}

impl When {
    pub const ALL: [When; 3] = [When::Codes, When::NotStarted, When::Otherwise];

    pub fn name(self) -> &'static str {
        match self {
            When::Codes => "codes",
            When::NotStarted => "not-started",
            When::Otherwise => "otherwise",
        }
    }

    pub fn of(name: &str) -> When {
        When::ALL.into_iter().find(|when| when.name() == name).unwrap_or_default()
    }
}

/// Ids, with blanks or commas between them, and ranges such as `1-10`. Whether ids are legal is the server's to say: they
/// may hold the place of a number.
pub fn dependencies(ids: &str, ranges: &str, errors: &mut FieldErrors) -> Option<TaskDependencies> {
    let dependencies = TaskDependencies {
        task_ids: words(ids).map(str::to_owned).collect(),
        task_id_ranges: errors.take("dependsOn.taskIdRanges", id_ranges(ranges)).unwrap_or_default(),
    };
    (!dependencies.is_empty()).then_some(dependencies)
}

fn id_ranges(text: &str) -> Result<Vec<TaskIdRange>, Problem> {
    let range = |word| {
        let (start, end) = range(word)?;
        if start < 0 { Err(not_a_range(word)) } else { Ok(TaskIdRange { start, end }) }
    };
    words(text).map(range).collect()
}

/// Dependencies as the form shows them.
pub fn write_dependencies(dependencies: &TaskDependencies) -> (String, String) {
    let ranges = dependencies.task_id_ranges.iter().map(|range| write_range(range.start, range.end));
    (dependencies.task_ids.join(", "), ranges.collect::<Vec<_>>().join(", "))
}

/// Conditions; a row that names no action or no code is passed over.
pub fn exit_conditions(rows: &[ExitRow]) -> Result<Option<ExitConditions>, Problem> {
    let mut all = ExitConditions::default();
    for row in rows {
        let options = ExitOptions { job_action: row.job.parse().ok(), dependency_action: row.dependents.parse().ok() };
        if options == ExitOptions::default() {
            continue;
        }
        let only = match row.when {
            When::Codes => {
                for word in words(&row.codes) {
                    match range(word)? {
                        (code, end) if code == end => {
                            all.exit_codes.push(ExitCodeMapping { code, exit_options: options.clone() });
                        }
                        (start, end) => {
                            let mapping = ExitCodeRangeMapping { start, end, exit_options: options.clone() };
                            all.exit_code_ranges.push(mapping);
                        }
                    }
                }
                continue;
            }
            When::NotStarted => &mut all.pre_processing_error,
            When::Otherwise => &mut all.default,
        };
        if only.replace(options).is_some() {
            return Err(msg::TASK_EXIT_TWICE.into());
        }
    }
    Ok((all != ExitConditions::default()).then_some(all))
}

/// Conditions as rows of the form.
pub fn exit_rows(conditions: &ExitConditions) -> Vec<ExitRow> {
    let row = |when, codes, options: &ExitOptions| ExitRow {
        when,
        codes,
        dependents: options.dependency_action.map_or("", DependencyAction::as_str).to_owned(),
        job: options.job_action.map_or("", JobAction::as_str).to_owned(),
    };
    let alone = conditions.exit_codes.iter().map(|m| row(When::Codes, m.code.to_string(), &m.exit_options));
    let ranges = conditions.exit_code_ranges.iter();
    let ranges = ranges.map(|m| row(When::Codes, write_range(m.start, m.end), &m.exit_options));
    let not_started = conditions.pre_processing_error.iter().map(|o| row(When::NotStarted, String::new(), o));
    let otherwise = conditions.default.iter().map(|o| row(When::Otherwise, String::new(), o));
    alone.chain(ranges).chain(not_started).chain(otherwise).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|word| !word.is_empty())
}

/// `7`, `1-10`, `-3` or `-3--1`, with any dash that people type.
fn range(word: &str) -> Result<(i32, i32), Problem> {
    let plain = word.replace(['\u{2212}', '\u{2013}'], "-");
    let cut = plain.char_indices().skip(1).find(|(_, c)| *c == '-').map(|(at, _)| at);
    let (start, end) = match cut {
        Some(at) => (&plain[..at], &plain[at + 1..]),
        None => (&*plain, &*plain),
    };
    match (start.parse(), end.parse()) {
        (Ok(start), Ok(end)) if start <= end => Ok((start, end)),
        _ => Err(not_a_range(word)),
    }
}

fn not_a_range(word: &str) -> Problem {
    Problem::with(msg::TASK_NOT_A_RANGE, vec![("word", word.to_owned())])
}

/// A range as [`range`] reads it.
pub fn write_range(start: i32, end: i32) -> String {
    if start == end { start.to_string() } else { format!("{start}-{end}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_people_write_them() {
        let check = |word: &str, expected: Option<(i32, i32)>| assert_eq!(range(word).ok(), expected, "{word}");
        check("7", Some((7, 7)));
        check("1-10", Some((1, 10)));
        check("1–10", Some((1, 10)));
        check("-3", Some((-3, -3)));
        check("-3--1", Some((-3, -1)));
        check("10-1", None);
        check("1-", None);
        check("a", None);
        check("99999999999", None);
    }

    #[test]
    fn dependencies_go_there_and_back() {
        let mut errors = FieldErrors::default();
        let read = dependencies("a, b\n{i}", "1-10 12", &mut errors).unwrap();
        assert!(errors.is_empty());
        assert_eq!(read.task_ids, ["a", "b", "{i}"]);
        assert_eq!(write_dependencies(&read), ("a, b, {i}".to_owned(), "1-10, 12".to_owned()));
        assert_eq!(dependencies(" ", ",", &mut errors), None);
        dependencies("", "1-x", &mut errors);
        dependencies("", "-1", &mut errors);
        assert!(errors.of("dependsOn.taskIdRanges").is_some());
    }

    #[test]
    fn conditions_go_there_and_back() {
        let row = |when, codes: &str, dependents: &str, job: &str| ExitRow {
            when,
            codes: codes.into(),
            dependents: dependents.into(),
            job: job.into(),
        };
        let rows = [
            row(When::Codes, "3", "satisfy", ""),
            row(When::Codes, "4-9", "block", "disable"),
            row(When::NotStarted, "", "", "none"),
            row(When::Otherwise, "", "satisfy", "terminate"),
        ];
        let read = exit_conditions(&rows).unwrap().unwrap();
        assert_eq!(read.exit_code_ranges[0].exit_options.job_action, Some(JobAction::Disable));
        assert_eq!(exit_rows(&read), rows);
        assert_eq!(exit_conditions(&[ExitRow::default()]), Ok(None));
        let several = exit_conditions(&[row(When::Codes, "1, 2 5-6", "satisfy", "")]).unwrap().unwrap();
        assert_eq!((several.exit_codes.len(), several.exit_code_ranges.len()), (2, 1));
        let twice = [row(When::Otherwise, "", "block", ""), row(When::Otherwise, "", "satisfy", "")];
        assert!(exit_conditions(&twice).is_err());
        assert!(exit_conditions(&[row(When::Codes, "x", "block", "")]).is_err());
    }
}
