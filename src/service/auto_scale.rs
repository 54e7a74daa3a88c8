//! Pools that size themselves by a formula: what callers ask for, and what a run depends on. Runs by themselves are the
//! scheduler's.

use super::pool::{change, find};
use super::{Caller, Context, Result};
use crate::api::{self, Code, PoolState, Timestamp};
use crate::autoscale::{Around, Error, Formula, Outcome, Problem, SAMPLE_PERIOD, Samples, Variable};
use crate::domain::auto_scale::{self, USUAL_INTERVAL};
use crate::domain::check;
use crate::domain::ids::{AccountName, PoolId};
use crate::domain::permission::Permission;
use crate::store::pool::PoolRow;
use crate::store::pool_sample::{self, Numbers};
use crate::store::{self, Conn};

/// Turns autoscale on, or changes its formula or interval. The formula is run at once, and then each interval from here.
/// Chosen here: also when only the formula changes.
///
/// # Errors
/// `PoolNotFound`, `PoolBeingDeleted`, `PoolBeingResized`, `TooManyEnableAutoScaleRequests` within 30 s of the last change,
/// `InvalidAutoScalingSettings` without a formula, what is wrong with formula or interval.
pub async fn pool_enable_auto_scale(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    enable: api::PoolEnableAutoScale,
) -> Result<()> {
    check(&enable)?;
    let now = cx.clock.now();
    change(cx, caller, account, id, move |row| turn_on(row, enable, now)).await
}

/// What can be said of a formula and an interval without the pool.
pub(super) fn check(enable: &api::PoolEnableAutoScale) -> std::result::Result<(), api::Error> {
    check::auto_scale_interval(enable.auto_scale_evaluation_interval)?;
    enable.auto_scale_formula.as_deref().map_or(Ok(()), |text| read(text).map(|_| ()))
}

pub(super) fn turn_on(
    row: &mut PoolRow,
    enable: api::PoolEnableAutoScale,
    now: Timestamp,
) -> std::result::Result<(), api::Error> {
    if let Some(code) = auto_scale::enable_refusal(row.state, row.allocation) {
        return Err(code.into());
    }
    if let Some(left) = auto_scale::pause_left(row.auto_scale.changed, now) {
        let secs = (left.micros() as u64).div_ceil(1_000_000).to_string();
        return Err(api::Error::new(Code::TooManyEnableAutoScaleRequests).with("RetryAfter", secs));
    }
    if enable == api::PoolEnableAutoScale::default() || !(row.is_auto_scaled() || enable.auto_scale_formula.is_some()) {
        let reason = "a pool without autoscale needs a formula, one with it a new formula or interval";
        let error = api::Error::new(Code::InvalidAutoScalingSettings).with("PropertyName", "autoScaleFormula");
        return Err(error.with("Reason", reason));
    }
    let settings = &mut row.settings;
    if !settings.enable_auto_scale.unwrap_or_default() {
        row.auto_scale.run = None;
        settings.auto_scale_evaluation_interval = None;
    }
    settings.enable_auto_scale = Some(true);
    (settings.target_dedicated_nodes, settings.target_low_priority_nodes) = (None, None);
    if enable.auto_scale_formula.is_some() {
        settings.auto_scale_formula = enable.auto_scale_formula;
    }
    if enable.auto_scale_evaluation_interval.is_some() {
        settings.auto_scale_evaluation_interval = enable.auto_scale_evaluation_interval;
    }
    (row.auto_scale.changed, row.auto_scale.next) = (Some(now), Some(now));
    Ok(())
}

pub(super) fn turn_off(row: &mut PoolRow) {
    let settings = &mut row.settings;
    settings.enable_auto_scale = Some(false);
    (settings.auto_scale_formula, settings.auto_scale_evaluation_interval) = (None, None);
    (row.auto_scale.next, row.auto_scale.run) = (None, None);
}

/// Turns autoscale off; the pool keeps its size.
///
/// # Errors
/// `PoolNotFound`, `PoolBeingDeleted`, `OperationNotValidOnPool` where it is not on.
pub async fn pool_disable_auto_scale(cx: &Context, caller: &Caller, account: &AccountName, id: &PoolId) -> Result<()> {
    change(cx, caller, account, id, |row| {
        must_be_on(row)?;
        turn_off(row);
        Ok(())
    })
    .await
}

/// Runs a formula on the pool as it is; nothing comes of it.
///
/// # Errors
/// `PoolNotFound`, `OperationNotValidOnPool` where autoscale is not on, what is wrong with the formula before it runs. What
/// goes wrong while it runs is in the answer.
pub async fn pool_evaluate_auto_scale(
    cx: &Context,
    caller: &Caller,
    account: &AccountName,
    id: &PoolId,
    evaluate: api::PoolEvaluateAutoScale,
) -> Result<api::AutoScaleRun> {
    caller.may(Some(account), Permission::PoolRead)?;
    let mut conn = cx.store.read().await?;
    let row = find(&mut conn, account, id).await?;
    must_be_on(&row)?;
    let formula = read(&evaluate.auto_scale_formula)?;
    let now = cx.clock.now();
    let samples = samples(&mut conn, &row, now).await?;
    drop(conn);
    Ok(run(cx, &formula, &row, &samples, now).1)
}

pub(super) fn must_be_on(row: &PoolRow) -> std::result::Result<(), api::Error> {
    let refusal = auto_scale::use_refusal(row.state, row.is_auto_scaled());
    refusal.map_or(Ok(()), |code| {
        let error = api::Error::new(code);
        let is_off = row.state == PoolState::Active;
        Err(if is_off { error.with("Reason", "autoscale is not enabled on the pool") } else { error })
    })
}

/// The formula, or what is wrong with it as Batch says it.
///
/// # Errors
/// `AutoScalingFormulaTooLong`, `AutoScalingFormulaSyntaxError` with `Line`, `Column` and `Reason`.
pub fn read(text: &str) -> std::result::Result<Formula, api::Error> {
    Formula::read(text).map_err(|error| {
        let code = match error.problem {
            Problem::TooLong(_) => Code::AutoScalingFormulaTooLong,
            _ => Code::AutoScalingFormulaSyntaxError,
        };
        let refused = api::Error::new(code).with("PropertyName", "autoScaleFormula");
        let place = [("Line", error.at.line), ("Column", error.at.column)];
        let refused = place.into_iter().fold(refused, |refused, (key, n)| refused.with(key, n.to_string()));
        refused.with("Reason", error.to_string())
    })
}

/// Runs a formula: what it decides, and how that is told.
pub fn run(
    cx: &Context,
    formula: &Formula,
    row: &PoolRow,
    samples: &Samples,
    now: Timestamp,
) -> (Outcome, api::AutoScaleRun) {
    let mut seed = [0; 8];
    cx.random.fill(&mut seed);
    let outcome = formula.run(&Around {
        now,
        seed: u64::from_le_bytes(seed),
        dedicated: row.target.dedicated,
        low_priority: row.target.low_priority,
        most_nodes: check::MOST_NODES.into(),
        samples,
    });
    let error = outcome.error.as_ref().map(run_error);
    let run = api::AutoScaleRun { timestamp: now, results: Some(outcome.results()), error };
    (outcome, run)
}

/// A failed run, as the pool tells it.
pub fn run_error(error: &Error) -> api::AutoScaleRunError {
    let (code, message) = match error.problem {
        Problem::TooFewSamples { .. } => {
            ("InsufficientSampleData", "Autoscale evaluation failed because there are too few samples")
        }
        _ => ("AutoScalingFormulaEvaluationError", "The autoscale formula could not be evaluated"),
    };
    let value = |name: &str, value: String| api::NameValuePair { name: Some(name.to_owned()), value: Some(value) };
    api::AutoScaleRunError {
        code: code.to_owned(),
        message: message.to_owned(),
        values: vec![
            value("Message", error.to_string()),
            value("Line", error.at.line.to_string()),
            value("Column", error.at.column.to_string()),
        ],
    }
}

/// The samples that a run sees. Chosen here: the counters of this moment are a sample when the last one is half a minute
/// old, so that a pool that was just made has one.
pub async fn samples(conn: &mut Conn, row: &PoolRow, now: Timestamp) -> Result<Samples> {
    let stored = pool_sample::of_pool(conn, row.key, now).await?;
    let is_fresh = stored.last().is_some_and(|(at, _)| now.since(*at) < SAMPLE_PERIOD);
    let mut samples = Samples::default();
    for (at, numbers) in &stored {
        samples.push(*at, numbers);
    }
    if !is_fresh {
        for (_, numbers) in counters(conn, std::slice::from_ref(row)).await? {
            samples.push(now, &numbers);
        }
    }
    Ok(samples)
}

/// What the store knows of these pools now: tasks and nodes. What nodes measure is not there.
pub async fn counters(conn: &mut Conn, rows: &[PoolRow]) -> Result<Vec<(i64, Numbers)>> {
    let keys: Vec<i64> = rows.iter().map(|row| row.key).collect();
    let tasks = store::pool_sample::task_counts(conn, &keys).await?;
    let of = |row: &PoolRow| {
        let (tasks, nodes) = (tasks.get(&row.key).copied().unwrap_or_default(), row.node_counts.all());
        let mut numbers = vec![None; Variable::ALL.len()];
        let known = [
            (Variable::ActiveTasks, tasks.active),
            (Variable::RunningTasks, tasks.running),
            (Variable::PendingTasks, tasks.active + tasks.running),
            (Variable::SucceededTasks, tasks.succeeded),
            (Variable::FailedTasks, tasks.failed),
            (Variable::CurrentDedicatedNodes, row.current.dedicated),
            (Variable::CurrentLowPriorityNodes, row.current.low_priority),
            (Variable::PreemptedNodeCount, nodes.preempted),
            // Chosen here: nodes that run tasks or could.
            (Variable::UsableNodeCount, nodes.idle + nodes.running),
            (Variable::TaskSlotsPerNode, row.settings.slots_per_node().into()),
        ];
        for (variable, n) in known {
            numbers[variable as usize] = Some(n as f64);
        }
        (row.key, numbers)
    };
    Ok(rows.iter().map(of).collect())
}

/// The interval between two runs of the pool's formula.
pub fn interval(row: &PoolRow) -> api::Duration {
    row.settings.auto_scale_evaluation_interval.unwrap_or(USUAL_INTERVAL)
}
