//! A span for each request, named as OpenTelemetry's conventions for HTTP have it. A layer inside of the routers that need one, for
//! there the route is known: paths and queries, which can hold anything, are not in spans.
//! Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use crate::service::{Context, RequestId};
use crate::trace::{Span, SpanKind, caller};

/// Longer ones are no names of hosts.
const LONGEST_HOST: usize = 255;

/// Begins a span for each request, where spans are wanted.
pub fn watch<S: Clone + Send + Sync + 'static>(router: Router<S>, cx: &Context) -> Router<S> {
    if cx.traces.is_on() { router.layer(from_fn_with_state(cx.clone(), request)) } else { router }
}

async fn request(State(cx): State<Context>, request: Request, next: Next) -> Response {
    let caller = caller::of(request.headers());
    let Some(span) = cx.traces.begin("HTTP", SpanKind::Server, caller) else { return next.run(request).await };
    // Whatever is logged on the way can be found by it.
    tracing::Span::current().record("trace_id", tracing::field::display(span.trace_id()));
    let (method, route) = (method(request.method()), route(&request));
    // Of a caller that goes before its answer this is all that is told.
    span.rename(route.as_ref().map_or_else(|| method.to_owned(), |route| format!("{method} {route}")));
    describe(&span, &cx, &request, method);
    let response = span.during(next.run(request)).await;
    if let Some(exact) = span.route() {
        span.rename(format!("{method} {exact}"));
    }
    if let Some(route) = span.route().map(str::to_owned).or(route) {
        span.set("http.route", route);
    }
    let status = response.status();
    span.set("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set("error.type", status.as_str().to_owned());
        span.failed();
    }
    response
}

fn describe(span: &Span, cx: &Context, request: &Request, method: &'static str) {
    span.set("http.request.method", if method == "HTTP" { "_OTHER" } else { method });
    span.set("url.scheme", cx.installation.base_url.split(':').next().unwrap_or_default().to_owned());
    if let Some(host) = host(request.headers()) {
        span.set("server.address", host.to_owned());
    }
    if let Some(id) = request.extensions().get::<RequestId>() {
        span.set("azure.service.request.id", id.0.clone());
    }
}

/// A method that a stranger makes up is not repeated.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "HTTP",
    }
}

fn route(request: &Request) -> Option<String> {
    request.extensions().get::<MatchedPath>().map(|matched| matched.as_str().to_owned())
}

/// Only requests under our own names come so far.
fn host(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok().filter(|host| host.len() <= LONGEST_HOST)?;
    Some(host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(host, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_without_its_port() {
        for (header, expected) in [("h:8420", "h"), ("h", "h"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]")] {
            let headers = HeaderMap::from_iter([(header::HOST, header.parse().unwrap())]);
            assert_eq!(host(&headers), Some(expected));
        }
        assert_eq!(host(&HeaderMap::new()), None);
    }

    #[test]
    fn a_method_that_is_made_up_has_no_name() {
        assert_eq!(method(&Method::PATCH), "PATCH");
        assert_eq!(method(&Method::from_bytes(b"SECRET").unwrap()), "HTTP");
    }
}
