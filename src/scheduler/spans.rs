//! What the scheduler says to a collector of spans, where there is one: of each pass that changes something, and of each run of a
//! task when it has ended.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use tokio::time::Instant;

use super::driver::{Beat, Driver};
use super::hub::NodeEvent;
use super::task_reports::Report;
use crate::api::Timestamp;
use crate::domain::steady::HashMap;
use crate::domain::task::Event;
use crate::service::Result;
use crate::service::context::Signal;
use crate::store::task::TaskRow;
use crate::trace::{self, SpanKind};

impl Driver {
    /// One pass, measured. A pass that wrote nothing was nothing: an idle server has one each second.
    pub(super) async fn measured_step(&mut self, beat: Beat) -> Result<()> {
        let begun = Instant::now();
        self.n_placed = 0;
        let span = self.cx.traces.begin("scheduler pass", SpanKind::Internal, None);
        let outcome = trace::within(span.as_ref(), self.step(beat)).await;
        if let Some(span) = span {
            span.set("fournil.scheduler.tasks_placed", number(self.n_placed));
            match (&outcome, span.has_children()) {
                (Err(_), _) => span.failed(),
                (Ok(()), true) => {}
                (Ok(()), false) => span.forget(),
            }
        }
        self.cx.metrics.pass.observe(begun.elapsed().as_secs_f64());
        self.cx.metrics.pass_failures.inc_by(u64::from(outcome.is_err()));
        outcome
    }

    /// Tells the runs that have ended with these reports, which are saved.
    pub(super) fn tell_runs(&self, reports: &[Report], after: &HashMap<i64, TaskRow>) {
        if !self.cx.traces.is_on() {
            return;
        }
        for Report { attempt, event, .. } in reports {
            let Event::Ended { started: Some(started), at, exit, .. } = event else { continue };
            let Some(row) = after.get(&attempt.task).filter(|row| row.life.attempt == attempt.number) else { continue };
            let Some(job) = self.jobs.get(&row.job_key) else { continue };
            let mut attributes = vec![
                KeyValue::new("fournil.account", job.account.to_string()),
                KeyValue::new("fournil.job", job.id.clone()),
                KeyValue::new("fournil.task", row.id.clone()),
            ];
            if let Some((pool, node)) = row.node_info.as_deref().and_then(|place| place.split_once('/')) {
                attributes.push(KeyValue::new("fournil.pool", pool.to_owned()));
                attributes.push(KeyValue::new("fournil.node", node.to_owned()));
            }
            attributes.extend(exit.map(|code| KeyValue::new("process.exit.code", i64::from(code))));
            // Clocks of machines differ: a run does not end before it begins.
            self.cx.traces.tell("task run", time(*started), time(*at).max(time(*started)), attributes);
        }
    }
}

/// What a pass has heard.
pub(super) fn heard(signals: &[Signal], events: &[NodeEvent]) {
    trace::current(|span| {
        let n_messages: usize = events
            .iter()
            .map(|event| if let NodeEvent::Said { messages, .. } = event { messages.len() } else { 1 })
            .sum();
        span.set("fournil.scheduler.signals", number(signals.len()));
        span.set("fournil.scheduler.agent_messages", number(n_messages));
    });
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn time(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(at.micros()).unwrap_or(0))
}
