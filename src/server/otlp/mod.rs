//! Sends spans to a collector of OpenTelemetry's, if the operator names one. A collector that is away or slow costs spans and
//! nothing else: they wait in a queue of fixed length, and what does not fit is counted.

mod collector;
mod queue;
mod resource;

use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::task::JoinHandle;

use self::collector::Collector;
use self::queue::Queue;
use super::otlp_config::OtlpConfig;
use super::shutdown::{self, Stop};
use crate::service::Context;
use crate::trace::Traces;

/// What a stop waits at most for the last spans.
const LAST: Duration = Duration::from_secs(3);

/// Spans on their way.
pub struct Otlp {
    provider: SdkTracerProvider,
    stop: Stop,
    sending: JoinHandle<()>,
}

impl Otlp {
    /// # Errors
    /// When OTEL_EXPORTER_OTLP_HEADERS cannot be read, or it is not known whom the machine trusts.
    pub fn start(config: &OtlpConfig, cx: &Context) -> anyhow::Result<Otlp> {
        let collector = Collector::new(&config.endpoint).context("spans cannot be sent")?;
        let resource = resource::of_server(&cx.installation);
        let (queue, waiting) = queue::new(cx.metrics.spans_dropped.clone());
        let (stop, stopping) = shutdown::channel();
        let sender = queue::Sender {
            waiting,
            collector,
            resource: (&resource).into(),
            sent: cx.metrics.spans_sent.clone(),
            dropped: cx.metrics.spans_dropped.clone(),
            stopping,
            is_away: false,
        };
        Ok(Otlp { provider: provider(config, resource, queue), stop, sending: tokio::spawn(sender.run()) })
    }

    pub fn traces(&self) -> Traces {
        Traces::to(self.provider.tracer("fournil"))
    }

    /// Sends what there is, as far as it can be done soon.
    pub async fn stop(self) {
        self.stop.now();
        let abort = self.sending.abort_handle();
        if tokio::time::timeout(LAST, self.sending).await.is_err() {
            abort.abort();
            tracing::warn!("the last spans are lost: their collector took too long");
        }
        // Nothing waits: the queue has no thread and nothing to end.
        let _ = self.provider.shutdown();
    }
}

fn provider(config: &OtlpConfig, resource: opentelemetry_sdk::Resource, queue: Queue) -> SdkTracerProvider {
    let builder = SdkTracerProvider::builder().with_resource(resource).with_span_processor(queue);
    match config.sample_ratio {
        Some(ratio) => {
            let ours = Sampler::TraceIdRatioBased(ratio.get());
            builder.with_sampler(Sampler::ParentBased(Box::new(ours))).build()
        }
        // As OTEL_TRACES_SAMPLER says, else all that callers do not leave out.
        None => builder.build(),
    }
}
