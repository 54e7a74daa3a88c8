//! Spans: what the server does, from when to when, for a collector of OpenTelemetry's. Only what is set here by name leaves the
//! server: neither log lines nor spans of libraries, so that no query, header or body can be among it. Where no collector is
//! wanted nothing is begun, and asking for a child of nothing is all that remains.

pub mod caller;

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

pub use opentelemetry::trace::SpanKind;
use opentelemetry::trace::{SpanBuilder, SpanContext, Status, TraceContextExt, TraceId, Tracer};
use opentelemetry::{Context, Key, KeyValue, Value};
use opentelemetry_sdk::trace::SdkTracer;

tokio::task_local! {
    /// What the running task is doing.
    static CURRENT: Span;
}

/// Begins spans, if anybody wants them. Clones count as one.
#[derive(Clone, Debug, Default)]
pub struct Traces(Option<SdkTracer>);

impl Traces {
    pub fn to(tracer: SdkTracer) -> Traces {
        Traces(Some(tracer))
    }

    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Something that does not follow from anything else here; `caller` is the span of who asked for it.
    pub fn begin(&self, name: &'static str, kind: SpanKind, caller: Option<SpanContext>) -> Option<Span> {
        let parent = caller.map_or_else(Context::new, |caller| Context::new().with_remote_span_context(caller));
        Some(Span::begin(self.0.as_ref()?, SpanBuilder::from_name(name).with_kind(kind), &parent))
    }

    /// Something that is over already.
    pub fn tell(
        &self,
        name: &'static str,
        from: SystemTime,
        to: SystemTime,
        attributes: impl IntoIterator<Item = KeyValue>,
    ) {
        let Some(tracer) = &self.0 else { return };
        let builder = SpanBuilder::from_name(name).with_start_time(from).with_attributes(attributes);
        opentelemetry::trace::Span::end_with_timestamp(&mut tracer.build_with_context(builder, &Context::new()), to);
    }
}

/// Ends with its last clone.
#[derive(Clone, Debug)]
pub struct Span(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tracer: SdkTracer,
    context: Context,
    /// What a request turned out to be for.
    route: OnceLock<Cow<'static, str>>,
    has_children: AtomicBool,
}

impl Span {
    fn begin(tracer: &SdkTracer, builder: SpanBuilder, parent: &Context) -> Span {
        let context = Context::new().with_span(tracer.build_with_context(builder, parent));
        let (route, has_children) = (OnceLock::new(), AtomicBool::new(false));
        Span(Arc::new(Inner { tracer: tracer.clone(), context, route, has_children }))
    }

    /// What `future` begins are children of this span.
    pub async fn during<F: Future>(&self, future: F) -> F::Output {
        CURRENT.scope(self.clone(), future).await
    }

    pub fn trace_id(&self) -> TraceId {
        self.0.context.span().span_context().trace_id()
    }

    /// Whether anybody will see it; of the others only the number is known, for the log.
    pub fn is_sampled(&self) -> bool {
        self.0.context.span().span_context().is_sampled()
    }

    /// To be set once each: nothing is replaced.
    pub fn set(&self, name: impl Into<Key>, value: impl Into<Value>) {
        if self.is_sampled() {
            self.0.context.span().set_attribute(KeyValue::new(name, value));
        }
    }

    pub fn rename(&self, name: impl Into<Cow<'static, str>>) {
        self.0.context.span().update_name(name);
    }

    pub fn failed(&self) {
        self.0.context.span().set_status(Status::error(""));
    }

    /// Says which route a request took, more exactly than the router knows it. The first word counts.
    pub fn set_route(&self, route: impl Into<Cow<'static, str>>) {
        let _ = self.0.route.set(route.into());
    }

    pub fn route(&self) -> Option<&str> {
        self.0.route.get().map(AsRef::as_ref)
    }

    pub fn has_children(&self) -> bool {
        self.0.has_children.load(Ordering::Relaxed)
    }

    /// It turned out to be nothing, and is not sent. Not for one that has children.
    pub fn forget(&self) {
        self.rename(FORGOTTEN);
    }

    fn child(&self, name: &'static str) -> Option<Span> {
        if !self.is_sampled() {
            return None;
        }
        self.0.has_children.store(true, Ordering::Relaxed);
        Some(Span::begin(&self.0.tracer, SpanBuilder::from_name(name), &self.0.context))
    }
}

/// The name of spans that are not sent.
pub const FORGOTTEN: &str = "";

/// Begins a part of what the running task is doing, if that is to be seen.
pub fn child(name: &'static str) -> Option<Span> {
    CURRENT.try_with(|span| span.child(name)).ok().flatten()
}

/// Says something of what the running task is doing.
pub fn current(say: impl FnOnce(&Span)) {
    // Outside of a span there is nothing to be said.
    let _ = CURRENT.try_with(say);
}

/// Wraps a part that has a name and nothing else to say.
pub async fn within<F: Future>(span: Option<&Span>, future: F) -> F::Output {
    match span {
        Some(span) => span.during(future).await,
        None => future.await,
    }
}
