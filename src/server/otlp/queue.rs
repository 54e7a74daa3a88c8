//! Spans that have ended, until they are sent: a queue that never makes anybody wait, and the task that empties it.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use prometheus_client::metrics::counter::Counter;
use prost::Message;
use tokio::sync::mpsc;

use super::collector::{Collector, Failure};
use crate::server::shutdown::Stopping;
use crate::trace::FORGOTTEN;

/// Spans that wait; more are lost.
const QUEUE: usize = 4096;
/// Spans that are sent at once.
const BATCH: usize = 512;
/// How long a span waits for others.
const LINGER: Duration = Duration::from_secs(1);
/// How often a batch is tried, with pauses that double: about half a minute.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// Takes spans as they end.
#[derive(Debug)]
pub struct Queue {
    spans: mpsc::Sender<SpanData>,
    dropped: Counter,
}

pub fn new(dropped: Counter) -> (Queue, mpsc::Receiver<SpanData>) {
    let (spans, waiting) = mpsc::channel(QUEUE);
    (Queue { spans, dropped }, waiting)
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.name != FORGOTTEN && self.spans.try_send(span).is_err() {
            self.dropped.inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Sends what waits.
pub struct Sender {
    pub waiting: mpsc::Receiver<SpanData>,
    pub collector: Collector,
    pub resource: ResourceAttributesWithSchema,
    pub sent: Counter,
    pub dropped: Counter,
    pub stopping: Stopping,
    /// Said once when the collector goes and once when it comes back, however many batches are lost.
    pub is_away: bool,
}

impl Sender {
    /// Until the server stops; then once more for all that is there.
    pub async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut stopping = self.stopping.clone();
        loop {
            tokio::select! {
                () = gather(&mut self.waiting, &mut batch) => self.send(std::mem::take(&mut batch)).await,
                () = stopping.wait() => break,
            }
        }
        self.waiting.close();
        while let Ok(span) = self.waiting.try_recv() {
            batch.push(span);
            if batch.len() == BATCH {
                self.send(std::mem::take(&mut batch)).await;
            }
        }
        if !batch.is_empty() {
            self.send(batch).await;
        }
    }

    async fn send(&mut self, spans: Vec<SpanData>) {
        let n_spans = spans.len() as u64;
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        let body = axum::body::Bytes::from(ExportTraceServiceRequest { resource_spans }.encode_to_vec());
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=TRIES {
            let failure = match self.collector.send(body.clone()).await {
                Ok(n_rejected) => return self.sent(n_spans, n_rejected.min(n_spans)),
                Err(failure) => failure,
            };
            self.is_away(&failure);
            if !failure.may_pass || attempt == TRIES {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause *= 2,
                // Whoever stops waits for no collector that is away.
                () = self.stopping.wait() => break,
            }
        }
        self.dropped.inc_by(n_spans);
    }

    fn sent(&mut self, n_spans: u64, n_rejected: u64) {
        self.sent.inc_by(n_spans - n_rejected);
        self.dropped.inc_by(n_rejected);
        if n_rejected > 0 {
            tracing::debug!(n_rejected, n_spans, "the collector rejects spans");
        }
        if std::mem::take(&mut self.is_away) {
            tracing::info!(n_lost = self.dropped.get(), "the collector takes spans again");
        }
    }

    fn is_away(&mut self, failure: &Failure) {
        if !std::mem::replace(&mut self.is_away, true) {
            tracing::warn!(collector = %self.collector.url, error = %failure, "the collector takes no spans: they are lost until it does");
        }
    }
}

/// Takes what waits, and what comes soon after, into `batch`, which keeps what it has when this is given up.
async fn gather(waiting: &mut mpsc::Receiver<SpanData>, batch: &mut Vec<SpanData>) {
    take(waiting, batch).await;
    let more = async {
        while batch.len() < BATCH {
            take(waiting, batch).await;
        }
    };
    let _ = tokio::time::timeout(LINGER, more).await;
}

async fn take(waiting: &mut mpsc::Receiver<SpanData>, batch: &mut Vec<SpanData>) {
    if waiting.recv_many(batch, BATCH - batch.len()).await == 0 {
        // Nobody has spans any more. What comes is the stop.
        std::future::pending::<()>().await;
    }
}
