//! What a task waits for. Each wait is for one id, or for all numbers of a range. Of a range only one number is watched at a
//! time, the highest that has not ended well: when it has, the next lower one is looked for. Tasks run roughly in the order
//! of their numbers, so a range is mostly woken near its end, and costs no more than its ends that come out of order.

use std::collections::BTreeSet;

use crate::api::{Code, Error, TaskCreate, TaskDependencies, TaskIdRange};

/// Characters of all ids together, and digits of all ranges. Source: tasks, `dependsOn`; the same for ranges is chosen here.
const MOST_CHARACTERS: usize = 64_000;

/// What one task waits for, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// In lower case.
    pub ids: BTreeSet<String>,
    pub ranges: BTreeSet<(i32, i32)>,
}

pub fn waits(dependencies: &TaskDependencies) -> Waits {
    Waits {
        ids: dependencies.task_ids.iter().map(|id| id.to_ascii_lowercase()).collect(),
        ranges: dependencies.task_id_ranges.iter().map(|range| (range.start, range.end)).collect(),
    }
}

/// The number that an id is for ranges: only digits, leading zeros left out, and no more than a range can name.
pub fn number(id: &str) -> Option<i32> {
    if id.bytes().all(|b| b.is_ascii_digit()) { id.parse().ok() } else { None }
}

/// What is known of some numbers, as a part of a job's tasks from `from` downwards, says where a watch goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The highest number at or below the start that has not ended well; −1 when all have.
    Gap(i32),
    /// All that were looked at have ended well; go on from here.
    Further(i32),
}

/// Looks from `from` downwards through `numbers`: those that tasks have, highest first, none above `from`, each with whether
/// one of that number has ended well. `is_all`: there are no tasks with lower numbers.
pub fn reach(from: i32, numbers: &[(i32, bool)], is_all: bool) -> Reach {
    let mut expected = from;
    for (number, satisfied) in numbers {
        if *number != expected || !satisfied {
            return Reach::Gap(expected);
        }
        expected -= 1;
    }
    if is_all || expected < 0 { Reach::Gap(expected) } else { Reach::Further(expected) }
}

/// Whether the task may say what it waits for.
pub fn check(create: &TaskCreate, uses_task_dependencies: bool) -> Result<(), Error> {
    let Some(dependencies) = create.depends_on.as_ref().filter(|dependencies| !dependencies.is_empty()) else {
        return Ok(());
    };
    if !uses_task_dependencies {
        return Err(Error::new(Code::TaskDependenciesNotSpecifiedOnJob).with("PropertyName", "dependsOn"));
    }
    ids(create, dependencies)?;
    ranges(create, &dependencies.task_id_ranges)
}

fn ids(create: &TaskCreate, dependencies: &TaskDependencies) -> Result<(), Error> {
    for (index, id) in dependencies.task_ids.iter().enumerate() {
        let path = format!("dependsOn.taskIds[{index}]");
        super::check::id::<super::ids::TaskId>(&path, id)?;
        if id.eq_ignore_ascii_case(&create.id) {
            return Err(itself(&path, id));
        }
    }
    let n_characters: usize = dependencies.task_ids.iter().map(String::len).sum();
    if n_characters > MOST_CHARACTERS {
        return Err(too_long(Code::TaskDependencyListTooLong, "dependsOn.taskIds", n_characters));
    }
    Ok(())
}

fn ranges(create: &TaskCreate, ranges: &[TaskIdRange]) -> Result<(), Error> {
    for (index, TaskIdRange { start, end }) in ranges.iter().enumerate() {
        let path = format!("dependsOn.taskIdRanges[{index}]");
        let text = format!("{start} to {end}");
        if *start < 0 {
            // Ids have no sign: no task could ever be meant.
            return Err(Error::invalid_property(&format!("{path}.start"), start.to_string(), "at least 0"));
        }
        if end < start {
            return Err(Error::invalid_property(&format!("{path}.end"), text, "not less than start"));
        }
        if number(&create.id).is_some_and(|own| (*start..=*end).contains(&own)) {
            return Err(itself(&path, &text));
        }
    }
    let n_digits: usize = ranges.iter().map(|range| range.start.to_string().len() + range.end.to_string().len()).sum();
    if n_digits > MOST_CHARACTERS {
        return Err(too_long(Code::TaskDependencyRangesTooLong, "dependsOn.taskIdRanges", n_digits));
    }
    Ok(())
}

/// Chosen here: such a task could never run, so it is refused.
fn itself(path: &str, value: &str) -> Error {
    Error::invalid_property(path, value, "a task cannot wait for itself")
}

fn too_long(code: Code, path: &str, n: usize) -> Error {
    Error::new(code)
        .with("PropertyName", path)
        .with("PropertyValue", format!("{n} characters"))
        .with("Reason", format!("at most {MOST_CHARACTERS} characters"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn task(id: &str, ids: &[&str], ranges: &[(i32, i32)]) -> TaskCreate {
        let dependencies = TaskDependencies {
            task_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            task_id_ranges: ranges.iter().map(|(start, end)| TaskIdRange { start: *start, end: *end }).collect(),
        };
        TaskCreate { id: id.into(), depends_on: Some(dependencies), ..TaskCreate::default() }
    }

    #[test]
    fn what_a_task_waits_for_is_checked() {
        use Code::InvalidPropertyValue as Invalid;
        let refused = |task: TaskCreate, code, property: &str| {
            let error = check(&task, true).expect_err(property);
            assert_eq!((error.code, error.value("PropertyName")), (code, Some(property)));
        };
        assert_eq!(check(&task("t", &["a", "007"], &[(0, 0), (3, 9)]), true), Ok(()));
        assert_eq!(check(&task("t", &[], &[]), false), Ok(()), "an empty list asks for nothing");
        let error = check(&task("t", &["a"], &[]), false).unwrap_err();
        assert_eq!(error.code, Code::TaskDependenciesNotSpecifiedOnJob);
        refused(task("t", &["a", "b c"], &[]), Invalid, "dependsOn.taskIds[1]");
        refused(task("t", &["a", "T"], &[]), Invalid, "dependsOn.taskIds[1]");
        refused(task("t", &[], &[(1, 2), (-1, 2)]), Invalid, "dependsOn.taskIdRanges[1].start");
        refused(task("t", &[], &[(3, 2)]), Invalid, "dependsOn.taskIdRanges[0].end");
        refused(task("05", &[], &[(4, 6)]), Invalid, "dependsOn.taskIdRanges[0]");
        let long = vec!["x".repeat(64); 1001];
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        assert_eq!(check(&task("t", &long[..1000], &[]), true), Ok(()), "64,000 characters are not too many");
        refused(task("t", &long, &[]), Code::TaskDependencyListTooLong, "dependsOn.taskIds");
        let ranges = vec![(1_000_000_000, 2_000_000_000); 3201];
        refused(task("t", &[], &ranges), Code::TaskDependencyRangesTooLong, "dependsOn.taskIdRanges");
    }

    #[test]
    fn ids_are_numbers_without_their_leading_zeros() {
        let check = |id, expected| assert_eq!(number(id), expected, "{id}");
        check("7", Some(7));
        check("007", Some(7));
        check("0", Some(0));
        check("2147483647", Some(i32::MAX));
        check("2147483648", None);
        check("-7", None);
        check("+7", None);
        check("7a", None);
        check("", None);
    }

    #[test]
    fn the_same_is_waited_for_once() {
        let found = waits(&task("t", &["a", "A", "b"], &[(1, 3), (1, 3)]).depends_on.unwrap());
        assert_eq!(found.ids.into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found.ranges.into_iter().collect::<Vec<_>>(), [(1, 3)]);
    }

    proptest! {
        /// Looking piece by piece finds the same as looking at each number.
        #[test]
        fn a_watch_goes_to_the_highest_number_that_has_not_ended_well(
            tasks in prop::collection::btree_map(0i32..40, any::<bool>(), 0..40), from in 0i32..45, piece in 1usize..6,
        ) {
            let expected = (0..=from).rev().find(|n| tasks.get(n) != Some(&true)).unwrap_or(-1);
            let mut at = from;
            let found = loop {
                let below: Vec<(i32, bool)> = tasks.range(..=at).rev().map(|(n, s)| (*n, *s)).take(piece).collect();
                let is_all = below.len() < piece;
                match reach(at, &below, is_all) {
                    Reach::Gap(gap) => break gap,
                    Reach::Further(next) => { prop_assert!(next < at); at = next }
                }
            };
            prop_assert_eq!(found, expected);
        }
    }
}
