//! What Prometheus reads, and that no secret is in it, nor in logs, spans and the activity log.

use axum::body::Body;
use axum::http::Request;
use fournil::service::metrics::metrics_get;
use serde_json::json;

use crate::support::program::{Serving, admin};
use crate::support::rest::Rest;
use crate::support::server::{Browser, PASSWORD, USER, server, server_with};
use crate::support::span_collector::SpanCollector;

/// The value of a line that begins so.
fn value(text: &str, begin: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.strip_prefix(begin).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn nodes_tasks_and_events_are_counted_for_each_account() {
    let rest = Rest::new().await;
    let world = &rest.world;
    world.pool("p1", 1, 1).await;
    let mut node = world.node().await;
    world.job("j1", "p1").await;
    world.tasks("j1", &["good", "bad"]).await;
    for exit in [0, 3] {
        let runs = node.runs().await;
        let task = runs.first().unwrap().clone();
        node.started(&task);
        node.ended(&task, exit);
    }
    world.until_task("j1", "bad", |task| task.state == fournil::api::TaskState::Completed).await;
    world.until_task("j1", "good", |task| task.state == fournil::api::TaskState::Completed).await;
    rest.post("/jobs/j1/terminate", json!({})).await.is(202);
    world.until_job("j1", fournil::api::JobState::Completed).await;
    rest.get("/pools").await.is(200);
    rest.get("/made-up-by-a-stranger").await.is(404);
    let text = metrics_get(&world.cx).await.unwrap();
    let one = |name: &str| value(&text, &format!("{name}{{account=\"test\"}}"));
    assert_eq!(one("batch_task_start_event_total"), Some(2.0), "{text}");
    assert_eq!(one("batch_task_complete_event_total"), Some(2.0));
    assert_eq!(one("batch_task_fail_event_total"), Some(1.0));
    for event in [
        "pool_create", "pool_resize_start", "pool_resize_complete", "job_start", "job_terminate_start",
        "job_terminate_complete",
    ] {
        assert_eq!(one(&format!("batch_{event}_event_total")), Some(1.0), "{event}: {text}");
    }
    let of_pool = |name: &str| value(&text, &format!("{name}{{account=\"test\",pool=\"p1\"}}"));
    assert_eq!((of_pool("batch_total_node_count"), of_pool("batch_idle_node_count")), (Some(1.0), Some(1.0)), "{text}");
    assert_eq!(one("batch_running_task_count"), Some(0.0));
    assert!(value(&text, "fournil_scheduler_pass_seconds_count").unwrap() > 0.0);
    assert!(value(&text, "fournil_store_transaction_seconds_count").unwrap() > 0.0);
    let read = "fournil_request_seconds_count{via=\"Batch\",operation=\"Microsoft.Batch/batchAccounts/pools/read\",result=\"2xx\"}";
    assert_eq!(value(&text, read), Some(1.0), "{text}");
    assert!(!text.contains("made-up") && text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own_and_are_nowhere_else() {
    let server = server_with(|args| args.metrics_listen = Some("127.0.0.1:0".into())).await;
    let mut browser = server.browser();
    assert_ne!(browser.get("/metrics").await.header("content-type"), Some("application/openmetrics-text"));
    browser.url = format!("http://{}", server.server.metrics_address.unwrap());
    let reply = browser.get("/metrics").await;
    assert!(reply.status.is_success() && String::from_utf8_lossy(&reply.body).ends_with("# EOF\n"), "{reply:?}");
    let request = Request::get("/metrics").header("host", "evil.example").body(axum::body::Body::empty()).unwrap();
    assert_eq!(browser.send(request).await.status, 421);
    assert_eq!(browser.get("/accounts").await.status, 404);
}

/// Stands in every field that holds a secret.
const CANARY: &str = "canary-in-the-coal-mine-0123456789";
/// Stands wherever a stranger may write what it likes. The log and the activity log name what was asked for; spans do not.
const SCRIBBLE: &str = "scribble-on-the-wall-0123456789";

#[tokio::test]
async fn canaries_in_every_field_for_secrets_are_in_no_log_span_metric_error_or_row_of_the_activity_log() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let collector = SpanCollector::start().await;
    let words = ["--log", "trace", "--otlp-endpoint", &collector.url, "--metrics-listen", "127.0.0.1:0"];
    // What the collector itself wants to hear is secret, too.
    let header = format!("authorization=Bearer {CANARY}");
    let serving = Serving::start_in(&data_dir, &words, &[("OTEL_EXPORTER_OTLP_HEADERS", &header)]).await;
    let mut browser = server().await.browser();
    browser.url = serving.url.clone();
    let token = serving.set_up_link.clone().unwrap().split_once('#').unwrap().1.to_owned();
    let body =
        |token: &str, password: &str| json!({ "set_up": { "token": token, "user": USER, "password": password } });
    let mut answers = Vec::new();
    answers.push(browser.call("set_up", body(CANARY, CANARY)).await);
    answers.push(browser.call("set_up", body(&token, PASSWORD)).await);
    // A password in the field of the name, too.
    answers.push(browser.sign_in(CANARY, CANARY).await);
    answers.push(browser.sign_in(USER, CANARY).await);
    answers.push(browser.call("account_create", json!({ "create": { "name": "abc", "location": "local" } })).await);
    let pool = json!({
        "id": "p", "vmSize": "local_1", "targetDedicatedNodes": 0,
        "userAccounts": [{ "name": "u", "password": CANARY }],
        "startTask": {
            "commandLine": "true", "environmentSettings": [{ "name": "SECRET", "value": CANARY }],
            "resourceFiles": [{ "httpUrl": format!("https://h/x?sig={CANARY}"), "filePath": "x" }],
        },
        "mountConfiguration": [{ "azureBlobFileSystemConfiguration": {
            "accountName": "a", "containerName": "c", "accountKey": CANARY, "relativeMountPath": "m" } }],
    });
    // Settings of tasks are given back, as Azure does it; passwords and keys of pools are not.
    let mut made = browser.call("pool_create", json!({ "account": "abc", "create": pool.clone() })).await.expect_ok();
    assert!(made["startTask"].take().to_string().contains(CANARY));
    assert!(!made.to_string().contains(CANARY), "{made}");
    let hook =
        json!({ "id": "h", "url": format!("https://h/{CANARY}"), "eventTypes": ["JobStartEvent"], "enabled": true });
    let made = browser.call("web_hook_create", json!({ "account": "abc", "hook": hook })).await.expect_ok();
    let hook_secret = made["secret"].as_str().unwrap().to_owned();
    let mut wrong = pool;
    wrong["vmSize"] = json!("no such size");
    answers.push(browser.call("pool_create", json!({ "account": "abc", "create": wrong })).await);
    let ask = |path: &str, header: (&str, String)| {
        Request::get(path.to_owned()).header(header.0, header.1).body(axum::body::Body::empty()).unwrap()
    };
    for path in ["/pools?api-version=2024-02-01.19.0", "/subscriptions?api-version=2024-02-01", "/storage/a/b"] {
        for scheme in ["Bearer fnl_", "SharedKey abc:", "Basic "] {
            answers.push(browser.send(ask(path, ("authorization", format!("{scheme}{CANARY}")))).await);
        }
    }
    answers.push(browser.send(ask("/msi/token?resource=x", ("x-identity-header", format!("fnl_{CANARY}")))).await);
    answers.push(browser.get(&format!("/storage/a/b/c?sig={CANARY}")).await);
    let form = format!("grant_type=client_credentials&client_id={USER}&client_secret={CANARY}");
    let request =
        Request::post("/fournil/oauth2/v2.0/token").header("content-type", "application/x-www-form-urlencoded");
    answers.push(browser.send(request.body(form.into()).unwrap()).await);
    browser.cookie = Some(format!("fournil_session={CANARY}"));
    answers.push(browser.call("session_get", json!({})).await);
    scribble(&browser).await;
    for answer in &answers {
        let text = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
        // What a signature was is said to who made it; a signed request shows no key.
        assert!(!text.contains(CANARY), "{text}");
    }
    let activity = admin(&data_dir, &["activity", "--limit", "1000"]).await;
    assert!(
        activity.stdout.contains("Fournil/signIn/action") && !activity.stdout.contains(CANARY),
        "{}",
        activity.stdout
    );
    let text = {
        let mut other = browser.clone();
        other.url = format!("http://{}", serving.metrics_address.clone().unwrap());
        String::from_utf8(other.get("/metrics").await.body.to_vec()).unwrap()
    };
    assert!(text.contains("fournil_request_seconds") && !text.contains(CANARY), "{text}");
    let (code, log) = serving.stop().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(collector.named("POST /portal/fn/pool_create").len() > 1 && collector.named("GET /pools").len() > 2);
    assert_eq!(collector.header("authorization"), Some(format!("Bearer {CANARY}")));
    for word in [CANARY, SCRIBBLE, &SCRIBBLE.to_uppercase()] {
        assert!(!collector.says(word), "{word}: {:#?}", collector.spans());
    }
    assert!(log.contains("DEBUG"), "little was logged");
    let hits: Vec<&str> = log.lines().filter(|line| line.contains(CANARY) || line.contains(&hook_secret)).collect();
    assert!(hits.is_empty(), "{hits:#?}");
}

async fn scribble(browser: &Browser) {
    let account = format!("SharedKey {SCRIBBLE}:x");
    for path in [
        "/pools/X", "/X", "/X/X", "/certificates(x)/X", "/certificates(X/", "/subscriptions/X", "/portal/fn/X",
        "/storage/X/X?X=X",
    ] {
        let ask = Request::get(path.replace('X', SCRIBBLE)).header("authorization", &account);
        browser.send(ask.body(Body::empty()).unwrap()).await;
    }
    let method = axum::http::Method::from_bytes(SCRIBBLE.to_uppercase().as_bytes()).unwrap();
    let mut ask = Request::builder().method(method).uri("/pools");
    for name in ["traceparent", "tracestate", "baggage", "user-agent", "ocp-date", "client-request-id", SCRIBBLE] {
        ask = ask.header(name, format!("x={SCRIBBLE}"));
    }
    browser.send(ask.body(Body::empty()).unwrap()).await;
    let host = format!("{SCRIBBLE}.example.org");
    browser.send(Request::get("/pools").header("host", host).body(Body::empty()).unwrap()).await;
}
