//! Formulas of autoscale as the portal reads them: what is wrong with one, in the user's words, and some to begin with.

use crate::autoscale::{Error, Formula, Problem};
use crate::portal::i18n::{Msg, msg, tf};
use crate::portal::pages::typed;

/// A formula that can be sent.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read(text: &str) -> Result<String, typed::Problem> {
    if text.trim().is_empty() {
        return Err(msg::FIELD_REQUIRED.into());
    }
    match Formula::read(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(typed::Problem::with(msg::AUTO_SCALE_PLACE, placed(&error))),
    }
}

/// The same as a sentence, for a check while typing; nothing of a text that has not begun.
pub fn mistake(text: &str) -> Option<String> {
    let problem = read(text).err().filter(|_| !text.trim().is_empty())?;
    let values: Vec<_> = problem.values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    Some(tf(problem.message, &values))
}

fn placed(error: &Error) -> Vec<(&'static str, String)> {
    let (message, values) = words(&error.problem);
    let values: Vec<_> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    vec![("line", error.at.line.to_string()), ("column", error.at.column.to_string()), ("reason", tf(message, &values))]
}

/// The message for a problem, and what its placeholders stand for.
fn words(problem: &Problem) -> (Msg, Vec<(&'static str, String)>) {
    use Problem as P;
    let name = |name: &str| vec![("name", name.to_owned())];
    match problem {
        P::TooLong(n) => {
            (msg::AUTO_SCALE_TOO_LONG, vec![("n", n.to_string()), ("max", crate::autoscale::LONGEST.to_string())])
        }
        P::NoStatements => (msg::AUTO_SCALE_NO_STATEMENTS, vec![]),
        P::TooManyStatements => {
            (msg::AUTO_SCALE_TOO_MANY_STATEMENTS, vec![("max", crate::autoscale::MOST_STATEMENTS.to_string())])
        }
        P::TooDeep => (msg::AUTO_SCALE_TOO_DEEP, vec![]),
        P::StrayCharacter(c) => (msg::AUTO_SCALE_STRAY, name(&c.to_string())),
        P::UnclosedText => (msg::AUTO_SCALE_UNCLOSED, vec![]),
        P::NotANumber(text) => (msg::AUTO_SCALE_NOT_A_NUMBER, name(text)),
        P::ExpectedSign { sign, found } => {
            (msg::AUTO_SCALE_EXPECTED_SIGN, vec![("sign", (*sign).to_owned()), ("found", found.clone())])
        }
        P::ExpectedValue(found) => (msg::AUTO_SCALE_EXPECTED_VALUE, vec![("found", found.clone())]),
        P::ExpectedStatement(found) => (msg::AUTO_SCALE_EXPECTED_STATEMENT, vec![("found", found.clone())]),
        P::UnknownName(text) => (msg::AUTO_SCALE_UNKNOWN_NAME, name(text)),
        P::UnknownFunction(text) => (msg::AUTO_SCALE_UNKNOWN_FUNCTION, name(text)),
        P::UnknownMember(text) => (msg::AUTO_SCALE_UNKNOWN_MEMBER, name(text)),
        P::ReadOnly(text) => (msg::AUTO_SCALE_READ_ONLY, name(text)),
        P::NeedsSample(text) => (msg::AUTO_SCALE_NEEDS_SAMPLE, name(text)),
        P::WrongCount { name, wanted } => {
            (msg::AUTO_SCALE_WRONG_COUNT, vec![("name", name.clone()), ("wanted", (*wanted).to_owned())])
        }
        // What only a run can find: the server says it.
        P::WrongKind { .. }
        | P::NoOperator { .. }
        | P::DifferentLengths(..)
        | P::DivisionByZero
        | P::NotFinite
        | P::NoValues(_)
        | P::OutOfVector { .. }
        | P::NotATime(_)
        | P::NotAnOption(_)
        | P::TooFewSamples { .. }
        | P::TooLargeVector
        | P::TooMuchWork => (msg::FIELD_REFUSED, vec![("reason", problem.to_string())]),
    }
}

/// Names and values of a run's results.
pub fn variables(results: &str) -> Vec<(String, String)> {
    let pairs = results.split(';').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.to_owned())).collect()
}

/// A formula to begin with.
pub struct Ready {
    /// What it does.
    pub label: Msg,
    pub text: &'static str,
}

pub static READY: [Ready; 3] = [
    Ready {
        label: msg::AUTO_SCALE_READY_TASKS,
        text: "$stretch = TimeInterval_Minute * 5;
$isKnown = $PendingTasks.GetSamplePercent($stretch) >= 70;
$newest = max(0, $PendingTasks.GetSample(1));
$tasks = $isKnown ? max($newest, avg($PendingTasks.GetSample($stretch))) : $newest;
$TargetDedicatedNodes = min(4, ceil($tasks / $TaskSlotsPerNode));
$NodeDeallocationOption = taskcompletion;
",
    },
    Ready {
        label: msg::AUTO_SCALE_READY_HOURS,
        text: "$now = time();
$isWorkTime = $now.weekday <= 5 && $now.hour >= 8 && $now.hour < 18;
$TargetDedicatedNodes = $isWorkTime ? 4 : 0;
$NodeDeallocationOption = taskcompletion;
",
    },
    Ready {
        label: msg::AUTO_SCALE_READY_CPU,
        text: "$stretch = TimeInterval_Minute * 5;
$isKnown = $CPUPercent.GetSamplePercent($stretch) >= 70;
$busy = $isKnown ? avg($CPUPercent.GetSample($stretch)) : 0.5;
$step = $busy > 0.8 ? 1 : $busy < 0.2 ? -1 : 0;
$TargetDedicatedNodes = max(1, min(4, $CurrentDedicatedNodes + $step));
$NodeDeallocationOption = taskcompletion;
",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_formulas_can_be_sent() {
        for ready in &READY {
            assert_eq!(read(ready.text).as_deref(), Ok(ready.text), "{}", ready.text);
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        assert_eq!(mistake("  "), None);
        assert_eq!(mistake("x = 1;"), None);
        let text = mistake("x = 1;\ny = z;").unwrap();
        assert!(text.contains('2') && text.contains('5') && text.contains("z"), "{text}");
        assert!(read("").is_err());
    }

    #[test]
    fn results_are_a_table() {
        let pairs = variables("$TargetDedicatedNodes=2;$v=[1,2];x=a=b");
        let expected = [("$TargetDedicatedNodes", "2"), ("$v", "[1,2]"), ("x", "a=b")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
