//! The operators: what they mean for which types.

use super::error::Problem;
use super::value::{Kind, Value};

/// `left sign right`. Chosen here, beyond the table of the source: a double before a doubleVec is taken as well.
pub(super) fn binary(sign: &'static str, left: &Value, right: &Value) -> Result<Value, Problem> {
    use Value as V;
    let meaningless = || Problem::NoOperator { sign, left: left.kind(), right: right.kind() };
    match (left, right) {
        (V::Number(a), V::Number(b)) => match sign {
            "+" | "-" | "*" | "/" => Value::number(calculate(sign, *a, *b)?),
            _ => compare(sign, a.partial_cmp(b)).ok_or_else(meaningless),
        },
        (V::Vector(a), V::Number(b)) if is_arithmetic(sign) => each(a, |n| calculate(sign, n, *b)),
        (V::Number(a), V::Vector(b)) if is_arithmetic(sign) => each(b, |n| calculate(sign, *a, n)),
        (V::Vector(a), V::Vector(b)) if is_arithmetic(sign) => {
            if a.len() != b.len() {
                return Err(Problem::DifferentLengths(a.len(), b.len()));
            }
            let numbers: Result<_, _> = a.iter().zip(b).map(|(a, b)| calculate(sign, *a, *b)).collect();
            Value::vector(numbers?)
        }
        (V::Interval(a), V::Number(b)) | (V::Number(b), V::Interval(a)) if sign == "*" => scale(*a, *b),
        (V::Interval(_), V::Number(b)) if sign == "/" && *b == 0.0 => Err(Problem::DivisionByZero),
        (V::Interval(a), V::Number(b)) if sign == "/" => scale(*a, 1.0 / b),
        (V::Interval(a), V::Interval(b)) => match sign {
            "+" => Value::interval(a.checked_add(*b)),
            "-" => Value::interval(a.checked_sub(*b)),
            _ => compare(sign, Some(a.cmp(b))).ok_or_else(meaningless),
        },
        (V::Interval(a), V::Time(b)) | (V::Time(b), V::Interval(a)) if sign == "+" => Value::time(b.checked_add(*a)),
        (V::Time(a), V::Interval(b)) if sign == "-" => Value::time(a.checked_sub(*b)),
        (V::Time(a), V::Time(b)) => match sign {
            "-" => Value::interval(a.checked_sub(*b)),
            _ => compare(sign, Some(a.cmp(b))).ok_or_else(meaningless),
        },
        (V::Text(a), V::Text(b)) => compare(sign, Some(a.cmp(b))).ok_or_else(meaningless),
        _ => Err(meaningless()),
    }
}

pub(super) fn minus(value: &Value) -> Result<Value, Problem> {
    match value {
        Value::Number(number) => Value::number(-number),
        Value::Interval(ticks) => Value::interval(ticks.checked_neg()),
        other => Err(Problem::WrongKind { wanted: Kind::Double, found: other.kind() }),
    }
}

fn is_arithmetic(sign: &str) -> bool {
    matches!(sign, "+" | "-" | "*" | "/")
}

fn calculate(sign: &str, a: f64, b: f64) -> Result<f64, Problem> {
    match sign {
        "+" => Ok(a + b),
        "-" => Ok(a - b),
        "*" => Ok(a * b),
        _ if b == 0.0 => Err(Problem::DivisionByZero),
        _ => Ok(a / b),
    }
}

fn each(numbers: &[f64], change: impl Fn(f64) -> Result<f64, Problem>) -> Result<Value, Problem> {
    let numbers: Result<_, _> = numbers.iter().map(|n| change(*n)).collect();
    Value::vector(numbers?)
}

fn scale(ticks: i64, by: f64) -> Result<Value, Problem> {
    let product = (ticks as f64 * by).round();
    Value::interval((product.abs() < 9e18).then_some(product as i64))
}

fn compare(sign: &str, order: Option<std::cmp::Ordering>) -> Option<Value> {
    let order = order?;
    Some(Value::truth(match sign {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => return None,
    }))
}
