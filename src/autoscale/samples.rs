//! What is measured of a pool, and how formulas ask for it.

use super::ast::Method;
use super::error::Problem;
use super::value::{Kind, Value};
use crate::api::{Duration, Timestamp};

/// A sample is taken so often. Source: autoscale formulas.
pub const SAMPLE_PERIOD: Duration = Duration::from_secs(30);

const PERIOD_TICKS: i64 = SAMPLE_PERIOD.micros() * 10;

macro_rules! variables {
    ($($(#[$meta:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// What has samples. The place in this list is stored with the samples: new ones go to its end.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Variable { $($(#[$meta])* $variant),+ }

        impl Variable {
            pub const ALL: &'static [Variable] = &[$(Variable::$variant),+];

            /// With its `$`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Variable::$variant => $text),+ }
            }
        }
    };
}

variables! {
    /// Tasks that are ready to run and do not.
    ActiveTasks = "$ActiveTasks",
    RunningTasks = "$RunningTasks",
    /// Active and running ones.
    PendingTasks = "$PendingTasks",
    SucceededTasks = "$SucceededTasks",
    FailedTasks = "$FailedTasks",
    CurrentDedicatedNodes = "$CurrentDedicatedNodes",
    CurrentLowPriorityNodes = "$CurrentLowPriorityNodes",
    PreemptedNodeCount = "$PreemptedNodeCount",
    UsableNodeCount = "$UsableNodeCount",
    TaskSlotsPerNode = "$TaskSlotsPerNode",
    /// Nodes of which CPU, memory, disk and network are known.
    SampleNodeCount = "$SampleNodeCount",
    /// 0 to 1, on average over the nodes; as all that follow.
    CpuPercent = "$CPUPercent",
    MemoryBytes = "$MemoryBytes",
    DiskBytes = "$DiskBytes",
    /// Since the sample before; as all that follow.
    DiskReadBytes = "$DiskReadBytes",
    DiskWriteBytes = "$DiskWriteBytes",
    DiskReadOps = "$DiskReadOps",
    DiskWriteOps = "$DiskWriteOps",
    NetworkInBytes = "$NetworkInBytes",
    NetworkOutBytes = "$NetworkOutBytes",
    /// Not measured: it never has samples.
    WallClockSeconds = "$WallClockSeconds",
}

impl Variable {
    /// By its name, or by one that it had before.
    pub(super) fn named(text: &str) -> Option<Variable> {
        let text = if text == "$CurrentDedicated" { "$CurrentDedicatedNodes" } else { text };
        Variable::ALL.iter().copied().find(|variable| variable.as_str() == text)
    }

    /// Also a plain number: its newest sample.
    pub(super) fn is_number(self) -> bool {
        use Variable::*;
        matches!(
            self,
            CurrentDedicatedNodes | CurrentLowPriorityNodes | PreemptedNodeCount | UsableNodeCount | TaskSlotsPerNode
        )
    }
}

/// The samples of a pool, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(Vec<Vec<(i64, f64)>>);

impl Samples {
    /// Adds a sample, in the order of [`Variable::ALL`], that is not older than those that are there. What is not known
    /// is absent.
    pub fn push(&mut self, at: Timestamp, values: &[Option<f64>]) {
        self.0.resize(Variable::ALL.len(), Vec::new());
        for (series, value) in self.0.iter_mut().zip(values) {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                series.push((ticks_of(at), value));
            }
        }
    }

    fn of(&self, variable: Variable) -> &[(i64, f64)] {
        self.0.get(variable as usize).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn newest(&self, variable: Variable) -> Result<Value, Problem> {
        let newest = self.of(variable).last().map(|(_, value)| Value::Number(*value));
        newest.ok_or(Problem::NoValues(variable.as_str()))
    }

    pub(super) fn ask(&self, method: Method, variable: Variable, args: &[Value], now: i64) -> Result<Value, Problem> {
        let series = self.of(variable);
        match method {
            Method::GetSample => sample(variable, series, args, now),
            Method::GetSamplePercent => {
                let (from, to) = stretch(args, now)?;
                Value::number(percent(from, to, within(series, from, to).len()))
            }
            Method::GetSamplePeriod => Ok(Value::Interval(PERIOD_TICKS)),
            Method::Count => Ok(Value::Number(series.len() as f64)),
            // Chosen here: without samples the history begins now.
            Method::HistoryBeginTime => Ok(Value::Time(series.first().map_or(now, |(at, _)| *at))),
        }
    }
}

pub(super) fn ticks_of(at: Timestamp) -> i64 {
    at.micros().saturating_mul(10)
}

/// `GetSample(count)`, `GetSample(from [, to] [, percent])`. Oldest first, bounds included. Chosen here: fewer samples
/// than a count asks for are no error.
fn sample(variable: Variable, series: &[(i64, f64)], args: &[Value], now: i64) -> Result<Value, Problem> {
    let values = |part: &[(i64, f64)]| Value::vector(part.iter().map(|(_, value)| *value).collect());
    if let [Value::Number(count)] = args {
        let n = if *count >= 1.0 { (*count as usize).min(series.len()) } else { 0 };
        return values(&series[series.len() - n..]);
    }
    let (times, wanted) = match args {
        [times @ .., Value::Number(wanted)] if !times.is_empty() => (times, *wanted),
        _ => (args, 0.0),
    };
    if let [.., last] = times
        && times.len() > 2
    {
        return Err(Problem::WrongKind { wanted: Kind::Double, found: last.kind() });
    }
    let (from, to) = stretch(times, now)?;
    let part = within(series, from, to);
    let found = percent(from, to, part.len());
    if found < wanted {
        let (wanted, found) = (wanted.ceil().min(1e9) as u32, found.floor() as u32);
        return Err(Problem::TooFewSamples { variable: variable.as_str(), wanted, found });
    }
    values(part)
}

/// From and to: points in time, or how long ago. Without an end, up to now.
fn stretch(args: &[Value], now: i64) -> Result<(i64, i64), Problem> {
    let time = |value: &Value| match value {
        Value::Time(at) => Ok(*at),
        Value::Interval(ago) => Ok(now.saturating_sub(*ago)),
        other => Err(Problem::WrongKind { wanted: Kind::TimeInterval, found: other.kind() }),
    };
    let from = args.first().map_or(Ok(now), time)?;
    Ok((from, args.get(1).map_or(Ok(now), time)?))
}

fn within(series: &[(i64, f64)], from: i64, to: i64) -> &[(i64, f64)] {
    let begin = series.partition_point(|(at, _)| *at < from);
    let end = series.partition_point(|(at, _)| *at <= to);
    series.get(begin..end).unwrap_or_default()
}

/// How many of the samples there are that the stretch could have, 0 to 100.
fn percent(from: i64, to: i64, n: usize) -> f64 {
    let expected = (to.saturating_sub(from) / PERIOD_TICKS).max(1);
    (n as f64 * 100.0 / expected as f64).min(100.0)
}
