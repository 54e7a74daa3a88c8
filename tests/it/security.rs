//! What strangers, other sites and other roles can not do, and what never leaves the server.

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use fournil::api::{self, Code, Role, Secret};
use fournil::service::{Caller, user};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::program::{Serving, run};
use crate::support::server::{INDEX, PASSWORD, USER, server, server_with_owner};

/// Server functions that anybody may call.
const OPEN: [&str; 4] =
    ["/portal/fn/sign_in", "/portal/fn/set_up", "/portal/fn/password_set", "/portal/fn/external_sign_in_info"];

pub fn server_functions() -> Vec<&'static str> {
    leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect()
}

#[tokio::test]
async fn nothing_is_answered_before_sign_in() {
    let server = server().await;
    let mut browser = server.browser();
    let functions = server_functions();
    assert!(functions.len() > 30, "{functions:?}");
    for path in functions.into_iter().filter(|path| !OPEN.contains(path)) {
        for cookie in [None, Some("fournil_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned())] {
            browser.cookie = cookie;
            let reply = browser.call(path.rsplit('/').next().unwrap(), any_arguments()).await;
            assert_eq!(reply.error().code, Code::Unauthorized, "{path}");
        }
    }
    browser.get("/portal/events").await.expect_error(Code::Unauthorized);
    browser.get("/portal/nothing").await.expect_error(Code::ResourceNotFound);
}

/// Arguments of the right shape for each function, so that it is the caller who is refused.
pub fn any_arguments() -> serde_json::Value {
    let pool = json!({ "id": "p", "vmSize": "local_1", "targetDedicatedNodes": 1 });
    let specification = json!({ "poolInfo": { "poolId": "p" } });
    let job = json!({ "id": "j", "poolInfo": { "poolId": "p" }, "jobSpecification": specification });
    let of_pools_and_jobs = json!({
        "account": "abc", "pool": "p", "job": "j", "schedule": "s", "task": "t", "node": "n", "query": {}, "name": "abc", "patch": {}, "update": {},
        "key": "Primary", "path": "stdout.txt", "offset": 0, "length": 1, "recursive": true, "resize": {}, "remove": { "nodeList": ["n"] },
        "enable": {}, "evaluate": { "autoScaleFormula": "x = 1" }, "edit": {}, "e_tag": "0x1",
        "disable": { "disableTasks": "requeue" }, "terminate": {}, "body": {}, "tasks": [], "storage_account_id": null,
        "external_name": null, "description": "", "code": "BCDF-GHJK", "text": "", "life": "P1D", "id": "x", "span": "1h",
        "create": merge(merge(json!({ "name": "abc", "location": "local" }), pool), job)
    });
    let of_the_rest = json!({
        "application": "tool", "version": "1.0", "blocks": [],
        "storage": "fournil", "container": "abc", "blob": "b", "folder": "", "from": "",
        "wish": { "account": "fournil", "container": "abc", "permissions": "r", "life": "P1D" },
        "commit": { "name": "b", "blocks": [] },
        "link": { "name": "abc", "access": { "kind": "s3", "name": "x", "identity": "key", "secret": "x" } }, "new": { "secret": "x" },
        "subscription": "00000000-0000-0000-0000-000000000000", "group": "nowhere", "put": { "location": "mars" },
        "user": "nobody", "assign": { "user": "nobody", "role": "Reader", "scope": "/subscriptions/s" }, "role": "Reader", "disabled": true, "filter": {}, "quotas": api::AccountQuotas::default(),
        "settings": { "taskEvents": true },
        "hook": { "id": "h", "url": "https://example.org/", "eventTypes": ["TaskFailEvent"] }, "delivery": 1,
    });
    merge(of_pools_and_jobs, of_the_rest)
}

fn merge(mut a: serde_json::Value, b: serde_json::Value) -> serde_json::Value {
    a.as_object_mut().unwrap().extend(b.as_object().unwrap().clone());
    a
}

#[tokio::test]
async fn roles_are_kept_apart() {
    let (server, _) = server_with_owner().await;
    let (cx, me) = (&server.server.cx, &Caller::system());
    for role in Role::ALL {
        let name = format!("{role:?}").to_lowercase();
        user::user_create(cx, me, &name, *role, Secret(PASSWORD.into())).await.unwrap();
    }
    let create = |name: &str| json!({ "create": { "name": name, "location": "local" } });
    let mut owner = server.browser();
    owner.sign_in("owner", PASSWORD).await.expect_ok();
    owner.call("account_create", create("first")).await.expect_ok();
    for role in [Role::Reader, Role::BatchDataContributor, Role::BatchJobSubmitter] {
        let mut browser = server.browser();
        browser.sign_in(&format!("{role:?}"), PASSWORD).await.expect_ok();
        browser.call("account_get", json!({ "account": "first" })).await.expect_ok();
        for (function, body) in [
            ("account_create", create("second")),
            ("account_delete", json!({ "account": "first" })),
            ("account_patch", json!({ "account": "first", "patch": { "tags": {} } })),
            ("account_quotas_set", json!({ "account": "first", "quotas": api::AccountQuotas::default() })),
            ("key_list", json!({ "account": "first" })),
            ("key_regenerate", json!({ "account": "first", "key": "Primary" })),
        ] {
            browser.call(function, body).await.expect_error(Code::InsufficientAccountPermissions);
        }
    }
}

#[tokio::test]
async fn other_sites_cannot_call() {
    let (server, browser) = server_with_owner().await;
    let post = |headers: &[(&str, &str)]| {
        let request = Request::post("/portal/fn/account_create");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Body::from(json!({ "create": { "name": "abc", "location": "local" } }).to_string())).unwrap()
    };
    let json = ("content-type", "application/json");
    for headers in [
        &[("content-type", "text/plain")][..],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[],
        &[json, ("origin", "http://evil.example")],
        &[json, ("origin", "null")],
        &[json, ("sec-fetch-site", "cross-site"), ("origin", server.server.url.as_str())],
        &[json, ("sec-fetch-site", "same-site")],
    ] {
        browser.send(post(headers)).await.expect_error(Code::Forbidden);
    }
    let listening = Request::get("/portal/events").header("sec-fetch-site", "cross-site").body(Body::empty()).unwrap();
    browser.send(listening).await.expect_error(Code::Forbidden);
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let request =
            Request::builder().method(method).uri("/portal/fn/account_create").header("origin", "http://evil.example");
        let reply = browser.send(request.body(Body::empty()).unwrap()).await;
        assert!(!reply.status.is_success(), "{reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    let total = browser.clone().call("account_list", json!({ "query": {} })).await.expect_ok()["total"].clone();
    assert_eq!(total, 0);
    browser
        .send(post(&[json, ("origin", server.server.url.as_str()), ("sec-fetch-site", "same-origin")]))
        .await
        .expect_ok();
}

#[tokio::test]
async fn only_our_own_host_names_are_answered() {
    let (server, browser) = server_with_owner().await;
    let port = server.server.address.port();
    for path in ["/", "/livez", "/portal/events", "/pools", "/subscriptions", "/x/oauth2/token", "/node/v1/connect"] {
        for host in
            ["evil.example", &format!("evil.example:{port}"), &format!("127.0.0.1.evil.example:{port}"), "127.0.0.1:1"]
        {
            let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
            browser.send(request).await.expect_error(Code::MisdirectedRequest);
        }
    }
    for host in [format!("localhost:{port}"), format!("[::1]:{port}")] {
        let request = Request::get("/livez").header("host", host).body(Body::empty()).unwrap();
        browser.send(request).await.expect_ok();
    }
    // On an account's own host name only the data plane answers.
    let request =
        Request::get("/accounts").header("host", format!("abc.localhost:{port}")).header("accept", "text/html");
    let reply = browser.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((reply.status.as_u16(), reply.header("x-fournil-build")), (401, None), "{reply:?}");
    for path in ["/subscriptions", "/metadata/endpoints", "/fournil/v2.0/.well-known/openid-configuration"] {
        let request = Request::get(path).header("host", format!("abc.localhost:{port}")).body(Body::empty()).unwrap();
        let reply = browser.send(request).await;
        assert_eq!((reply.status.as_u16(), reply.header("x-ms-request-id")), (401, None), "{path}");
    }
}

#[tokio::test]
async fn the_portal_is_sent_with_strict_headers() {
    let (_server, browser) = server_with_owner().await;
    let script = base64::engine::general_purpose::STANDARD.encode(Sha256::digest("start()"));
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-{script}'; style-src 'self'; connect-src 'self'; \
         img-src 'self' data:; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    assert!(!policy.contains("unsafe-inline"));
    for path in
        ["/", "/accounts/abc/pools/p1/nodes?state=idle", "/app-0123456789abcdef.js", "/portal/events-not", "/setup"]
    {
        let reply = browser.get(path).await;
        for (name, value) in [
            ("content-security-policy", policy.as_str()),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
        assert_eq!(reply.header("x-fournil-build").map(str::len), Some(16));
        assert_eq!(reply.header("request-id").map(str::len), Some(36));
        assert_eq!(reply.header("strict-transport-security"), None);
    }
}

#[tokio::test]
async fn programs_sign_in_beside_the_storage_of_the_same_name() {
    let (_server, browser) = server_with_owner().await;
    let page = browser.get("/fournil/v2.0/.well-known/openid-configuration").await;
    assert_eq!(page.status, 200, "{page:?}");
    let blob = browser.get("/fournil/container/blob").await;
    assert_eq!((blob.status.as_u16(), blob.header("x-ms-error-code")), (403, Some("AuthenticationFailed")));
}

#[tokio::test]
async fn pages_are_the_index_and_programs_get_errors() {
    let (_server, browser) = server_with_owner().await;
    for path in ["/", "/accounts", "/accounts/abc/keys", "/sign-in", "/jobs-of-mine"] {
        let reply = browser.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_ref()), (200, INDEX.as_bytes()), "{path}");
    }
    let storage = browser.get("/storage/a/b").await;
    assert_eq!((storage.status.as_u16(), storage.header("x-ms-error-code")), (403, Some("AuthenticationFailed")));
    for path in ["/portal/fn", "/node/v2"] {
        browser.get(path).await.expect_error(Code::ResourceNotFound);
    }
    for path in ["/pools", "/jobs/j1", "/supportedimages", "/subscriptions", "/providers/x", "/tenants"] {
        assert_eq!(browser.get(path).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_for_scripts_and_other_sites() {
    let server = server().await;
    let mut browser = server.browser();
    let token = server.server.set_up_link.as_deref().unwrap().split_once('#').unwrap().1;
    let body = json!({ "set_up": { "token": token, "user": USER, "password": PASSWORD } });
    let reply = browser.call("set_up", body).await;
    let (_, attributes) = reply.header("set-cookie").unwrap().split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; Max-Age=604800; HttpOnly; SameSite=Lax");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_unread() {
    let (server, browser) = server_with_owner().await;
    let request = Request::post("/portal/fn/account_list").header("content-type", "application/json");
    let reply = browser.send(request.body(Body::from(vec![b' '; 5 * 1024 * 1024])).unwrap()).await;
    reply.expect_error(Code::RequestBodyTooLarge);

    // Announced, and never sent: the answer comes all the same.
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(server.server.address).await.unwrap();
    let head = format!(
        "POST /portal/fn/account_list HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n",
        server.server.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_request_with_two_hosts_or_a_huge_head_is_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (server, _) = server_with_owner().await;
    let host = server.server.address;
    for (head, expected) in [
        (format!("GET /livez HTTP/1.1\r\nHost: {host}\r\nHost: evil\r\n\r\n"), "HTTP/1.1 421"),
        (format!("GET http://evil/livez HTTP/1.1\r\nHost: {host}\r\n\r\n"), "HTTP/1.1 421"),
        ("GET /livez HTTP/1.1\r\n\r\n".to_owned(), "HTTP/1.1 4"),
        (format!("GET /livez HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n", "x".repeat(400_000)), "HTTP/1.1 431"),
        (format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n{}\r\n", "X: x\r\n".repeat(200)), "HTTP/1.1 431"),
    ] {
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        // The server may answer before it has read everything.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    }
}

#[tokio::test]
async fn an_open_page_is_told_of_changes_until_its_session_ends() {
    use http_body_util::BodyExt;
    let (server, mut browser) = server_with_owner().await;
    let request = Request::get("/portal/events").body(Body::empty()).unwrap();
    let mut events = browser.begin(request).await.into_body();
    let build = &server.server.cx.installation.build_id;
    assert_eq!(frame(&mut events).await, format!("event: hello\ndata: {{\"buildId\":\"{build}\"}}\n\n"));
    browser.call("account_create", json!({ "create": { "name": "abc", "location": "local" } })).await.expect_ok();
    assert_eq!(frame(&mut events).await, "data: [{\"account\":\"\",\"what\":{\"kind\":\"accounts\"}}]\n\n");

    // The server stops while the page listens: the stream ends, and nothing waits for it.
    let stopping = tokio::spawn(server.stop());
    assert!(events.frame().await.is_none_or(|frame| frame.is_err()));
    stopping.await.unwrap();

    async fn frame(events: &mut hyper::body::Incoming) -> String {
        let data = events.frame().await.unwrap().unwrap().into_data().unwrap();
        String::from_utf8(data.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn secrets_are_in_no_log_and_not_in_the_database_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let serving = Serving::start(&data_dir, &["--log", "trace"]).await;
    let mut browser = server().await.browser();
    browser.url = serving.url.clone();
    let link = serving.set_up_link.clone().unwrap();
    let token = link.split_once('#').unwrap().1.to_owned();
    let body = json!({ "set_up": { "token": token, "user": USER, "password": PASSWORD } });
    browser.call("set_up", body).await.expect_ok();
    browser.sign_in(USER, "a wrong password").await.expect_error(Code::AuthenticationFailed);
    browser.call("account_create", json!({ "create": { "name": "abc", "location": "local" } })).await.expect_ok();
    let keys = browser.call("key_list", json!({ "account": "abc" })).await.expect_ok();
    let keys = ["primary", "secondary"].map(|name| keys[name].as_str().unwrap().to_owned());
    let cookie = browser.cookie.clone().unwrap().split_once('=').unwrap().1.to_owned();
    let made = crate::support::program::admin(&data_dir, &["token", "create", "--user", USER]).await.expect_ok();
    let access = made["token"].as_str().unwrap().to_owned();
    let (code, log) = serving.stop().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "{log}");
    assert!(log.contains("the keys of an account were read") && log.contains("user=\"ada\""), "{log}");

    let database = std::fs::read(data_dir.join("state/fournil.db")).unwrap();
    let stored = |secret: &str| database.windows(secret.len()).any(|part| part == secret.as_bytes());
    for secret in [PASSWORD, "a wrong password", &token, &cookie, &access] {
        assert!(!log.contains(secret) && !stored(secret), "{secret}");
    }
    for key in &keys {
        assert!(!log.contains(key.as_str()));
    }
}

#[tokio::test]
async fn a_server_open_to_the_network_must_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let ended = run(&["serve", "--data-dir", data_dir, "--listen", "0.0.0.0:0"]).await;
    ended.expect_failure("--allow-public-http");
    let config = folder.path().join("fournil.toml");
    std::fs::write(&config, "data-dirr = '/x'").unwrap();
    let ended = run(&["serve", "--config", config.to_str().unwrap()]).await;
    ended.expect_failure("there is no setting \"data-dirr\"; the nearest one is \"data-dir\"");
}
