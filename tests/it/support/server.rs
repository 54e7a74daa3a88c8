//! The real server in this process: on a free port, with its own data folder, a clock that tests move, and nodes that
//! nobody starts.

use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use fournil::api::{self, Code, Timestamp};
use fournil::server::config::{Config, DataDirArg, ServeArgs};
use fournil::server::ids::SystemRandom;
use fournil::server::{Options, Portal, Server};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::connector::Connector;
use super::world::{FakeProvider, TestClock};

pub const USER: &str = "ada";
pub const PASSWORD: &str = "correct horse battery";
/// The portal's page in tests: with an inline script, as Trunk makes it.
pub const INDEX: &str = "<!doctype html><title>Fournil</title><script type=\"module\">start()</script>";

pub struct TestServer {
    pub server: Server,
    pub clock: Arc<TestClock>,
    folder: TempDir,
}

/// A server that has just been installed.
pub async fn server() -> TestServer {
    server_with(|_| ()).await
}

/// A new server with further settings.
pub async fn server_with(edit: impl FnOnce(&mut ServeArgs)) -> TestServer {
    let start = Timestamp::from_secs(1_800_000_000);
    start_in(tempfile::tempdir().unwrap(), TestClock::at(start), edit).await
}

/// A server with an Owner, and the Owner's browser.
pub async fn server_with_owner() -> (TestServer, Browser) {
    let server = server().await;
    let mut browser = server.browser();
    server.set_up(&mut browser).await;
    (server, browser)
}

async fn start_in(folder: TempDir, clock: Arc<TestClock>, edit: impl FnOnce(&mut ServeArgs)) -> TestServer {
    let data_dir = DataDirArg { data_dir: Some(folder.path().join("data")) };
    let mut args = ServeArgs { data_dir, listen: Some("127.0.0.1:0".into()), ..ServeArgs::default() };
    edit(&mut args);
    let options = Options {
        config: Config::load(args).unwrap(),
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
        portal: Portal::of([
            ("index.html".to_owned(), INDEX.into()),
            ("app-0123456789abcdef.js".to_owned(), "x".into()),
        ]),
        provider: Some(Arc::new(FakeProvider::default())),
        agent_program: None,
    };
    TestServer { server: Server::start(options).await.unwrap(), clock, folder }
}

impl TestServer {
    pub fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Somewhere to put files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A browser that nobody has signed in with.
    pub fn browser(&self) -> Browser {
        Browser {
            url: self.server.url.clone(),
            cookie: None,
            client: Client::builder(TokioExecutor::new())
                .build(Connector { trusts: self.server.authority_file.clone() }),
        }
    }

    /// Makes the first user by the printed link and signs in.
    pub async fn set_up(&self, browser: &mut Browser) {
        let link = self.server.set_up_link.as_deref().expect("there are no users yet");
        let token = link.split_once('#').unwrap().1;
        let body = json!({ "set_up": { "token": token, "user": USER, "password": PASSWORD } });
        browser.call("set_up", body).await.expect_ok();
    }

    /// Stops it, as SIGTERM does.
    pub async fn stop(self) -> Stopped {
        self.server.stop().await;
        Stopped { clock: self.clock, folder: self.folder }
    }
}

/// The data of a server that does not run.
pub struct Stopped {
    pub clock: Arc<TestClock>,
    folder: TempDir,
}

impl Stopped {
    pub fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub async fn start(self) -> TestServer {
        self.start_with(|_| ()).await
    }

    pub async fn start_with(self, edit: impl FnOnce(&mut ServeArgs)) -> TestServer {
        start_in(self.folder, self.clock, edit).await
    }
}

/// Sends requests and keeps the session's cookie.
#[derive(Clone)]
pub struct Browser {
    pub url: String,
    pub cookie: Option<String>,
    client: Client<Connector, Body>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn error(&self) -> api::Error {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    #[track_caller]
    pub fn expect_ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json()
    }

    /// It failed with the code, and the status that belongs to it.
    #[track_caller]
    pub fn expect_error(&self, code: Code) -> api::Error {
        assert_eq!((self.status.as_u16(), self.error().code), (code.status(), code), "{self:?}");
        self.error()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Browser {
    /// Calls a server function.
    pub async fn call(&mut self, name: &str, body: Value) -> Reply {
        let request = Request::post(format!("/portal/fn/{name}")).header(header::CONTENT_TYPE, "application/json");
        let reply = self.send(request.body(body.to_string().into()).unwrap()).await;
        if let Some(cookie) = reply.header("set-cookie") {
            let secret = cookie.split(';').next().unwrap();
            self.cookie = (!secret.ends_with('=')).then(|| secret.to_owned());
        }
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn sign_in(&mut self, user: &str, password: &str) -> Reply {
        self.call("sign_in", json!({ "sign_in": { "user": user, "password": password } })).await
    }

    /// Sends any request with the session's cookie.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.begin(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
        Reply { status, headers, body }
    }

    /// As [`Browser::send`], without waiting for the body.
    pub async fn begin(&self, mut request: Request<Body>) -> axum::http::Response<hyper::body::Incoming> {
        *request.uri_mut() = format!("{}{}", self.url, request.uri()).parse().unwrap();
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        }
        self.client.request(request).await.unwrap()
    }
}
