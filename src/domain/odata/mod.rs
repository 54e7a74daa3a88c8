//! The filter language of lists (`$filter`), a small part of OData: comparisons, `startswith`, `and`, `or`, parentheses.
//!
//! A filter is checked against the fields of its list while it is read, so that a [`Filter`] that exists is one that the
//! list can answer. Length, depth and number of conditions are bounded: a filter comes from the network.

mod fields;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::api::Timestamp;

/// Longest filter in bytes. Chosen here: what fits a usual URL.
pub const MAX_LENGTH: usize = 4096;
/// Deepest nesting of parentheses.
pub const MAX_DEPTH: usize = 32;
/// Most comparisons in one filter.
pub const MAX_CONDITIONS: usize = 100;

/// A filter whose fields, operators and values fit its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `and`; at least two.
    All(Vec<Filter>),
    /// `or`; at least two.
    Any(Vec<Filter>),
    Compare {
        field: &'static str,
        operator: Operator,
        value: Value,
    },
    StartsWith {
        field: &'static str,
        prefix: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// Text compares without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Time(Timestamp),
    Bool(bool),
    Int(i64),
}

/// A property that a list can be filtered by.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As in the filter, e.g. `executionInfo/exitCode`.
    pub name: &'static str,
    pub kind: Kind,
    pub operators: &'static [Operator],
    /// Whether `startswith` takes it.
    pub prefix: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    /// Text of a closed set; the function gives the exact spelling.
    Name(fn(&str) -> Option<&'static str>),
    Time,
    Bool,
    Int,
}

/// A stretch of a list, in the order of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    pub filter: Option<Filter>,
    /// The id after which the stretch begins; absent for the beginning.
    pub after: Option<String>,
    /// Most items.
    pub limit: usize,
}

/// The items of a slice, and the id behind which the list goes on; there may be more although the items are few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

impl<T> Stretch<T> {
    pub fn map<U>(self, change: impl FnOnce(Vec<T>) -> Vec<U>) -> Stretch<U> {
        Stretch { items: change(self.items), next: self.next }
    }
}

impl Slice {
    /// The slice of a list that is in memory, in the order of its names. The filter is the caller's.
    pub fn cut<T>(&self, list: impl Iterator<Item = T>, name: impl Fn(&T) -> String) -> Stretch<T> {
        let after = self.after.as_deref().unwrap_or_default();
        let mut items: Vec<T> = list.filter(|item| name(item).as_str() > after).take(self.limit + 1).collect();
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = items.last().filter(|_| more).map(name);
        Stretch { items, next }
    }
}

/// Why a text is no filter of the list, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {what}")]
pub struct NotAFilter {
    /// Counted from 1.
    pub at: usize,
    pub what: String,
}

impl Filter {
    /// Reads a filter for a list with these fields.
    ///
    /// # Errors
    /// [`NotAFilter`] names the place and what was expected there.
    pub fn parse(text: &str, fields: &[Field]) -> Result<Filter, NotAFilter> {
        parser::parse(text, fields)
    }

    /// Whether a thing fits; `property` gives its fields, nothing for one that it does not have.
    pub fn matches(&self, property: &dyn Fn(&'static str) -> Option<Value>) -> bool {
        match self {
            Filter::All(parts) => parts.iter().all(|part| part.matches(property)),
            Filter::Any(parts) => parts.iter().any(|part| part.matches(property)),
            Filter::Compare { field, operator, value } => match property(field) {
                Some(own) => operator.holds(&own, value),
                None => *operator == Operator::Ne,
            },
            Filter::StartsWith { field, prefix } => match property(field) {
                Some(Value::Text(own)) => own.to_ascii_lowercase().starts_with(&prefix.to_ascii_lowercase()),
                _ => false,
            },
        }
    }
}

impl Operator {
    pub const ALL: &'static [Operator] =
        &[Operator::Eq, Operator::Ne, Operator::Gt, Operator::Ge, Operator::Lt, Operator::Le];

    /// The word in a filter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operator::Eq => "eq",
            Operator::Ne => "ne",
            Operator::Gt => "gt",
            Operator::Ge => "ge",
            Operator::Lt => "lt",
            Operator::Le => "le",
        }
    }

    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = match (left, right) {
            (Value::Text(a), Value::Text(b)) => a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()),
            (Value::Time(a), Value::Time(b)) => a.cmp(b),
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            _ => return self == Operator::Ne,
        };
        match self {
            Operator::Eq => order.is_eq(),
            Operator::Ne => order.is_ne(),
            Operator::Gt => order.is_gt(),
            Operator::Ge => order.is_ge(),
            Operator::Lt => order.is_lt(),
            Operator::Le => order.is_le(),
        }
    }
}
