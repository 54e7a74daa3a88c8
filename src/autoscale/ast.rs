//! The tree of a formula. Names are resolved: what is not known was refused by the parser.

use super::error::Position;
use super::samples::Variable;

/// A formula that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    pub(super) statements: Vec<Statement>,
    /// The user's variables, in the order in which they are first set.
    pub(super) names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub target: Target,
    pub value: Node,
}

/// What a statement sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Dedicated,
    LowPriority,
    Deallocation,
    /// The user's variable with this number.
    Variable(usize),
    /// `stop();` stands alone.
    Nothing,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub at: Position,
    /// Of the tree below, so that walking it needs little stack.
    pub height: u32,
    pub expr: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Number(f64),
    Text(String),
    /// In steps of 100 ns.
    Interval(i64),
    /// What has been set so far; at first what the pool has.
    Set(Target),
    /// The newest sample of a variable that is also a plain number.
    Newest(Variable),
    Minus(Box<Node>),
    Not(Box<Node>),
    Binary(&'static str, Box<Node>, Box<Node>),
    Choose(Box<[Node; 3]>),
    Call(Function, Vec<Node>),
    /// A member of a timestamp.
    Part(Part, Box<Node>),
    Sample(Method, Variable, Vec<Node>),
}

/// Declares an enum of the language's names.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $name { $($variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            pub fn named(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}

names! {
    Function {
        Avg = "avg", Len = "len", Max = "max", Min = "min", Norm = "norm", Range = "range", Std = "std", Sum = "sum",
        Lg = "lg", Ln = "ln", Log = "log", Ceil = "ceil", Floor = "floor", Round = "round",
        Percentile = "percentile", Rand = "rand", Val = "val", Time = "time", Stop = "stop",
    }
}
names! {
    /// What can be asked of a variable that has samples.
    Method {
        GetSample = "GetSample", GetSamplePercent = "GetSamplePercent", GetSamplePeriod = "GetSamplePeriod",
        Count = "Count", HistoryBeginTime = "HistoryBeginTime",
    }
}
names! {
    Part {
        Year = "year", Month = "month", Day = "day", Hour = "hour", Minute = "minute", Second = "second",
        Weekday = "weekday",
    }
}

impl Function {
    /// The fewest and most arguments, and how that is said.
    pub fn arity(self) -> (usize, usize, &'static str) {
        match self {
            Function::Percentile | Function::Val => (2, 2, "2"),
            Function::Rand | Function::Stop => (0, 0, "0"),
            Function::Time => (0, 1, "0–1"),
            _ => (1, usize::MAX, "≥ 1"),
        }
    }
}

impl Method {
    pub fn arity(self) -> (usize, usize, &'static str) {
        match self {
            Method::GetSample => (1, 3, "1–3"),
            Method::GetSamplePercent => (1, 2, "1–2"),
            Method::GetSamplePeriod | Method::Count | Method::HistoryBeginTime => (0, 0, "0"),
        }
    }
}

/// The constants of type timeinterval, in steps of 100 ns. Chosen here: a year has 365 days.
pub(super) const INTERVALS: [(&str, i64); 10] = [
    ("TimeInterval_Zero", 0),
    ("TimeInterval_100ns", 1),
    ("TimeInterval_Microsecond", 10),
    ("TimeInterval_Millisecond", 10_000),
    ("TimeInterval_Second", 10_000_000),
    ("TimeInterval_Minute", 600_000_000),
    ("TimeInterval_Hour", 36_000_000_000),
    ("TimeInterval_Day", 864_000_000_000),
    ("TimeInterval_Week", 6_048_000_000_000),
    ("TimeInterval_Year", 315_360_000_000_000),
];
