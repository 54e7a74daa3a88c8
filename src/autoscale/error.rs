//! What is wrong with a formula, and where.

use std::fmt;

use super::value::Kind;
use super::{DEEPEST, LARGEST_VECTOR, LONGEST, MOST_STATEMENTS};

/// A place in the text; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Position {
    pub const START: Position = Position { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line {}, Col {}", self.line, self.column)
    }
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct Error {
    pub at: Position,
    pub problem: Problem,
}

/// The portal says the same in its languages.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    #[error("a formula has at most {LONGEST} characters, and this one has {0}")]
    TooLong(usize),
    #[error("the formula sets nothing")]
    NoStatements,
    #[error("a formula has at most {MOST_STATEMENTS} statements")]
    TooManyStatements,
    #[error("an expression nests at most {DEEPEST} deep")]
    TooDeep,
    #[error("the character {0} has no meaning here")]
    StrayCharacter(char),
    #[error("a text begins here and does not end")]
    UnclosedText,
    #[error("{0} is not a number")]
    NotANumber(String),
    #[error("{sign} is expected, and there is {found}")]
    ExpectedSign { sign: &'static str, found: String },
    #[error("a value is expected, and there is {0}")]
    ExpectedValue(String),
    #[error("a statement is expected (name = value;), and there is {0}")]
    ExpectedStatement(String),
    #[error("{0} is not known here: no variable of Batch's has this name, and none is set before")]
    UnknownName(String),
    #[error("there is no function {0}")]
    UnknownFunction(String),
    #[error("there is no member {0}")]
    UnknownMember(String),
    #[error("{0} cannot be set")]
    ReadOnly(String),
    #[error("{0} has samples and is no number by itself: use {0}.GetSample(…)")]
    NeedsSample(String),
    #[error("{name} takes {wanted} arguments")]
    WrongCount { name: String, wanted: &'static str },
    #[error("a {wanted} is expected, and this is a {found}")]
    WrongKind { wanted: Kind, found: Kind },
    #[error("{sign} has no meaning for a {left} and a {right}")]
    NoOperator { sign: &'static str, left: Kind, right: Kind },
    #[error("the vectors differ in length: {0} and {1}")]
    DifferentLengths(usize, usize),
    #[error("division by zero")]
    DivisionByZero,
    #[error("the result is no number that can be written")]
    NotFinite,
    #[error("{0} of no values: there are no samples yet, perhaps")]
    NoValues(&'static str),
    #[error("the vector has {len} numbers, and number {index} is asked for, counted from 0")]
    OutOfVector { index: i64, len: usize },
    #[error("{0:?} is not a time such as 2027-01-31T02:00:00Z")]
    NotATime(String),
    #[error("{0:?} is none of requeue, terminate, taskcompletion and retaineddata")]
    NotAnOption(String),
    #[error("Insufficient data from data set: {variable} wanted {wanted}%, received {found}%")]
    TooFewSamples { variable: &'static str, wanted: u32, found: u32 },
    #[error("a vector has at most {LARGEST_VECTOR} numbers")]
    TooLargeVector,
    #[error("the formula takes too much work")]
    TooMuchWork,
}

impl Problem {
    pub(super) fn at(self, at: Position) -> Error {
        Error { at, problem: self }
    }
}
