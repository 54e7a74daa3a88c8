//! The data plane as a client sees it, without a network: requests signed here, by the written rule, for the real routes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fournil::api::agent::{FileAsk, FileReply};
use fournil::api::{Code, FileProperties, NodeFile, Timestamp};
use fournil::rest;
use fournil::service::context::{FileWatch, Installation, NodeFiles};
use fournil::service::{Error, key};
use futures_util::future::BoxFuture;
use hmac::{Hmac, Mac};
use http_body_util::BodyExt;
use serde_json::Value;
use sha2::Sha256;
use tower::ServiceExt;

use super::world::World;

pub const VERSION: &str = "2024-02-01.19.0";

/// A server with account `test`, its scheduler, and nodes that the test plays.
pub struct Rest {
    pub world: World,
    pub files: Arc<FakeFiles>,
    pub keys: [Vec<u8>; 2],
    routes: Router,
}

impl Rest {
    pub async fn new() -> Rest {
        let world = World::new().await;
        let files = Arc::new(FakeFiles::default());
        let mut cx = world.cx.clone();
        cx.files = files.clone();
        let keys = key::signing_keys(&cx, &world.account).await.unwrap().unwrap();
        let bytes = |key: &str| STANDARD.decode(key).unwrap();
        let keys = [bytes(&keys.primary.0), bytes(&keys.secondary.0)];
        Rest { routes: rest::routes(&cx), world, files, keys }
    }

    /// The same with other settings of the operator's.
    pub fn with_installation(mut self, change: impl FnOnce(&mut Installation)) -> Rest {
        change(Arc::make_mut(&mut self.world.cx.installation));
        let mut cx = self.world.cx.clone();
        cx.files = self.files.clone();
        self.routes = rest::routes(&cx);
        self
    }

    /// A request as Batch's clients send it, signed with the primary key.
    pub fn ask(&self, method: &str, target: &str) -> Ask {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let version = if query.contains("api-version") { String::new() } else { format!("&api-version={VERSION}") };
        Ask {
            method: method.to_owned(),
            path: path.to_owned(),
            query: format!("{query}{version}").trim_start_matches('&').to_owned(),
            headers: BTreeMap::from([
                ("host".to_owned(), "batch.example:8080".to_owned()),
                ("ocp-date".to_owned(), self.world.cx.clock.now().to_http_date()),
            ]),
            body: Vec::new(),
            account: "test".to_owned(),
            key: Some(self.keys[0].clone()),
        }
    }

    pub async fn send(&self, ask: Ask) -> Answer {
        let response = self.routes.clone().oneshot(ask.into_request()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.send(self.ask("GET", target)).await
    }

    pub async fn delete(&self, target: &str) -> Answer {
        self.send(self.ask("DELETE", target)).await
    }

    /// POST, PUT or PATCH of JSON.
    pub async fn put(&self, method: &str, target: &str, body: Value) -> Answer {
        self.send(self.ask(method, target).json(&body)).await
    }

    pub async fn post(&self, target: &str, body: Value) -> Answer {
        self.put("POST", target, body).await
    }
}

pub struct Ask {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    pub account: String,
    /// Absent: the request is not signed.
    pub key: Option<Vec<u8>>,
}

impl Ask {
    pub fn header(mut self, name: &str, value: &str) -> Ask {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn json(self, body: &Value) -> Ask {
        self.body(body.to_string().into_bytes())
    }

    pub fn body(mut self, body: Vec<u8>) -> Ask {
        self.headers.insert("content-length".to_owned(), body.len().to_string());
        self.headers.insert("content-type".to_owned(), "application/json; odata=minimalmetadata".to_owned());
        self.body = body;
        self
    }

    pub fn with_key(mut self, key: &[u8]) -> Ask {
        self.key = Some(key.to_vec());
        self
    }

    pub fn unsigned(mut self) -> Ask {
        self.key = None;
        self
    }

    /// What the client signs: the lines of the written rule.
    fn text_to_sign(&self) -> String {
        let header = |name: &str| self.headers.get(name).map(String::as_str).unwrap_or_default();
        let mut text = format!("{}\n\n\n{}\n\n{}\n\n", self.method, header("content-length"), header("content-type"));
        for name in ["if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"] {
            text.push_str(&format!("{}\n", header(name)));
        }
        for (name, value) in self.headers.iter().filter(|(name, _)| name.starts_with("ocp-")) {
            text.push_str(&format!("{name}:{value}\n"));
        }
        text.push_str(&format!("/{}{}", self.account, self.path));
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let params: BTreeMap<_, _> = pairs.map(|(name, value)| (name.to_lowercase(), percent_decode(value))).collect();
        for (name, value) in params {
            text.push_str(&format!("\n{name}:{value}"));
        }
        text
    }

    /// Signed.
    pub fn into_request(mut self) -> Request<Body> {
        if let Some(key) = &self.key {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(self.text_to_sign().as_bytes());
            let signature = STANDARD.encode(mac.finalize().into_bytes());
            self.headers.insert("authorization".to_owned(), format!("SharedKey {}:{signature}", self.account));
        }
        let uri = format!("{}?{}", self.path, self.query);
        let mut request = Request::builder().method(Method::from_bytes(self.method.as_bytes()).unwrap()).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body)).unwrap()
    }
}

fn percent_decode(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn is(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The values of this property in a list.
    pub fn each(&self, property: &str) -> Vec<String> {
        let value = self.json();
        let items = value["value"].as_array().expect("a list");
        items.iter().map(|item| item[property].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// An error in Batch's form, with this status and code.
    #[track_caller]
    pub fn is_error(&self, status: u16, code: &str) -> Refused {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        let error = self.json();
        assert_eq!(error["code"], code, "{error}");
        assert_eq!(error["message"]["lang"], "en-US");
        let text = error["message"]["value"].as_str().unwrap();
        assert!(text.contains(&format!("\nRequestId:{}\nTime:", self.header("request-id"))), "{text}");
        assert!(error["odata.metadata"].as_str().unwrap().starts_with("http"), "{error}");
        assert_eq!(self.header("x-ms-error-code"), code);
        Refused(error)
    }
}

/// The body of an error.
#[derive(Debug)]
pub struct Refused(Value);

impl Refused {
    /// What it says under this key of its `values`; empty for nothing.
    pub fn value(&self, key: &str) -> String {
        let values = self.0["values"].as_array().cloned().unwrap_or_default();
        let value = values.iter().find(|value| value["key"] == key);
        value.and_then(|value| value["value"].as_str()).unwrap_or_default().to_owned()
    }
}

/// Files of all nodes, by path below the node's root.
#[derive(Default)]
pub struct FakeFiles {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl FakeFiles {
    pub fn put(&self, path: &str, content: &[u8]) {
        self.files.lock().unwrap().insert(path.to_owned(), content.to_vec());
    }

    pub fn paths(&self) -> Vec<String> {
        self.files.lock().unwrap().keys().cloned().collect()
    }

    fn answer(&self, ask: FileAsk) -> Result<(Vec<NodeFile>, Vec<u8>), Code> {
        let mut files = self.files.lock().unwrap();
        let find = |path: &str| files.get(path).cloned().ok_or(Code::FileNotFound);
        match ask {
            FileAsk::Stat { path } => Ok((vec![file(&path, find(&path)?.len())], Vec::new())),
            FileAsk::Read { path, offset, length } => {
                let content = find(&path)?;
                let start = usize::try_from(offset).unwrap().min(content.len());
                let end = start.saturating_add(usize::try_from(length).unwrap()).min(content.len());
                Ok((vec![file(&path, content.len())], content[start..end].to_vec()))
            }
            FileAsk::List { path, .. } => {
                let below = |name: &str| name.strip_prefix(&format!("{path}/")).map(str::to_owned);
                let found = files.iter().filter_map(|(name, content)| Some(file(&below(name)?, content.len())));
                Ok((found.collect(), Vec::new()))
            }
            FileAsk::UploadLogs { folder, .. } => Ok((vec![file(&format!("{folder}/agent.log"), 1)], Vec::new())),
            FileAsk::Delete { path, .. } => {
                files.remove(&path).map(|_| (Vec::new(), Vec::new())).ok_or(Code::FileNotFound)
            }
        }
    }
}

fn file(name: &str, length: usize) -> NodeFile {
    let properties = FileProperties {
        last_modified: Timestamp::from_secs(1_799_999_000),
        content_length: length as u64,
        content_type: Some("text/plain".to_owned()),
        file_mode: Some("0o100644".to_owned()),
    };
    NodeFile { name: name.to_owned(), url: String::new(), is_directory: false, properties: Some(properties) }
}

impl NodeFiles for FakeFiles {
    fn ask(&self, _: i64, ask: FileAsk) -> BoxFuture<'_, Result<(FileReply, Vec<u8>), Error>> {
        Box::pin(async move {
            let (files, bytes) = self.answer(ask).map_err(Error::from)?;
            Ok((FileReply { request: 0, files, error: None, reason: None }, bytes))
        })
    }

    fn watch(&self, _: i64, _: FileWatch) {}
}
