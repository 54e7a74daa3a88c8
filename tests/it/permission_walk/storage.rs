//! Azure Storage's REST: each operation with signatures that open less, another thing, or nothing any more. The expectations are
//! those of `domain::storage_access`.

use axum::body::Body;
use axum::http::{Method, Request};
use fournil::api::{Duration, SasWish};
use fournil::domain::storage_access::{Access, Action, Target};
use fournil::service::storage::account;

use crate::support::server::{Reply, TestServer, server_with_owner};

/// Each operation that a signature for a container or a blob could open, with what it is in the rules.
const OPERATIONS: [(&str, &str, Action); 13] = [
    ("GET", "?comp=list", Action::ListContainers),
    ("PUT", "/con?restype=container", Action::CreateContainer),
    ("GET", "/con?restype=container", Action::ReadContainer),
    ("GET", "/con?restype=container&comp=metadata", Action::ReadContainer),
    ("GET", "/con?restype=container&comp=list", Action::ListBlobs),
    ("GET", "/con/a", Action::ReadBlob),
    ("HEAD", "/con/a", Action::ReadBlob),
    ("GET", "/con/a?comp=metadata", Action::ReadBlob),
    ("GET", "/con/a?comp=blocklist", Action::ReadBlob),
    ("PUT", "/con/a", Action::WriteBlob),
    ("PUT", "/con/a?comp=block&blockid=AAAA", Action::CreateBlob),
    ("DELETE", "/con/a", Action::DeleteBlob),
    ("DELETE", "/con?restype=container", Action::DeleteContainer),
];

struct Sas {
    container: &'static str,
    blob: Option<&'static str>,
    permissions: &'static str,
}

/// Narrower than everything, each in its way.
const SIGNED: [Sas; 7] = [
    Sas { container: "con", blob: None, permissions: "r" },
    Sas { container: "con", blob: None, permissions: "l" },
    Sas { container: "con", blob: None, permissions: "racwdl" },
    Sas { container: "con", blob: Some("a"), permissions: "r" },
    Sas { container: "con", blob: Some("a"), permissions: "d" },
    Sas { container: "con", blob: Some("b"), permissions: "racwd" },
    Sas { container: "other", blob: None, permissions: "racwdl" },
];

impl Sas {
    async fn text(&self, server: &TestServer, life: Duration) -> String {
        let wish = SasWish {
            account: "fournil".into(),
            container: self.container.into(),
            blob: self.blob.map(str::to_owned),
            permissions: self.permissions.into(),
            life,
        };
        account::storage_sas(&server.server.cx, wish).await.unwrap().sas.0
    }

    fn access(&self) -> Access {
        let (container, blob) = (self.container.to_owned(), self.blob.map(str::to_owned));
        Access::Service { permissions: self.permissions.to_owned(), container, blob }
    }
}

async fn send(server: &TestServer, method: &str, target: &str, sas: &str) -> Reply {
    let joint = if target.contains('?') { '&' } else { '?' };
    let uri = if sas.is_empty() { format!("/fournil{target}") } else { format!("/fournil{target}{joint}{sas}") };
    let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(uri);
    if method == "PUT" {
        request = request.header("content-length", "0");
        if !target.contains('?') {
            request = request.header("x-ms-blob-type", "BlockBlob");
        }
    }
    server.browser().send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_signature_opens_what_it_says_and_nothing_else() {
    let (server, _) = server_with_owner().await;
    for sas in &SIGNED {
        let text = sas.text(&server, Duration::from_mins(60)).await;
        for (method, target, action) in OPERATIONS {
            let path = target.split('?').next().unwrap().trim_start_matches('/');
            let (container, blob) = path.split_once('/').unwrap_or((path, ""));
            let allowed = sas.access().check(action, Target { container, blob });
            let reply = send(&server, method, target, &text).await;
            let what = format!("{method} {target} {} {:?} {}", sas.container, sas.blob, sas.permissions);
            // Nothing is stored yet: who may, is told so.
            assert_eq!(reply.status == 403, allowed.is_err(), "{what} {reply:?}");
            assert_ne!(reply.status, 401, "{what}");
        }
    }
}

#[tokio::test]
async fn without_a_signature_that_is_valid_nothing_is_answered() {
    let (server, _) = server_with_owner().await;
    let whole = Sas { container: "con", blob: None, permissions: "racwdl" };
    let expired = whole.text(&server, Duration::from_mins(1)).await;
    let replaced = whole.text(&server, Duration::from_mins(60)).await;
    server.clock.forward(Duration::from_mins(2));
    let key = fournil::api::KeyName::Primary;
    account::storage_key_regenerate(&server.server.cx, "fournil", key).await.unwrap();
    let good = whole.text(&server, Duration::from_mins(60)).await;
    let widened = whole.text(&server, Duration::from_mins(60)).await.replace("sp=racwdl", "sp=racwdlx");
    for (method, target, _) in OPERATIONS {
        for (what, sas) in [("none", ""), ("expired", &expired), ("widened", &widened), ("replaced key", &replaced)] {
            let reply = send(&server, method, target, sas).await;
            assert_eq!(reply.status, 403, "{what} {method} {target} {reply:?}");
        }
    }
    assert_eq!(send(&server, "GET", "/con/a", &good).await.status, 404);
}
