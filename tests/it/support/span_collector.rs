//! A collector of OpenTelemetry's, as far as it takes spans by HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Longer than anything here takes on a busy machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

#[derive(Clone)]
pub struct SpanCollector {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    got: Mutex<Got>,
    n_requests: watch::Sender<usize>,
    answer: watch::Sender<Answer>,
}

#[derive(Default)]
struct Got {
    spans: Vec<SeenSpan>,
    resources: Vec<BTreeMap<String, String>>,
    headers: Vec<HeaderMap>,
    /// What came, byte by byte.
    bodies: Vec<Bytes>,
}

#[derive(Clone)]
pub enum Answer {
    With(StatusCode, Vec<u8>),
    Never,
}

#[derive(Clone, Debug)]
pub struct SeenSpan {
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty for a span without one.
    pub parent: String,
    pub is_server: bool,
    pub is_error: bool,
    pub attributes: BTreeMap<String, String>,
    pub nanos: u64,
}

impl SeenSpan {
    #[track_caller]
    pub fn get(&self, name: &str) -> &str {
        self.attributes.get(name).unwrap_or_else(|| panic!("there is no {name}: {self:?}"))
    }
}

impl SpanCollector {
    pub async fn start() -> SpanCollector {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            got: Mutex::default(),
            n_requests: watch::Sender::new(0),
            answer: watch::Sender::new(Answer::With(StatusCode::OK, Vec::new())),
        });
        let routes = Router::new().route("/v1/traces", post(take)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        SpanCollector { url, shared }
    }

    /// What it answers from now on.
    pub fn answers(&self, status: u16, body: &[u8]) {
        self.shared.answer.send_replace(Answer::With(StatusCode::from_u16(status).unwrap(), body.to_vec()));
    }

    pub fn answers_never(&self) {
        self.shared.answer.send_replace(Answer::Never);
    }

    pub fn spans(&self) -> Vec<SeenSpan> {
        self.shared.got.lock().unwrap().spans.clone()
    }

    pub fn n_requests(&self) -> usize {
        *self.shared.n_requests.borrow()
    }

    /// Of the last request.
    pub fn resource(&self) -> BTreeMap<String, String> {
        self.shared.got.lock().unwrap().resources.last().cloned().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let got = self.shared.got.lock().unwrap();
        got.headers.last()?.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    pub fn says(&self, text: &str) -> bool {
        let got = self.shared.got.lock().unwrap();
        got.bodies.iter().any(|body| body.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    /// The one span that is so named.
    #[track_caller]
    pub fn one(&self, name: &str) -> SeenSpan {
        let found = self.named(name);
        let names: Vec<_> = self.spans().into_iter().map(|span| span.name).collect();
        assert_eq!(found.len(), 1, "{name}: {names:?}");
        found.into_iter().next().unwrap()
    }

    pub fn named(&self, name: &str) -> Vec<SeenSpan> {
        self.spans().into_iter().filter(|span| span.name == name).collect()
    }

    pub fn children(&self, of: &SeenSpan) -> Vec<SeenSpan> {
        self.spans().into_iter().filter(|span| span.trace == of.trace && span.parent == of.id).collect()
    }

    /// Waits for a request after which this holds.
    pub async fn until(&self, fits: impl Fn(&SpanCollector) -> bool) {
        let mut requests = self.shared.n_requests.subscribe();
        let waited = tokio::time::timeout(PATIENCE, async {
            while !fits(self) {
                requests.changed().await.unwrap();
            }
        });
        waited.await.unwrap_or_else(|_| panic!("not in {PATIENCE:?}: {:#?}", self.spans()));
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = shared.answer.borrow().clone();
    if matches!(&answer, Answer::With(status, _) if status.is_success()) {
        let request = ExportTraceServiceRequest::decode(body.clone()).unwrap();
        let mut got = shared.got.lock().unwrap();
        for resource_spans in request.resource_spans {
            got.resources.push(texts(resource_spans.resource.unwrap().attributes));
            let spans = resource_spans.scope_spans.into_iter().flat_map(|scope| scope.spans);
            got.spans.extend(spans.map(seen));
        }
        got.headers.push(headers);
        got.bodies.push(body);
    }
    shared.n_requests.send_modify(|n| *n += 1);
    match answer {
        Answer::With(status, body) => (status, body).into_response(),
        Answer::Never => std::future::pending().await,
    }
}

fn seen(span: opentelemetry_proto::tonic::trace::v1::Span) -> SeenSpan {
    assert!(span.events.is_empty() && span.trace_state.is_empty(), "{span:?}");
    let names: Vec<_> = span.attributes.iter().map(|pair| pair.key.clone()).collect();
    let attributes = texts(span.attributes);
    assert_eq!(attributes.len(), names.len(), "some attribute is there twice: {names:?}");
    SeenSpan {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        is_server: span.kind == 2,
        is_error: span.status.is_some_and(|status| status.code == 2),
        nanos: span.end_time_unix_nano.checked_sub(span.start_time_unix_nano).unwrap(),
        name: span.name,
        attributes,
    }
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    attributes.into_iter().map(|pair| (pair.key, text(pair.value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(n)) => n.to_string(),
        Some(Value::DoubleValue(n)) => n.to_string(),
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
