//! Storage in the portal: what a user may do with containers and blobs, and how their bytes come and go.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use fournil::api::{Code, Role, Secret};
use fournil::service::{Caller, user};
use serde_json::{Value, json};

use crate::support::server::{Browser, PASSWORD, Reply, TestServer, server_with_owner};

const BLOB: &str = "/portal/blobs/fournil/cont/a%20b/%C3%A9.html";

fn at(name: &str) -> Value {
    json!({ "storage": "fournil", "container": "cont", "blob": name })
}

async fn send(browser: &Browser, method: Method, path: &str, headers: &[(&str, &str)], body: &'static str) -> Reply {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    browser.send(request.body(Body::from(body)).unwrap()).await
}

async fn block(browser: &Browser, path: &str, id: &str, body: &'static str) -> Reply {
    let path = format!("{path}?block={id}");
    send(browser, Method::PUT, &path, &[("content-type", "application/octet-stream")], body).await
}

/// A container `cont` with a page that would do harm if a browser ran it.
async fn with_blob() -> (TestServer, Browser) {
    let (server, mut browser) = server_with_owner().await;
    browser.call("container_create", json!({ "storage": "fournil", "container": "cont" })).await.expect_ok();
    assert_eq!(block(&browser, BLOB, "AAAA", "<script>alert(").await.status, StatusCode::CREATED);
    assert_eq!(block(&browser, BLOB, "AAAB", "1)</script>").await.status, StatusCode::CREATED);
    let commit = json!({ "name": "a b/é.html", "blocks": ["AAAA", "AAAB"], "contentType": "text/html" });
    let body = json!({ "storage": "fournil", "container": "cont", "commit": commit });
    browser.call("blob_commit", body).await.expect_ok();
    (server, browser)
}

#[tokio::test]
async fn a_file_is_uploaded_found_read_and_deleted() {
    let (_server, mut browser) = with_blob().await;
    let list = |folder: &str| json!({ "storage": "fournil", "container": "cont", "folder": folder, "from": "" });
    let root = browser.call("blob_list", list("")).await.expect_ok();
    assert_eq!((&root["folders"], &root["blobs"]), (&json!(["a b/"]), &json!([])));
    let folder = browser.call("blob_list", list("a b/")).await.expect_ok();
    assert_eq!((&folder["blobs"][0]["name"], &folder["blobs"][0]["length"]), (&json!("a b/é.html"), &json!(25)));
    let mut part = at("a b/é.html");
    (part["offset"], part["length"]) = (json!(8), json!(5));
    let text = browser.call("blob_text", part).await.expect_ok();
    assert_eq!((&text["text"], &text["end"], &text["fileLength"]), (&json!("alert"), &json!(13), &json!(25)));

    let commit = json!({ "name": "a b/é.html", "blocks": [] });
    let again = json!({ "storage": "fournil", "container": "cont", "commit": commit });
    browser.call("blob_commit", again).await.expect_error(Code::BlobAlreadyExists);
    browser.call("blob_delete", at("a b/é.html")).await.expect_ok();
    browser.call("blob_get", at("a b/é.html")).await.expect_error(Code::BlobNotFound);
    browser.call("container_delete", json!({ "storage": "fournil", "container": "cont" })).await.expect_ok();
    browser.call("blob_list", list("")).await.expect_error(Code::ContainerNotFound);
}

#[tokio::test]
async fn what_somebody_stored_is_saved_and_never_run() {
    let (_server, browser) = with_blob().await;
    let whole = send(&browser, Method::GET, BLOB, &[], "").await;
    assert_eq!((whole.status.as_u16(), &whole.body[..]), (200, &b"<script>alert(1)</script>"[..]));
    for (name, expected) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename*=UTF-8''%C3%A9.html"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(whole.header(name), Some(expected), "{name}");
    }
    let part = send(&browser, Method::GET, BLOB, &[("range", "bytes=0-6")], "").await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &b"<script"[..]));
    assert_eq!(part.header("content-range"), Some("bytes 0-6/25"));
    // It is no picture, whatever it is called.
    let picture = format!("{BLOB}?view=picture");
    send(&browser, Method::GET, &picture, &[], "").await.expect_error(Code::InvalidInput);
    let png = "/portal/blobs/fournil/cont/dot.png";
    assert_eq!(block(&browser, png, "AAAA", "GIF89a is no PNG").await.status, StatusCode::CREATED);
    let commit = json!({ "name": "dot.png", "blocks": ["AAAA"] });
    let body = json!({ "storage": "fournil", "container": "cont", "commit": commit });
    browser.clone().call("blob_commit", body).await.expect_ok();
    let shown = send(&browser, Method::GET, "/portal/blobs/fournil/cont/dot.png?view=picture", &[], "").await;
    assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, Some("image/gif")));
    assert_eq!(shown.header("content-security-policy"), Some("default-src 'none'; sandbox"));
}

#[tokio::test]
async fn strangers_and_other_sites_reach_no_blob() {
    let (server, browser) = with_blob().await;
    let stranger = server.browser();
    send(&stranger, Method::GET, BLOB, &[], "").await.expect_error(Code::Unauthorized);
    block(&stranger, BLOB, "AAAA", "x").await.expect_error(Code::Unauthorized);
    for headers in [
        &[("content-type", "text/plain")][..],
        &[],
        &[("content-type", "application/octet-stream"), ("origin", "http://evil.example")],
        &[("content-type", "application/octet-stream"), ("sec-fetch-site", "cross-site")],
    ] {
        let path = format!("{BLOB}?block=AAAA");
        send(&browser, Method::PUT, &path, headers, "x").await.expect_error(Code::Forbidden);
    }
    let reading = send(&browser, Method::GET, BLOB, &[("sec-fetch-site", "cross-site")], "").await;
    reading.expect_error(Code::Forbidden);
}

#[tokio::test]
async fn roles_decide_who_reads_changes_and_sees_keys() {
    let (server, mut owner) = with_blob().await;
    for role in Role::ALL {
        let (cx, name) = (&server.server.cx, format!("{role:?}").to_lowercase());
        user::user_create(cx, &Caller::system(), &name, *role, Secret(PASSWORD.into())).await.unwrap();
    }
    let read = json!({ "storage": "fournil", "from": "" });
    let sas = |rights: &str, life: &str| json!({ "wish": { "account": "fournil", "container": "cont", "permissions": rights, "life": life } });
    for (role, reads, sees_keys) in [
        (Role::Owner, true, true),
        (Role::Contributor, true, true),
        (Role::BatchDataContributor, true, false),
        (Role::BatchJobSubmitter, true, false),
        (Role::Reader, false, false),
    ] {
        let mut browser = server.browser();
        browser.sign_in(&format!("{role:?}").to_lowercase(), PASSWORD).await.expect_ok();
        for (function, body, may) in [
            ("storage_list", json!({}), reads),
            ("container_list", read.clone(), reads),
            ("blob_get", at("a b/é.html"), reads),
            ("storage_sas", sas("r", "PT1H"), reads),
            ("storage_sas", sas("rw", "PT1H"), reads),
            ("storage_keys", json!({ "storage": "fournil" }), sees_keys),
            ("storage_key_regenerate", json!({ "storage": "fournil", "key": "Secondary" }), sees_keys),
        ] {
            let reply = browser.call(function, body).await;
            if may {
                reply.expect_ok();
            } else {
                reply.expect_error(Code::InsufficientAccountPermissions);
            }
        }
        let long = browser.call("storage_sas", sas("r", "P60D")).await;
        if sees_keys {
            long.expect_ok();
        } else {
            assert_ne!(long.status, StatusCode::OK, "{role}");
        }
    }
    // A signed URL does what it says, until its key is replaced.
    let made = owner.call("storage_sas", sas("rl", "PT1H")).await.expect_ok();
    let url = made["url"].as_str().unwrap().to_owned();
    let path = url.split_once("/fournil/").unwrap().1.replacen('?', "/a%20b/%C3%A9.html?", 1);
    let path = format!("/fournil/{path}");
    let stranger = server.browser();
    assert_eq!(send(&stranger, Method::GET, &path, &[], "").await.status, StatusCode::OK);
    owner.call("storage_key_regenerate", json!({ "storage": "fournil", "key": "Primary" })).await.expect_ok();
    assert_eq!(send(&stranger, Method::GET, &path, &[], "").await.status, StatusCode::FORBIDDEN);
}
