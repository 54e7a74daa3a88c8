//! Values of formulas.

use std::fmt;

use super::LARGEST_VECTOR;
use super::error::Problem;
use crate::api::{Duration, Timestamp};

/// A type, as the language names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Double,
    DoubleVec,
    String,
    Timestamp,
    TimeInterval,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Double => "double",
            Kind::DoubleVec => "doubleVec",
            Kind::String => "string",
            Kind::Timestamp => "timestamp",
            Kind::TimeInterval => "timeinterval",
        })
    }
}

/// Numbers are always finite. Times and intervals count steps of 100 ns, the smallest that the language can name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Vector(Vec<f64>),
    Text(String),
    /// Since 1970.
    Time(i64),
    Interval(i64),
}

/// Years 1 to 9999, in steps of 100 ns since 1970.
const TIMES: std::ops::RangeInclusive<i64> = -621_355_968_000_000_000..=2_534_022_143_999_999_999;
/// Numbers of a vector that are written; then `…` follows. Chosen here, so that what is stored of a run stays small.
const WRITTEN: usize = 100;

impl Value {
    pub fn kind(&self) -> Kind {
        match self {
            Value::Number(_) => Kind::Double,
            Value::Vector(_) => Kind::DoubleVec,
            Value::Text(_) => Kind::String,
            Value::Time(_) => Kind::Timestamp,
            Value::Interval(_) => Kind::TimeInterval,
        }
    }

    pub fn number(number: f64) -> Result<Value, Problem> {
        if number.is_finite() { Ok(Value::Number(number)) } else { Err(Problem::NotFinite) }
    }

    pub fn vector(numbers: Vec<f64>) -> Result<Value, Problem> {
        if numbers.len() > LARGEST_VECTOR {
            return Err(Problem::TooLargeVector);
        }
        if numbers.iter().all(|n| n.is_finite()) { Ok(Value::Vector(numbers)) } else { Err(Problem::NotFinite) }
    }

    pub const fn truth(holds: bool) -> Value {
        Value::Number(if holds { 1.0 } else { 0.0 })
    }

    pub fn time(ticks: Option<i64>) -> Result<Value, Problem> {
        ticks.filter(|ticks| TIMES.contains(ticks)).map(Value::Time).ok_or(Problem::NotFinite)
    }

    pub fn interval(ticks: Option<i64>) -> Result<Value, Problem> {
        ticks.map(Value::Interval).ok_or(Problem::NotFinite)
    }

    pub fn as_number(&self) -> Result<f64, Problem> {
        match self {
            Value::Number(number) => Ok(*number),
            other => Err(Problem::WrongKind { wanted: Kind::Double, found: other.kind() }),
        }
    }

    pub fn as_vector(&self) -> Result<&[f64], Problem> {
        match self {
            Value::Vector(numbers) => Ok(numbers),
            Value::Number(number) => Ok(std::slice::from_ref(number)),
            other => Err(Problem::WrongKind { wanted: Kind::DoubleVec, found: other.kind() }),
        }
    }
}

/// As results of a run have it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => write_number(f, *number),
            Value::Vector(numbers) => {
                f.write_str("[")?;
                for (index, number) in numbers.iter().take(WRITTEN).enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_number(f, *number)?;
                }
                f.write_str(if numbers.len() > WRITTEN { ",…]" } else { "]" })
            }
            Value::Text(text) => f.write_str(text),
            Value::Time(ticks) => Timestamp::from_micros(ticks.div_euclid(10)).fmt(f),
            Value::Interval(ticks) => Duration(ticks / 10).fmt(f),
        }
    }
}

fn write_number(f: &mut fmt::Formatter<'_>, number: f64) -> fmt::Result {
    let size = number.abs();
    if number == 0.0 {
        // Never `-0`.
        f.write_str("0")
    } else if (1e-6..1e15).contains(&size) {
        write!(f, "{number}")
    } else {
        write!(f, "{number:e}")
    }
}
