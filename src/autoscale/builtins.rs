//! The functions. «List» is any mix of doubles and doubleVecs, taken as one vector.

use super::LARGEST_VECTOR;
use super::ast::{Function, Part};
use super::error::Problem;
use super::samples::ticks_of;
use super::value::{Kind, Value};
use crate::api::Timestamp;

/// All but `rand`, `stop` and `time()`, which depend on the run.
pub(super) fn call(function: Function, args: &[Value]) -> Result<Value, Problem> {
    match function {
        Function::Percentile => percentile(args[0].as_vector()?, args[1].as_number()?),
        Function::Val => val(args[0].as_vector()?, args[1].as_number()?),
        Function::Time => match &args[0] {
            Value::Text(text) => read_time(text),
            other => Err(Problem::WrongKind { wanted: Kind::String, found: other.kind() }),
        },
        Function::Lg | Function::Ln | Function::Log | Function::Ceil | Function::Floor | Function::Round => {
            let change = each_of(function);
            match args {
                [Value::Number(number)] => Value::number(change(*number)),
                _ => Value::vector(flat(args)?.into_iter().map(change).collect()),
            }
        }
        _ => Value::number(fold(function, &flat(args)?)?),
    }
}

fn flat(args: &[Value]) -> Result<Vec<f64>, Problem> {
    let mut numbers = Vec::new();
    for arg in args {
        numbers.extend_from_slice(arg.as_vector()?);
        if numbers.len() > LARGEST_VECTOR {
            return Err(Problem::TooLargeVector);
        }
    }
    Ok(numbers)
}

fn each_of(function: Function) -> fn(f64) -> f64 {
    match function {
        Function::Lg => f64::log2,
        Function::Ln => f64::ln,
        Function::Log => f64::log10,
        Function::Ceil => f64::ceil,
        Function::Floor => f64::floor,
        _ => f64::round,
    }
}

/// Chosen here: sum, length and norm of nothing are 0; for the others nothing is an error.
fn fold(function: Function, numbers: &[f64]) -> Result<f64, Problem> {
    let n = numbers.len() as f64;
    let sum = || numbers.iter().sum::<f64>();
    let least = || numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = || numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match function {
        Function::Len => return Ok(n),
        Function::Sum => return Ok(sum()),
        Function::Norm => return Ok(numbers.iter().map(|x| x * x).sum::<f64>().sqrt()),
        _ if numbers.is_empty() => return Err(Problem::NoValues(function.as_str())),
        _ => {}
    }
    Ok(match function {
        Function::Avg => sum() / n,
        Function::Max => most(),
        Function::Min => least(),
        Function::Range => most() - least(),
        // The sample's; of a single value 0. Chosen here.
        _ => {
            let mean = sum() / n;
            let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
            (squares / (n - 1.0).max(1.0)).sqrt()
        }
    })
}

/// The nearest rank. Chosen here: below 0 counts as 0, above 100 as 100.
fn percentile(numbers: &[f64], percent: f64) -> Result<Value, Problem> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent.clamp(0.0, 100.0) / 100.0 * sorted.len() as f64).ceil() as usize;
    let found = sorted.get(rank.max(1) - 1).copied();
    found.map(Value::Number).ok_or(Problem::NoValues(Function::Percentile.as_str()))
}

fn val(numbers: &[f64], index: f64) -> Result<Value, Problem> {
    let found = if index >= 0.0 { numbers.get(index as usize) } else { None };
    found.copied().map(Value::Number).ok_or(Problem::OutOfVector { index: index as i64, len: numbers.len() })
}

/// ISO 8601, or RFC 1123 as .NET's `ToString("r")` writes it.
fn read_time(text: &str) -> Result<Value, Problem> {
    let time = text.parse().ok().or_else(|| Timestamp::from_http_date(text));
    Value::time(time.map(ticks_of)).map_err(|_| Problem::NotATime(text.to_owned()))
}

/// A member of a timestamp, UTC.
pub(super) fn part(part: Part, value: &Value) -> Result<Value, Problem> {
    let Value::Time(ticks) = value else {
        return Err(Problem::WrongKind { wanted: Kind::Timestamp, found: value.kind() });
    };
    let time = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(*ticks) * 100);
    let time = time.map_err(|_| Problem::NotFinite)?;
    Value::number(match part {
        Part::Year => f64::from(time.year()),
        Part::Month => f64::from(u8::from(time.month())),
        Part::Day => f64::from(time.day()),
        Part::Hour => f64::from(time.hour()),
        Part::Minute => f64::from(time.minute()),
        Part::Second => f64::from(time.second()),
        Part::Weekday => f64::from(time.weekday().number_from_monday()),
    })
}
