//! Spans, as a collector gets them: of requests, of the scheduler and of tasks; what is in them and what never is; and that a
//! collector in trouble is no trouble for the server.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fournil::api::Code;
use fournil::service::metrics::metrics_get;
use serde_json::{Value, json};

use crate::support::program::Serving;
use crate::support::real_server::RealServer;
use crate::support::rest::{Ask, VERSION};
use crate::support::server::{Browser, TestServer, server, server_with};
use crate::support::span_collector::SpanCollector;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A server that sends its spans there, with an Owner.
async fn watched(collector: &SpanCollector) -> (TestServer, Browser) {
    sends_to(&collector.url).await
}

async fn sends_to(url: &str) -> (TestServer, Browser) {
    let server = server_with(|args| args.otlp.otlp_endpoint = Some(url.to_owned())).await;
    let mut browser = server.browser();
    server.set_up(&mut browser).await;
    (server, browser)
}

async fn account(browser: &mut Browser, name: &str) -> Vec<u8> {
    browser.call("account_create", json!({ "create": { "name": name, "location": "local" } })).await.expect_ok();
    let keys = browser.call("key_list", json!({ "account": name })).await.expect_ok();
    STANDARD.decode(keys["primary"].as_str().unwrap()).unwrap()
}

/// A request of the data plane, signed.
fn ask(server: &TestServer, method: &str, path: &str, query: &str, key: &[u8]) -> Ask {
    let host = server.server.url.split_once("://").unwrap().1;
    let date = fournil::service::context::Clock::now(&*server.clock).to_http_date();
    Ask {
        method: method.to_owned(),
        path: path.to_owned(),
        query: format!("api-version={VERSION}{query}"),
        headers: BTreeMap::from([("host".to_owned(), host.to_owned()), ("ocp-date".to_owned(), date)]),
        body: Vec::new(),
        account: "abc".to_owned(),
        key: Some(key.to_vec()),
    }
}

#[tokio::test]
async fn each_request_is_a_span_named_by_its_route() {
    let collector = SpanCollector::start().await;
    let (server, mut browser) = watched(&collector).await;
    let key = account(&mut browser, "abc").await;
    let answer = browser.send(ask(&server, "GET", "/pools/p", "&$select=id", &key).into_request()).await;
    assert_eq!(answer.status, 404);
    let request_id = answer.header("request-id").unwrap().to_owned();
    browser.send(ask(&server, "GET", "/pools", "", &key).into_request()).await;
    browser.send(ask(&server, "GET", "/pools/p/made/up", "", &key).into_request()).await;
    let thumbprint = "/certificates(thumbprintAlgorithm=sha1,thumbprint=0123456789abcdef0123456789abcdef01234567)";
    browser.send(ask(&server, "GET", thumbprint, "", &key).into_request()).await;
    browser.get("/Subscriptions/0/resourceGroups/g?api-version=2024-02-01").await;
    browser.get("/storage/abc/container/blob?sig=x").await;
    // None of these is an operation.
    for path in ["/livez", "/readyz", "/", "/accounts/abc"] {
        browser.get(path).await;
    }
    server.stop().await;

    let found = collector.one("GET /pools/{pool}");
    assert!(found.is_server && !found.is_error && found.parent.is_empty(), "{found:?}");
    let expected = [
        ("azure.service.request.id", request_id.as_str()),
        ("fournil.account", "abc"),
        ("fournil.error_code", "PoolNotFound"),
        ("fournil.operation", "Microsoft.Batch/batchAccounts/pools/read"),
        ("http.request.method", "GET"),
        ("http.response.status_code", "404"),
        ("http.route", "/pools/{pool}"),
        ("server.address", "127.0.0.1"),
        ("url.scheme", "http"),
    ];
    assert_eq!(found.attributes, expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
    let portal = collector.one("POST /portal/fn/account_create");
    assert_eq!((portal.get("fournil.account"), portal.get("http.response.status_code")), ("abc", "200"));
    let certificate = "GET /certificates(thumbprintAlgorithm={thumbprintAlgorithm},thumbprint={thumbprint})";
    assert_eq!(collector.one(certificate).get("fournil.error_code"), "CertificateNotFound");
    let management = collector.one("GET /subscriptions/{subscription}/resourcegroups/{group}");
    assert_eq!(management.get("http.response.status_code"), "401");
    assert_eq!(collector.one("GET /storage/{*path}").get("http.response.status_code"), "403");
    // A path without a route has no name of its own.
    assert_eq!(collector.one("GET").attributes.get("http.route"), None);
    let others = collector.spans().into_iter().filter(|span| span.is_server).map(|span| span.name);
    assert!(
        !others.clone().any(|name| name.contains("z") && name.contains("live")),
        "{:?}",
        others.collect::<Vec<_>>()
    );
    assert!(!collector.says("%24select") && !collector.says("$select") && !collector.says("sig="));
}

#[tokio::test]
async fn what_a_request_stores_is_a_child_of_its_span() {
    let collector = SpanCollector::start().await;
    let (server, mut browser) = watched(&collector).await;
    account(&mut browser, "abc").await;
    let pool = json!({ "account": "abc", "create": { "id": "p", "vmSize": "local_1", "targetDedicatedNodes": 0 } });
    browser.call("pool_create", pool).await.expect_ok();
    server.stop().await;
    let request = collector.one("POST /portal/fn/pool_create");
    let commits = collector.children(&request);
    assert!(!commits.is_empty(), "{:#?}", collector.spans());
    for commit in commits {
        assert_eq!((commit.name.as_str(), commit.get("db.system.name")), ("store commit", "sqlite"));
        assert!(commit.get("fournil.store.commands").parse::<u64>().unwrap() >= 1);
        assert!(commit.get("fournil.store.waited_ms").parse::<f64>().unwrap() >= 0.0);
        assert!(commit.nanos <= request.nanos);
    }
    // Each commit belongs to something that was sent.
    let spans = collector.spans();
    for span in spans.iter().filter(|span| !span.parent.is_empty()) {
        assert!(spans.iter().any(|parent| parent.id == span.parent), "{span:?}");
    }
}

#[tokio::test]
async fn a_callers_trace_goes_on_and_a_malformed_one_is_as_if_it_were_not_there() {
    let collector = SpanCollector::start().await;
    let (server, mut browser) = watched(&collector).await;
    let key = account(&mut browser, "abc").await;
    for (id, header) in [
        ("sampled", format!("00-{TRACE}-{SPAN}-01")),
        ("not-sampled", format!("00-{TRACE}-{SPAN}-00")),
        ("malformed", format!("00-{TRACE}-{SPAN}")),
        ("long", format!("01-{TRACE}-{SPAN}-01-{}", "a".repeat(4000))),
        ("zero", format!("00-{}-{SPAN}-01", "0".repeat(32))),
    ] {
        let path = format!("/{}", if id == "sampled" { "pools" } else { "jobs" });
        let query = format!("&maxresults={}", if id == "not-sampled" { 1 } else { 2 });
        let ask = ask(&server, if id == "not-sampled" { "HEAD" } else { "GET" }, &path, &query, &key)
            .header("traceparent", &header)
            .header("tracestate", "vendor=canary");
        let answer = browser.send(ask.into_request()).await;
        assert!(id == "not-sampled" || answer.status == 200, "{id}: {answer:?}");
    }
    server.stop().await;
    let continued = collector.one("GET /pools");
    assert_eq!((continued.trace.as_str(), continued.parent.as_str()), (TRACE, SPAN));
    // The caller does not want this one to be seen.
    assert!(collector.named("HEAD /jobs").is_empty());
    let begun = collector.named("GET /jobs");
    assert_eq!(begun.len(), 3);
    for span in begun {
        assert!(span.parent.is_empty() && span.trace != TRACE, "{span:?}");
    }
    assert!(!collector.says("vendor"));
}

#[tokio::test]
async fn with_a_ratio_of_nothing_only_callers_traces_are_sent() {
    let collector = SpanCollector::start().await;
    let server = server_with(|args| {
        args.otlp.otlp_endpoint = Some(collector.url.clone());
        args.otlp.otlp_sample_ratio = Some("0".parse().unwrap());
    })
    .await;
    let mut browser = server.browser();
    server.set_up(&mut browser).await;
    let key = account(&mut browser, "abc").await;
    let traced = ask(&server, "GET", "/pools", "", &key).header("traceparent", &format!("00-{TRACE}-{SPAN}-01"));
    assert_eq!(browser.send(traced.into_request()).await.status, 200);
    server.stop().await;
    let names: Vec<_> = collector.spans().into_iter().filter(|s| s.parent == SPAN).map(|s| s.name).collect();
    assert_eq!(names, ["GET /pools"]);
    assert!(collector.spans().iter().all(|span| span.trace == TRACE), "{:?}", collector.spans());
}

/// Works, stops soon, and counts what it lost: what its server did.
async fn lives_without_spans(url: &str) -> (u64, u64) {
    let (server, mut browser) = sends_to(url).await;
    account(&mut browser, "abc").await;
    browser.call("pool_get", json!({ "account": "abc", "pool": "p" })).await.expect_error(Code::PoolNotFound);
    let cx = server.server.cx.clone();
    let text = metrics_get(&cx).await.unwrap();
    assert!(text.contains("fournil_otlp_spans_dropped_total "), "{text}");
    let begun = tokio::time::Instant::now();
    server.stop().await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(8), "it took {took:?} to stop");
    (cx.metrics.spans_sent.get(), cx.metrics.spans_dropped.get())
}

#[tokio::test]
async fn a_collector_that_is_away_costs_spans_only() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let (sent, dropped) = lives_without_spans(&url).await;
    assert!(sent == 0 && dropped > 3, "{sent} {dropped}");
}

#[tokio::test]
async fn a_collector_that_never_answers_costs_spans_only() {
    let collector = SpanCollector::start().await;
    collector.answers_never();
    let (sent, _) = lives_without_spans(&collector.url).await;
    assert_eq!(sent, 0);
}

#[tokio::test]
async fn a_collector_that_refuses_or_speaks_rubbish_costs_spans_only() {
    for (status, body, taken) in
        [(500, &b"<html>"[..], false), (404, b"", false), (301, b"", false), (200, b"\xff\xff", true)]
    {
        let collector = SpanCollector::start().await;
        collector.answers(status, body);
        let (sent, dropped) = lives_without_spans(&collector.url).await;
        assert_eq!((sent > 3, dropped > 3), (taken, !taken), "{status}");
    }
    // `partial_success` of one field: `rejected_spans` is 2.
    let collector = SpanCollector::start().await;
    collector.answers(200, &[0x0a, 0x02, 0x08, 0x02]);
    let (sent, dropped) = lives_without_spans(&collector.url).await;
    assert!(sent > 0 && dropped > 0 && dropped.is_multiple_of(2), "{sent} {dropped}");
}

#[tokio::test]
async fn a_collector_that_comes_back_gets_what_waited() {
    let collector = SpanCollector::start().await;
    collector.answers(503, b"");
    let (server, mut browser) = watched(&collector).await;
    account(&mut browser, "abc").await;
    collector.until(|collector| collector.n_requests() > 0).await;
    collector.answers(200, b"");
    collector.until(|collector| !collector.named("POST /portal/fn/set_up").is_empty()).await;
    server.stop().await;
    collector.one("POST /portal/fn/account_create");
}

/// The collector answers while this waits for the server's end.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn passes_of_the_scheduler_and_runs_of_tasks_are_told() {
    let collector = SpanCollector::start().await;
    let mut server = RealServer::start_with(&["--otlp-endpoint", &collector.url], None).await;
    server.batch.pool("p", 1, 1).await;
    server.batch.job("j", "p").await;
    server.batch.task("j", "t", "/bin/sh -c 'exit 3'").await;
    server.batch.task_is("j", "t", "completed").await;
    assert!(server.stop().success());
    let run = collector.one("task run");
    let words = ["fournil.account", "fournil.job", "fournil.task", "fournil.pool", "process.exit.code"];
    assert_eq!(words.map(|name| run.get(name)), ["crash", "j", "t", "p", "3"]);
    assert!(run.parent.is_empty() && run.attributes.contains_key("fournil.node"), "{run:?}");
    let passes = collector.named("scheduler pass");
    let placed: u64 = passes.iter().map(|p| p.get("fournil.scheduler.tasks_placed").parse::<u64>().unwrap()).sum();
    assert_eq!(placed, 1);
    assert!(passes.iter().any(|pass| pass.get("fournil.scheduler.agent_messages") != "0"));
    // A pass that wrote nothing is not told.
    assert!(passes.iter().all(|pass| pass.parent.is_empty() && !collector.children(pass).is_empty()));
    assert!(collector.named("").is_empty());
}

#[tokio::test]
async fn the_operators_words_name_the_server_and_open_the_collector_and_logs_name_traces() {
    let collector = SpanCollector::start().await;
    let folder = tempfile::tempdir().unwrap();
    let words = ["--otlp-endpoint", &collector.url, "--log", "debug", "--log-format", "json"];
    let environment = [
        ("OTEL_SERVICE_NAME", "batch of the lab"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=other"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hush"),
    ];
    let serving = Serving::start_in(&folder.path().join("data"), &words, &environment).await;
    let mut browser = server().await.browser();
    browser.url = serving.url.clone();
    let answer = browser.call("session_get", json!({})).await;
    let (code, log) = serving.stop().await;
    assert_eq!(code, Some(0), "{log}");
    let resource = collector.resource();
    assert_eq!(resource["service.name"], "batch of the lab");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(resource["deployment.environment.name"], "test");
    assert_eq!(resource["service.instance.id"].len(), 36);
    assert_eq!(collector.header("authorization").as_deref(), Some("Bearer hush"));
    let span = collector.one("POST /portal/fn/session_get");
    let id = answer.header("request-id").unwrap();
    assert_eq!(span.get("azure.service.request.id"), id);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let answered = lines.iter().find(|line| line["request_id"] == *id).expect("the request is logged");
    let expected = json!({ "name": "request", "request_id": id, "trace_id": span.trace });
    assert_eq!(answered["span"], expected, "{answered}");
    assert!(!log.contains("hush"));
}

#[tokio::test]
async fn that_the_collector_went_and_came_back_is_logged_once_each() {
    let collector = SpanCollector::start().await;
    // Spans that are so refused are not tried again.
    collector.answers(400, b"");
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&folder.path().join("data"), &["--otlp-endpoint", &collector.url]).await;
    let mut browser = server().await.browser();
    browser.url = serving.url.clone();
    for n in 1..=3 {
        browser.call("session_get", json!({})).await;
        collector.until(|collector| collector.n_requests() >= n).await;
    }
    collector.answers(200, b"");
    browser.call("session_get", json!({})).await;
    collector.until(|collector| !collector.named("POST /portal/fn/session_get").is_empty()).await;
    let (code, log) = serving.stop().await;
    assert_eq!(code, Some(0), "{log}");
    let lines = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!((lines("the collector takes no spans"), lines("the collector takes spans again")), (1, 1), "{log}");
}

#[tokio::test]
async fn without_an_endpoint_nothing_is_sent_and_logs_name_no_trace() {
    let collector = SpanCollector::start().await;
    let folder = tempfile::tempdir().unwrap();
    // What other programs take for a wish is none here.
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str())];
    let words = ["--log", "debug", "--log-format", "json"];
    let serving = Serving::start_in(&folder.path().join("data"), &words, &environment).await;
    let mut browser = server().await.browser();
    browser.url = serving.url.clone();
    let request = Request::get("/pools").header("traceparent", format!("00-{TRACE}-{SPAN}-01"));
    browser.send(request.body(Body::empty()).unwrap()).await;
    browser.call("session_get", json!({})).await;
    let (code, log) = serving.stop().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("a request was answered") && !log.contains("trace_id"), "{log}");
    assert_eq!(collector.n_requests(), 0);
}
