//! The built-in blob storage, asked by HTTP as its clients do; what libraries do with it is tested in `tests/sdk/storage`.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use fournil::api::{Secret, Timestamp};
use fournil::auth::shared_key::Signed;
use fournil::auth::storage::{signature, string_to_sign};
use fournil::server::clock::SystemClock;
use fournil::service::context::Clock;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::support::connector::Connector;
use crate::support::real_server::RealServer;

pub struct Storage {
    pub server: RealServer,
    http: Client<Connector, Body>,
    /// Which of its storage accounts is asked.
    pub account: String,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn error(&self) -> &str {
        self.headers.get("x-ms-error-code").map_or("", |code| code.to_str().unwrap())
    }
}

pub const BLOB: (&str, &str) = ("x-ms-blob-type", "BlockBlob");

impl Storage {
    /// With a container.
    pub async fn start() -> Storage {
        Storage::start_with(&[]).await
    }

    /// The same with further arguments of the server.
    pub async fn start_with(args: &[&str]) -> Storage {
        let storage = Storage::on(RealServer::start_with(args, None).await);
        let made = storage.by_key("PUT", "/con?restype=container", &[], "").await;
        assert_eq!(made.status, 201, "{}", made.body);
        storage
    }

    pub async fn without_container() -> Storage {
        Storage::on(RealServer::start().await)
    }

    fn on(server: RealServer) -> Storage {
        let http = Client::builder(TokioExecutor::new()).build(Connector { trusts: None });
        Storage { server, http, account: "fournil".into() }
    }

    pub fn endpoint(&self) -> String {
        let accounts = self.server.admin(&["storage", "list"]);
        let own = accounts.as_array().unwrap().iter().find(|row| row["name"] == self.account).unwrap();
        own["blobEndpoint"].as_str().unwrap().to_owned()
    }

    async fn send(&self, method: &str, url: &str, headers: HeaderMap, body: &str) -> Reply {
        let mut request = Request::builder().method(method).uri(url).body(Body::from(body.to_owned())).unwrap();
        *request.headers_mut() = headers;
        let response = self.http.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(Body::new(body), 1 << 20).await.unwrap();
        Reply { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub async fn by_key(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let keys = self.server.admin(&["storage", "key", &self.account]);
        let endpoint = self.endpoint();
        let url = format!("{endpoint}{target}");
        let now = SystemClock.now().to_http_date();
        let length = body.len().to_string();
        let mut all = to_headers(headers);
        all.extend(to_headers(&[("x-ms-date", &now), ("x-ms-version", "2021-12-02"), ("content-length", &length)]));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = format!("{}{path}", endpoint.strip_prefix(&self.server.batch.url()).unwrap());
        let text = string_to_sign(&Signed { method, path: &path, query, headers: &all }, &self.account);
        let key = Secret(keys["primary"].as_str().unwrap().to_owned());
        let authorization = format!("SharedKey {}:{}", self.account, signature(&key, &text));
        all.insert("authorization", HeaderValue::from_str(&authorization).unwrap());
        self.send(method, &url, all, body).await
    }

    /// A URL that opens the container.
    fn sas(&self, permissions: &str) -> String {
        let made = self.server.admin(&["storage", "sas", "con", "--permissions", permissions]);
        made["sas"].as_str().unwrap().to_owned()
    }
}

fn to_headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    pairs.iter().map(pair).collect()
}

fn files_in(storage: &Storage) -> usize {
    let folders = std::fs::read_dir(storage.server.data_dir().join("storage/files")).unwrap().flatten();
    folders.map(|folder| std::fs::read_dir(folder.path()).unwrap().count()).sum()
}

#[tokio::test]
async fn what_was_answered_survives_the_servers_death_and_what_was_not_leaves_nothing() {
    let mut storage = Storage::start().await;
    for text in ["first", "second"] {
        assert_eq!(storage.by_key("PUT", "/con/a", &[BLOB], text).await.status, 201);
    }
    assert_eq!(storage.by_key("PUT", "/con/b?comp=block&blockid=YQ%3D%3D", &[], "block").await.status, 201);
    assert_eq!(files_in(&storage), 2, "the first content has no file any more");
    storage.server.kill9();
    // What a server leaves that dies between a file and its row.
    std::fs::write(storage.server.data_dir().join("storage/files/ff/ffff"), "nobody's").unwrap();
    std::fs::write(storage.server.data_dir().join("storage/drafts/half"), "half").unwrap();
    // The file must be older than the start by the file system's own clock.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    storage.server.restart();
    assert_eq!(storage.by_key("GET", "/con/a", &[], "").await.body, "second");
    let list = "<BlockList><Latest>YQ==</Latest></BlockList>";
    assert_eq!(storage.by_key("PUT", "/con/b?comp=blocklist", &[], list).await.status, 201);
    assert_eq!(storage.by_key("GET", "/con/b", &[], "").await.body, "block");
    crate::support::real_server::until("nobody's file is gone", || files_in(&storage) == 2).await;
    assert!(!storage.server.data_dir().join("storage/drafts/half").exists());
    assert_eq!(storage.by_key("DELETE", "/con?restype=container", &[], "").await.status, 202);
    assert_eq!(files_in(&storage), 0);
}

#[tokio::test]
async fn parts_of_a_blob_are_read_by_range_across_its_blocks() {
    let storage = Storage::start().await;
    for (id, text) in [("YQ%3D%3D", "01234"), ("Yg%3D%3D", "56789")] {
        storage.by_key("PUT", &format!("/con/a?comp=block&blockid={id}"), &[], text).await;
    }
    let list = "<BlockList><Uncommitted>YQ==</Uncommitted><Latest>Yg==</Latest><Latest>YQ==</Latest></BlockList>";
    assert_eq!(storage.by_key("PUT", "/con/a?comp=blocklist", &[], list).await.status, 201);
    for (range, status, content_range, body) in [
        ("bytes=3-6", 206, "bytes 3-6/15", "3456"),
        ("bytes=9-", 206, "bytes 9-14/15", "901234"),
        ("bytes=0-99", 206, "bytes 0-14/15", "012345678901234"),
        ("lines=1", 200, "", "012345678901234"),
    ] {
        let reply = storage.by_key("GET", "/con/a", &[("x-ms-range", range)], "").await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (status, body), "{range}");
        let found = reply.headers.get("content-range").map_or("", |value| value.to_str().unwrap());
        assert_eq!(found, content_range, "{range}");
        assert_eq!(reply.headers["content-length"], body.len().to_string());
    }
    let behind = storage.by_key("GET", "/con/a", &[("range", "bytes=15-")], "").await;
    assert_eq!((behind.status.as_u16(), behind.error()), (416, "InvalidRange"));
    let head = storage.by_key("HEAD", "/con/a", &[], "").await;
    assert_eq!((head.status.as_u16(), head.headers["content-length"].to_str().unwrap()), (200, "15"));
    let etag = head.headers["etag"].to_str().unwrap();
    let same = storage.by_key("GET", "/con/a", &[("if-none-match", etag)], "").await;
    assert_eq!((same.status.as_u16(), same.body.as_str()), (304, ""));
    let other = "<BlockList><Committed>YQ==</Committed><Latest>ZZ==</Latest></BlockList>";
    let refused = storage.by_key("PUT", "/con/a?comp=blocklist", &[], other).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "InvalidBlockList"));
    let shorter = "<BlockList><Committed>Yg==</Committed></BlockList>";
    assert_eq!(storage.by_key("PUT", "/con/a?comp=blocklist", &[], shorter).await.status, 201);
    assert_eq!(storage.by_key("GET", "/con/a", &[], "").await.body, "56789");
    assert_eq!(files_in(&storage), 1);
}

#[tokio::test]
async fn whoever_has_no_signature_for_it_gets_nothing() {
    let storage = Storage::start().await;
    storage.by_key("PUT", "/con/a", &[BLOB], "secret").await;
    let endpoint = storage.endpoint();
    let read = storage.sas("r");
    let check = async |method: &str, target: String, headers: &[(&str, &str)], status: u16, code: &str| {
        let reply = storage.send(method, &format!("{endpoint}{target}"), to_headers(headers), "").await;
        assert_eq!((reply.status.as_u16(), reply.error()), (status, code), "{method} {target} {headers:?}");
        assert_eq!(reply.body.contains("secret"), status == 200);
    };
    check("GET", format!("/con/a?{read}"), &[], 200, "").await;
    let failed = "AuthenticationFailed";
    let elsewhere = endpoint.replace("/fournil", "/storage/fournil");
    let reply = storage.send("GET", &format!("{elsewhere}/con/a?{read}"), HeaderMap::new(), "").await;
    assert_eq!(reply.body, "secret", "the default account is below /storage as well");
    check("GET", "/con/a".into(), &[], 403, failed).await;
    check("GET", "?comp=list".into(), &[], 403, failed).await;
    check("GET", "/none?restype=container".into(), &[], 403, failed).await;
    check("GET", format!("/con/a?{}", read.replace("sp=r", "sp=rw")), &[], 403, failed).await;
    check("GET", format!("/other/a?{read}"), &[], 403, failed).await;
    check("GET", format!("/con?restype=container&comp=list&{read}"), &[], 403, "AuthorizationPermissionMismatch").await;
    check("DELETE", format!("/con/a?{read}"), &[], 403, "AuthorizationPermissionMismatch").await;
    check("PUT", format!("/con/b?{read}"), &[BLOB, ("content-length", "0")], 403, "AuthorizationPermissionMismatch")
        .await;
    check("DELETE", format!("/con?restype=container&{read}"), &[], 403, "AuthorizationFailure").await;
    let now = SystemClock.now().to_http_date();
    for authorization in [
        "", "SharedKey", "SharedKey fournil:", "SharedKey fournil:AAAA", "SharedKey nobody:AAAA", "Bearer x", "Basic x",
    ] {
        check("GET", "/con/a".into(), &[("authorization", authorization), ("x-ms-date", &now)], 403, failed).await;
    }
    // A key signs for its own account, now, and for this request.
    let old = Timestamp::from_micros(SystemClock.now().micros() - 16 * 60 * 1_000_000).to_http_date();
    check("GET", "/con/a".into(), &[("authorization", "SharedKey fournil:AAAA"), ("x-ms-date", &old)], 403, failed)
        .await;
    let keys = storage.server.admin(&["storage", "key"]);
    assert!(
        !std::fs::read_to_string(storage.server.data_dir().join("../server.log"))
            .unwrap()
            .contains(keys["primary"].as_str().unwrap())
    );
}

#[tokio::test]
async fn to_create_is_not_to_replace() {
    let storage = Storage::start().await;
    let url = format!("{}/con/a?{}", storage.endpoint(), storage.sas("c"));
    let first = storage.send("PUT", &url, to_headers(&[BLOB]), "1").await;
    assert_eq!(first.status, 201, "{}", first.body);
    let second = storage.send("PUT", &url, to_headers(&[BLOB]), "2").await;
    assert_eq!((second.status.as_u16(), second.error()), (403, "AuthorizationPermissionMismatch"));
    assert_eq!(storage.by_key("GET", "/con/a", &[], "").await.body, "1");
    assert_eq!(files_in(&storage), 1);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_leaves_nothing() {
    let storage = Storage::start().await;
    let md5 = ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==");
    for (target, headers, status, code) in [
        ("/con/a", vec![BLOB, md5], 400, "Md5Mismatch"),
        ("/con/a", vec![], 400, "MissingRequiredHeader"),
        ("/con/a", vec![("x-ms-blob-type", "PageBlob")], 501, "NotImplemented"),
        ("/con/a", vec![BLOB, ("x-ms-access-tier", "Cool")], 400, "UnsupportedHeader"),
        ("/con/a", vec![BLOB, ("x-ms-content-crc64", "AAAAAAAAAAA=")], 400, "UnsupportedHeader"),
        ("/con/a", vec![BLOB, ("if-match", "\"0x1\"")], 412, "ConditionNotMet"),
        ("/none/a", vec![BLOB], 404, "ContainerNotFound"),
        ("/con/..%2Fa", vec![BLOB], 400, "InvalidResourceName"),
        ("/con/a%2F..%2F..%2Fb", vec![BLOB], 400, "InvalidResourceName"),
        ("/con/a?comp=block&blockid=%21", vec![], 400, "InvalidBlockId"),
        ("/con/a?comp=lease", vec![], 501, "NotImplemented"),
        ("/con?restype=container&comp=acl", vec![], 501, "NotImplemented"),
    ] {
        let reply = storage.by_key("PUT", target, &headers, "x").await;
        assert_eq!((reply.status.as_u16(), reply.error()), (status, code), "{target} {headers:?} {}", reply.body);
    }
    assert_eq!(files_in(&storage), 0);
    let evil =
        storage.by_key("PUT", "/con/page.html", &[BLOB, ("x-ms-blob-content-type", "text/html")], "<script>").await;
    assert_eq!(evil.status, 201);
    let page = storage.by_key("GET", "/con/page.html", &[], "").await;
    assert_eq!(page.headers["content-security-policy"], "default-src 'none'; sandbox");
}
