//! What Prometheus reads. Numbers of nodes, tasks and events come from counters that the store keeps, under the names of
//! Batch's metrics; times of requests, of the scheduler's passes and of commits are measured while the server runs.
//! Nothing here names a user, a job or a secret.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::{Context, Error, Result};
use crate::api::{Code, Duration, NodeState};
use crate::store::metrics as table;
use crate::store::metrics::Timings;

/// Of what is measured, since the server started.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Histogram, fn() -> Histogram>,
    pub pass: Histogram,
    pub pass_failures: Counter,
    /// Spans that the collector has taken.
    pub spans_sent: Counter,
    /// And those that it never will.
    pub spans_dropped: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    via: &'static str,
    operation: String,
    /// `2xx`, `4xx` …
    result: String,
}

impl Metrics {
    pub fn new(store: &Timings) -> Metrics {
        let mut registry = Registry::default();
        let requests = Family::new_with_constructor(request_buckets as fn() -> Histogram);
        let pass = Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        let [pass_failures, spans_sent, spans_dropped] = [(); 3].map(|()| Counter::default());
        let about = "Seconds from a request's head to its answer's, by operation";
        registry.register("fournil_request_seconds", about, requests.clone());
        registry.register("fournil_scheduler_pass_seconds", "Seconds that a pass of the scheduler takes", pass.clone());
        let about = "Passes of the scheduler that failed and were begun anew";
        registry.register("fournil_scheduler_failures", about, pass_failures.clone());
        let about = "Seconds from the first command of a transaction to its commit";
        registry.register("fournil_store_transaction_seconds", about, store.transaction.clone());
        let about = "Commands that share a transaction";
        registry.register("fournil_store_transaction_commands", about, store.commands.clone());
        let about = "Spans that a collector of OpenTelemetry's has taken";
        registry.register("fournil_otlp_spans_sent", about, spans_sent.clone());
        let about = "Spans that were lost: the collector was away or slow, or refused them";
        registry.register("fournil_otlp_spans_dropped", about, spans_dropped.clone());
        Metrics { registry, requests, pass, pass_failures, spans_sent, spans_dropped }
    }

    pub fn answered(&self, via: &'static str, operation: &str, status: u16, took: Duration) {
        let labels = Answered { via, operation: operation.to_owned(), result: format!("{}xx", status / 100) };
        self.requests.get_or_create(&labels).observe(took.micros().max(0) as f64 / 1e6);
    }
}

fn request_buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.000_5, 2.0, 15))
}

type Labels = Vec<(&'static str, String)>;

/// Everything, in the text form that Prometheus reads.
///
/// # Errors
/// When the store cannot be read.
pub async fn metrics_get(cx: &Context) -> Result<String> {
    let mut out = String::new();
    let write = |_| Error::from(Code::InternalError);
    encode_registry(&mut out, &cx.metrics.registry).map_err(write)?;
    let kept = kept(cx).await?;
    encode(&mut out, &kept).map_err(write)?;
    Ok(out)
}

/// What the store counts.
async fn kept(cx: &Context) -> Result<Registry> {
    let mut registry = Registry::default();
    let queue = Gauge::<i64>::default();
    queue.set(cx.store.queue_length());
    registry.register("fournil_store_queue_length", "Commands that wait for the writer", queue);
    let mut conn = cx.store.read().await?;
    add_accounts(&mut registry, table::accounts(&mut conn).await?);
    add_pools(&mut registry, table::pools(&mut conn).await?);
    add_events(&mut registry, table::events(&mut conn).await?);
    Ok(registry)
}

fn add_accounts(registry: &mut Registry, rows: Vec<table::AccountNumbers>) {
    let families = [(); 3].map(|()| Family::<Labels, Gauge>::default());
    for row in rows {
        let labels = vec![("account", row.account)];
        for (family, n) in families.iter().zip([row.active_jobs, row.active_tasks, row.running_tasks]) {
            family.get_or_create(&labels).set(n);
        }
    }
    let [active_jobs, active_tasks, running_tasks] = families;
    registry.register("batch_active_job_count", "Jobs that are not completed", active_jobs);
    registry.register("batch_active_task_count", "Tasks that wait for a node or for other tasks", active_tasks);
    registry.register("batch_running_task_count", "Tasks that run", running_tasks);
}

fn add_pools(registry: &mut Registry, rows: Vec<table::PoolNumbers>) {
    let new = Family::<Labels, Gauge>::default;
    let (cores, spare_cores, nodes, spare_nodes) = (new(), new(), new(), new());
    let states: Vec<_> = NodeState::ALL.iter().map(|state| (*state, new())).collect();
    for row in rows {
        let labels = vec![("account", row.account), ("pool", row.pool)];
        cores.get_or_create(&labels).set(row.dedicated * row.cores);
        spare_cores.get_or_create(&labels).set(row.low_priority * row.cores);
        nodes.get_or_create(&labels).set(row.dedicated);
        spare_nodes.get_or_create(&labels).set(row.low_priority);
        for (state, family) in &states {
            let [dedicated, low_priority] = row.by_state.get(state).copied().unwrap_or_default();
            family.get_or_create(&labels).set(dedicated + low_priority);
        }
    }
    registry.register("batch_core_count", "Cores of dedicated nodes", cores);
    registry.register("batch_low_priority_core_count", "Cores of low-priority nodes", spare_cores);
    registry.register("batch_total_node_count", "Dedicated nodes", nodes);
    registry.register("batch_total_low_priority_node_count", "Low-priority nodes", spare_nodes);
    for (state, family) in states {
        let name = format!("batch_{}_node_count", snake(&format!("{state:?}")));
        registry.register(name, format!("Nodes that are {state}"), family);
    }
}

/// Each event is a metric of its own, as in Batch: `TaskStartEvent` is `batch_task_start_event_total`.
fn add_events(registry: &mut Registry, rows: Vec<(String, String, i64)>) {
    let mut families: std::collections::BTreeMap<String, Family<Labels, Counter>> = std::collections::BTreeMap::new();
    for (account, event, n) in rows {
        let family = families.entry(event).or_default();
        family.get_or_create(&vec![("account", account)]).inc_by(n.max(0).unsigned_abs());
    }
    for (event, family) in families {
        registry.register(format!("batch_{}", snake(&event)), format!("How often: {event}"), family);
    }
}

/// `WaitingForStartTask` as `waiting_for_start_task`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_states_and_events_are_names_of_metrics() {
        assert_eq!(snake("WaitingForStartTask"), "waiting_for_start_task");
        assert_eq!(snake("PoolResizeCompleteEvent"), "pool_resize_complete_event");
    }

    #[test]
    fn what_is_measured_is_written_as_prometheus_reads_it() {
        let metrics = Metrics::new(&Timings::default());
        metrics.answered("Batch", "Microsoft.Batch/batchAccounts/pools/read", 200, Duration::from_secs(1));
        let mut out = String::new();
        encode(&mut out, &metrics.registry).unwrap();
        let line = "fournil_request_seconds_count{via=\"Batch\",operation=\"Microsoft.Batch/batchAccounts/pools/read\",result=\"2xx\"} 1";
        assert!(out.contains(line) && out.ends_with("# EOF\n"), "{out}");
    }
}
