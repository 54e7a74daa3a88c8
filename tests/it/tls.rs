//! TLS on the server's port: who is let in, under which names, and what becomes of open connections.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fournil::api::agent::SERVER_NAME;
use fournil::server::config::ServeArgs;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto::ring};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::client::TlsStream;

use crate::support::connector::open_tls;
use crate::support::program::run;
use crate::support::real_server::RealServer;
use crate::support::server::{PASSWORD, TestServer, USER, server_with};

fn self_signed(args: &mut ServeArgs) {
    args.tls_self_signed = Some(true);
}

fn ca(server: &TestServer) -> PathBuf {
    server.data_dir().join("tls/ca.pem")
}

fn address(server: &TestServer) -> String {
    server.server.address.to_string()
}

/// One request on an open connection; head and body of the answer.
async fn ask(stream: &mut TlsStream<TcpStream>, host: &str) -> String {
    let request = format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"alive\n") {
        assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0, "{}", String::from_utf8_lossy(&text));
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn the_servers_own_authority_vouches_for_all_its_names() {
    let server = server_with(self_signed).await;
    assert!(server.server.url.starts_with("https://127.0.0.1:"), "{}", server.server.url);
    for name in ["127.0.0.1", "::1", "localhost", "acc.localhost", "acc.local.batch.localhost"] {
        open_tls(&address(&server), name, &ca(&server)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let refused = open_tls(&address(&server), "batch.example.org", &ca(&server)).await.unwrap_err();
    assert!(refused.to_string().contains("not valid for name"), "{refused}");
}

#[tokio::test]
async fn names_of_the_public_url_are_vouched_for() {
    let server = server_with(|args| {
        self_signed(args);
        args.public_url = Some("https://batch.example.org".into());
    })
    .await;
    for name in ["batch.example.org", "acc.batch.example.org", "acc.local.batch.batch.example.org"] {
        open_tls(&address(&server), name, &ca(&server)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[tokio::test]
async fn who_trusts_another_authority_does_not_come_in() {
    let (server, other) = (server_with(self_signed).await, server_with(self_signed).await);
    let refused = open_tls(&address(&server), "localhost", &ca(&other)).await.unwrap_err();
    assert!(refused.to_string().contains("UnknownIssuer") || refused.to_string().contains("BadSignature"), "{refused}");
}

#[tokio::test]
async fn the_authority_stays_when_the_server_starts_again() {
    let server = server_with(self_signed).await;
    let before = std::fs::read(ca(&server)).unwrap();
    let server = server.stop().await.start_with(self_signed).await;
    assert_eq!(std::fs::read(ca(&server)).unwrap(), before);
    open_tls(&address(&server), "localhost", &ca(&server)).await.unwrap();
    let run = |server: &TestServer| server.data_dir().join("run/ca.pem");
    assert_eq!(std::fs::read(run(&server)).unwrap(), before);
    let server = server.stop().await.start().await;
    assert!(!run(&server).exists() && server.server.url.starts_with("http://"));
}

#[tokio::test]
async fn browsers_keep_to_tls() {
    let server = server_with(self_signed).await;
    let mut browser = server.browser();
    server.set_up(&mut browser).await;
    let reply = browser.sign_in(USER, PASSWORD).await;
    assert!(reply.header("set-cookie").unwrap().ends_with("; Secure"), "{reply:?}");
    assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000"));
    // Not for the machine's own name: that would be kept on all of its ports.
    let mut stream = open_tls(&address(&server), "localhost", &ca(&server)).await.unwrap();
    let answer = ask(&mut stream, &format!("localhost:{}", server.server.address.port())).await;
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("strict-transport-security"), "{answer}");
}

#[tokio::test]
async fn plain_requests_are_told_to_use_tls() {
    let server = server_with(self_signed).await;
    for request in ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), format!("POST /{}", "x".repeat(20_000))] {
        let mut stream = TcpStream::connect(server.server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("use https://"), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_does_not_hold_back_the_end() {
    let server = server_with(self_signed).await;
    let silent = TcpStream::connect(server.server.address).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), server.stop()).await.expect("it does not wait for the handshake");
    drop(silent);
}

/// An authority and a certificate of it for localhost, in files.
struct Operator {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Operator {
    fn new() -> Operator {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        let operator = Operator { folder, issuer: Issuer::new(params, key) };
        operator.certify("first.example");
        operator
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a new certificate and key in place.
    fn certify(&self, name: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.file("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(self.file("cert.pem"), certificate.pem()).unwrap();
    }

    /// What such a certificate's owner listens with.
    fn acceptor(&self, name: &str) -> TlsAcceptor {
        self.certify(name);
        let chain = vec![CertificateDer::from_pem_file(self.file("cert.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(self.file("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key);
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }

    fn args(&self, args: &mut ServeArgs) {
        (args.tls_cert, args.tls_key) = (Some(self.file("cert.pem")), Some(self.file("key.pem")));
    }
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_open_connections_go_on() {
    let operator = Operator::new();
    let server = server_with(|args| operator.args(args)).await;
    let (address, ca) = (address(&server), operator.file("ca.pem"));
    let mut old = open_tls(&address, "first.example", &ca).await.unwrap();
    ask(&mut old, &address).await;

    operator.certify("second.example");
    let renewed = async {
        while open_tls(&address, "second.example", &ca).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed).await.expect("the new certificate is in use");
    assert!(open_tls(&address, "first.example", &ca).await.is_err());
    ask(&mut old, &address).await;
}

#[tokio::test]
async fn a_start_with_a_certificate_that_is_none_says_what_is_wrong() {
    let operator = Operator::new();
    let start = async |cert: &Path, key: &Path| {
        let data_dir = operator.file("data");
        run(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data_dir.to_str().unwrap(),
            "--tls-cert",
            cert.to_str().unwrap(),
            "--tls-key",
            key.to_str().unwrap(),
        ])
        .await
    };
    let (cert, key, nothing) = (operator.file("cert.pem"), operator.file("key.pem"), operator.file("nothing"));
    start(&nothing, &key).await.expect_failure("nothing cannot be read");
    start(&key, &key).await.expect_failure("there is no certificate in");
    start(&cert, &cert).await.expect_failure("the private key in");
    start(&operator.file("ca.pem"), &key).await.expect_failure("is not that of");
}

/// Pool, job and task by the data plane, all within TLS; the agent's connection too.
async fn runs_a_task(server: &RealServer) {
    assert!(server.batch.url().starts_with("https://"), "{}", server.batch.url());
    server.batch.pool("p", 1, 1).await;
    server.batch.post("/jobs", json!({ "id": "j", "poolInfo": { "poolId": "p" } })).await.is(201);
    let task = json!({ "id": "t", "commandLine": "/bin/echo hello" });
    server.batch.post("/jobs/j/tasks", task).await.is(201);
    let done = server.batch.until("/jobs/j/tasks/t", |task| task["state"] == "completed").await;
    assert_eq!(done["executionInfo"]["exitCode"], 0, "{done}");
    let file = server.batch.get("/jobs/j/tasks/t/files/stdout.txt").await.is(200);
    assert_eq!(file.bytes, b"hello\n");
}

#[tokio::test]
async fn agents_run_tasks_over_tls_and_find_the_server_again() {
    let mut server = RealServer::start_with(&["--tls-self-signed"], Some(Path::new("tls/ca.pem"))).await;
    runs_a_task(&server).await;
    server.kill9();
    server.restart();
    server.batch.post("/jobs/j/tasks", json!({ "id": "u", "commandLine": "/bin/true" })).await.is(201);
    server.batch.until("/jobs/j/tasks/u", |task| task["state"] == "completed").await;
}

#[tokio::test]
async fn agents_trust_the_server_of_their_folder_whatever_certificate_others_see() {
    let operator = Operator::new();
    let [cert, key, ca] = ["cert.pem", "key.pem", "ca.pem"].map(|name| operator.file(name).display().to_string());
    let mut server = RealServer::start_with(&["--tls-cert", &cert, "--tls-key", &key], Some(Path::new(&ca))).await;
    runs_a_task(&server).await;
    // The authority for agents is another one now.
    server.kill9();
    server.restart();
    server.batch.post("/jobs/j/tasks", json!({ "id": "u", "commandLine": "/bin/true" })).await.is(201);
    server.batch.until("/jobs/j/tasks/u", |task| task["state"] == "completed").await;
}

#[tokio::test]
async fn an_agent_does_not_talk_to_a_server_of_another_authority() {
    let mut server = RealServer::start_with(&["--tls-self-signed"], Some(Path::new("tls/ca.pem"))).await;
    server.batch.pool("p", 1, 1).await;
    server.kill9();
    // Somebody else listens where the agent looks, with a certificate for the right name.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::fs::write(server.data_dir().join("run/url"), url).unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let refused = Operator::new().acceptor(SERVER_NAME).accept(stream).await.unwrap_err();
    assert!(refused.to_string().contains("alert"), "{refused}");
    server.restart();
    server.batch.post("/jobs", json!({ "id": "j", "poolInfo": { "poolId": "p" } })).await.is(201);
    server.batch.post("/jobs/j/tasks", json!({ "id": "t", "commandLine": "/bin/true" })).await.is(201);
    server.batch.until("/jobs/j/tasks/t", |task| task["state"] == "completed").await;
}
