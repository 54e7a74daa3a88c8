//! Web hooks: a real receiver hears what happened, signed, once it can be reached.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fournil::api::{
    self, Duration, JobState, ListQuery, Secret, ServiceEventType as T, WebHook, WebHookDelivery, WebHookDeliveryState,
    WebHookSettings,
};
use fournil::domain::ids::AccountName;
use fournil::service::context::Clock;
use fournil::service::{Caller, Context, account, job, web_hook};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::server::{TestServer, server_with};
use crate::support::world::World;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// What a receiver heard.
#[derive(Debug)]
struct Heard {
    headers: HeaderMap,
    body: Bytes,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// As the libraries of Standard Webhooks check it.
    fn is_signed_with(&self, secret: &Secret) -> bool {
        let key = STANDARD.decode(secret.0.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp")).as_bytes());
        mac.update(&self.body);
        self.header("webhook-signature") == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

type Answers = Arc<Mutex<VecDeque<u16>>>;

/// Answers with these statuses, and with 200 when there are no more.
struct Receiver {
    url: String,
    heard: mpsc::UnboundedReceiver<Heard>,
    answers: Answers,
}

impl Receiver {
    async fn new(answers: &[u16]) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, heard) = mpsc::unbounded_channel();
        let answers: Answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let state = (sender, answers.clone());
        let routes = axum::Router::new().fallback(hear).with_state(state);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Receiver { url, heard, answers }
    }

    async fn hears(&mut self) -> Heard {
        tokio::time::timeout(PATIENCE, self.heard.recv()).await.expect("something arrives").unwrap()
    }
}

async fn hear(
    State((sender, answers)): State<(mpsc::UnboundedSender<Heard>, Answers)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    sender.send(Heard { headers, body }).unwrap();
    let status = answers.lock().unwrap().pop_front().unwrap_or(200);
    (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")]).into_response()
}

/// A server that may send to this machine, with an account.
async fn server() -> TestServer {
    let server = server_with(|args| args.web_hook_allow = Some(vec!["127.0.0.0/8".into()])).await;
    make_account(&server.server.cx).await;
    server
}

async fn make_account(cx: &Context) {
    let create = api::AccountCreate { name: "acc".into(), location: "local".into(), ..Default::default() };
    account::account_create(cx, &Caller::system(), create).await.unwrap();
}

fn acc() -> AccountName {
    "acc".parse().unwrap()
}

fn hook(url: &str, types: &[T]) -> WebHookSettings {
    WebHookSettings {
        id: "h".into(),
        url: url.into(),
        event_types: types.to_vec(),
        job_id_prefix: String::new(),
        enabled: true,
    }
}

async fn create(cx: &Context, hook: WebHookSettings) -> Secret {
    web_hook::web_hook_create(cx, &Caller::system(), &acc(), hook).await.unwrap().secret
}

async fn make_job(cx: &Context, id: &str) {
    let mut create = api::JobCreate { id: id.into(), ..Default::default() };
    create.pool_info.pool_id = Some("p".into());
    job::job_create(cx, &Caller::system(), &acc(), create).await.unwrap();
}

async fn the_hook(cx: &Context, account: &AccountName) -> WebHook {
    web_hook::web_hook_list(cx, &Caller::system(), account).await.unwrap().remove(0)
}

/// Newest first.
async fn deliveries(cx: &Context, account: &AccountName) -> Vec<WebHookDelivery> {
    let query = ListQuery { limit: 1000, ..ListQuery::default() };
    web_hook::web_hook_delivery_list(cx, &Caller::system(), account, "h", &query).await.unwrap().items
}

/// Waits until the newest delivery is as it should be.
async fn until(cx: &Context, condition: impl Fn(&WebHookDelivery) -> bool) -> WebHookDelivery {
    let waiting = async {
        loop {
            if let Some(found) = deliveries(cx, &acc()).await.into_iter().next().filter(&condition) {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("a delivery becomes so")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_job_arrives_signed() {
    let (server, mut receiver) = (server().await, Receiver::new(&[]).await);
    let cx = &server.server.cx;
    let settings =
        WebHookSettings { job_id_prefix: "Render".into(), ..hook(&receiver.url, &[T::JobTerminateComplete]) };
    let secret = create(cx, settings).await;
    for id in ["other", "render-1"] {
        make_job(cx, id).await;
        let terminate = api::JobTerminate { terminate_reason: Some("enough".into()) };
        let id = id.parse().unwrap();
        job::job_terminate(cx, &Caller::system(), &acc(), &id, terminate).await.unwrap();
    }
    let heard = receiver.hears().await;
    assert!(heard.is_signed_with(&secret), "{heard:?}");
    let now = server.clock.now().micros() / 1_000_000;
    assert_eq!(heard.header("webhook-timestamp"), now.to_string());
    assert_eq!(heard.header("content-type"), "application/json");
    let body = heard.json();
    assert_eq!((&body["account"], &body["eventType"]), (&json!("acc"), &json!("JobTerminateCompleteEvent")));
    assert_eq!((&body["jobId"], &body["properties"]["terminateReason"]), (&json!("render-1"), &json!("enough")));
    assert!(body["id"].is_i64() && body["time"].is_string(), "{body}");
    until(cx, |d| d.state == WebHookDeliveryState::Delivered && d.status == Some(200)).await;
    assert_eq!(deliveries(cx, &acc()).await.len(), 1, "of other jobs nothing is sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_is_sent_again_with_the_same_id_also_after_a_restart() {
    let (server, mut receiver) = (server().await, Receiver::new(&[500, 302, 503]).await);
    let cx = &server.server.cx;
    let secret = create(cx, hook(&receiver.url, &[T::JobStart])).await;
    make_job(cx, "j").await;
    let id = receiver.hears().await.header("webhook-id").to_owned();
    let failed = until(cx, |d| d.tries == 1).await;
    assert_eq!((failed.state, failed.status), (WebHookDeliveryState::Waiting, Some(500)));
    assert!(the_hook(cx, &acc()).await.failing_since.is_some());
    server.clock.forward(Duration::from_secs(10));
    assert_eq!(receiver.hears().await.header("webhook-id"), id);
    // A redirection is an answer as any other: nothing is asked elsewhere.
    until(cx, |d| d.tries == 2 && d.status == Some(302)).await;
    let clock = server.clock.clone();
    let stopped = server.stop().await;
    clock.forward(Duration::from_mins(1));
    let server = stopped.start_with(|args| args.web_hook_allow = Some(vec!["127.0.0.0/8".into()])).await;
    let cx = &server.server.cx;
    assert_eq!(receiver.hears().await.header("webhook-id"), id);
    until(cx, |d| d.tries == 3).await;
    clock.forward(Duration::from_mins(1));
    let heard = receiver.hears().await;
    assert!(heard.is_signed_with(&secret) && heard.header("webhook-id") == id);
    let arrived = until(cx, |d| d.state == WebHookDeliveryState::Delivered).await;
    assert_eq!((arrived.tries, arrived.next_try), (4, None));
    assert_eq!(the_hook(cx, &acc()).await.failing_since, None);

    // A new secret holds for what is sent again.
    let me = Caller::system();
    let new = web_hook::web_hook_regenerate_secret(cx, &me, &acc(), "h").await.unwrap().secret;
    assert_ne!(new, secret);
    web_hook::web_hook_redeliver(cx, &me, &acc(), "h", arrived.id).await.unwrap();
    let again = receiver.hears().await;
    assert!(again.is_signed_with(&new) && again.header("webhook-id") == id);
    web_hook::web_hook_test(cx, &me, &acc(), "h").await.unwrap();
    assert_eq!(receiver.hears().await.json()["eventType"], "WebHookTestEvent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inner_addresses_are_not_asked_unless_the_operator_allows() {
    let server = server_with(|_| ()).await;
    let cx = &server.server.cx;
    make_account(cx).await;
    let mut receiver = Receiver::new(&[]).await;
    let me = Caller::system();
    let refused = web_hook::web_hook_create(cx, &me, &acc(), hook(&receiver.url, &[T::JobStart])).await.unwrap_err();
    assert_eq!(refused.public.value("PropertyName"), Some("url"));
    // A name passes, and what it leads to is looked at when something is sent.
    create(cx, hook(&receiver.url.replace("127.0.0.1", "localhost"), &[T::JobStart])).await;
    make_job(cx, "j").await;
    let failed = until(cx, |d| d.tries == 1).await;
    assert!(failed.error.as_deref().is_some_and(|why| why.ends_with("is forbidden")), "{failed:?}");
    assert!(receiver.heard.try_recv().is_err() && receiver.answers.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hook_that_fails_for_three_days_switches_itself_off() {
    let (server, mut receiver) = (server().await, Receiver::new(&[500; 100]).await);
    let cx = &server.server.cx;
    create(cx, hook(&receiver.url, &[T::JobStart])).await;
    make_job(cx, "first").await;
    receiver.hears().await;
    until(cx, |d| d.tries == 1).await;
    server.clock.forward(Duration::from_days(1));
    receiver.hears().await;
    until(cx, |d| d.state == WebHookDeliveryState::Failed).await;
    server.clock.forward(Duration::from_days(2));
    make_job(cx, "second").await;
    receiver.hears().await;
    until(cx, |d| d.tries == 1).await;
    let off = the_hook(cx, &acc()).await;
    assert!(!off.enabled && off.switched_off.is_some(), "{off:?}");
    make_job(cx, "third").await;
    assert_eq!(deliveries(cx, &acc()).await.len(), 2, "nothing is queued while it is off");
    web_hook::web_hook_update(cx, &Caller::system(), &acc(), hook(&receiver.url, &[T::JobStart])).await.unwrap();
    let on = the_hook(cx, &acc()).await;
    assert!(on.enabled && on.switched_off.is_none() && on.failing_since.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_tasks_are_queued_where_a_hook_wants_them() {
    let world = World::new().await;
    let (cx, me, account) = (&world.cx, &world.caller, &world.account);
    world.pool("p", 1, 1).await;
    let mut node = world.node().await;
    let settings = WebHookSettings { job_id_prefix: "a".into(), ..hook("https://example.org/", &[T::TaskFail]) };
    web_hook::web_hook_create(cx, me, account, settings).await.unwrap();
    for (job, exit) in [("a1", 1), ("a2", 0), ("b", 1)] {
        world.job(job, "p").await;
        world.tasks(job, &["t"]).await;
        let [run] = &node.runs().await[..] else { panic!("one task runs") };
        node.ended(run, exit);
        world.until_task(job, "t", |t| t.state == api::TaskState::Completed).await;
    }
    let queued = deliveries(cx, account).await;
    let texts: Vec<_> = queued.iter().map(|d| (d.event_type.as_str(), d.resource.as_str())).collect();
    assert_eq!(texts, [("TaskFailEvent", "a1/t")]);
    assert_eq!(the_hook(cx, account).await.waiting, 1);
    world.until_job("a1", JobState::Active).await;
}

/// Writes what would take too long to happen.
async fn write(cx: &Context, sql: &'static str) {
    cx.store
        .write(move |conn| {
            Box::pin(async move {
                sqlx::query(sql).execute(conn).await.map_err(fournil::store::Error::from)?;
                Ok::<_, fournil::service::Error>(())
            })
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn the_queue_of_a_hook_is_bounded_and_the_oldest_make_room() {
    let world = World::new().await;
    let (cx, account) = (&world.cx, &world.account);
    web_hook::web_hook_create(cx, &world.caller, account, hook("https://example.org/", &[T::JobStart])).await.unwrap();
    write(
        cx,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10003) \
         INSERT INTO service_events (account_key, at, kind, job, body) \
         SELECT accounts.key, i, 'JobStartEvent', 'j' || i, '{}' FROM n, accounts",
    )
    .await;
    let hook = the_hook(cx, account).await;
    assert_eq!((hook.waiting, hook.dropped), (10_000, 3));
    assert_eq!(deliveries(cx, account).await[0].resource, "j10003");
    let query = ListQuery { search: "J1000".into(), limit: 1000, ..ListQuery::default() };
    let found = web_hook::web_hook_delivery_list(cx, &world.caller, account, "h", &query).await.unwrap().items;
    let found: Vec<_> = found.iter().map(|d| d.resource.as_str()).collect();
    assert_eq!(found, ["j10003", "j10002", "j10001", "j10000", "j1000"]);
    let query = ListQuery { failed_only: true, ..ListQuery::default() };
    let failed = web_hook::web_hook_delivery_list(cx, &world.caller, account, "h", &query).await.unwrap().items;
    assert!(failed.is_empty(), "{failed:?}");

    // Of what is over the newest thousand are kept, for a week.
    write(cx, "UPDATE web_hook_deliveries SET state = 'delivered', queued = 9000000000000000").await;
    web_hook::web_hook_deliveries_prune(cx).await.unwrap();
    let kept = deliveries(cx, account).await;
    assert_eq!((kept.len(), kept[0].resource.as_str(), kept[999].resource.as_str()), (1000, "j10003", "j9004"));
    write(cx, "UPDATE web_hook_deliveries SET queued = 1 WHERE job = 'j9500'").await;
    web_hook::web_hook_deliveries_prune(cx).await.unwrap();
    assert_eq!((deliveries(cx, account).await.len(), the_hook(cx, account).await.waiting), (999, 0));
    web_hook::web_hook_delete(cx, &world.caller, account, "h").await.unwrap();
    assert!(web_hook::web_hook_list(cx, &world.caller, account).await.unwrap().is_empty());
}
