//! Whose spans they are.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{EnvResourceDetector, ResourceDetector, TelemetryResourceDetector};

use crate::service::context::Installation;

/// The operator's words (OTEL_RESOURCE_ATTRIBUTES, and OTEL_SERVICE_NAME before all) win over ours.
pub fn of_server(installation: &Installation) -> Resource {
    let ours = [
        KeyValue::new("service.name", "fournil"),
        KeyValue::new("service.version", installation.version.clone()),
        // Made up at the first start and kept, and nothing secret.
        KeyValue::new("service.instance.id", installation.subscription_id.clone()),
    ];
    let name = std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty());
    let detectors: [Box<dyn ResourceDetector>; 2] =
        [Box::new(TelemetryResourceDetector), Box::new(EnvResourceDetector::new())];
    Resource::builder_empty()
        .with_attributes(ours)
        .with_detectors(&detectors)
        .with_attributes(name.map(|name| KeyValue::new("service.name", name)))
        .build()
}
