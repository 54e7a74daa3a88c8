//! Certificates through REST.

use fournil::api;
use fournil::domain::odata::Slice;
use fournil::service::{account, certificate};
use serde_json::{Value, json};

use crate::support::rest::Rest;

const THUMBPRINT: &str = "00112233445566778899aabbccddeeff00112233";

fn certificate(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = json!({
        "thumbprint": THUMBPRINT, "thumbprintAlgorithm": "sha1", "certificateFormat": "pfx",
        "data": "cHJpdmF0ZQ==", "password": "hunter2",
    });
    change(&mut body);
    body
}

fn path(thumbprint: &str) -> String {
    format!("/certificates(thumbprintAlgorithm=sha1,thumbprint={thumbprint})")
}

async fn with_certificate() -> Rest {
    let rest = Rest::new().await;
    rest.post("/certificates", certificate(|_| ())).await.is(201);
    rest
}

fn pool(references: Value) -> Value {
    json!({ "id": "p", "vmSize": "local_2", "targetDedicatedNodes": 0, "certificateReferences": references })
}

fn reference(thumbprint: &str) -> Value {
    json!([{ "thumbprint": thumbprint, "thumbprintAlgorithm": "sha1", "storeLocation": "currentuser", "storeName": "My",
        "visibility": ["task"] }])
}

#[tokio::test]
async fn a_certificate_is_kept_and_its_secrets_are_not_given_back() {
    let rest = Rest::new().await;
    let spaced =
        certificate(|c| c["thumbprint"] = json!("00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF 00 11 22 33"));
    let added = rest.post("/certificates", spaced).await.is(201);
    assert_eq!(added.header("dataserviceid"), format!("http://batch.example:8080{}", path(THUMBPRINT)));
    let got = rest.get(&path(&THUMBPRINT.to_uppercase())).await.is(200).json();
    assert_eq!(
        got,
        json!({
            "odata.metadata": "http://batch.example:8080/$metadata#certificates/@Element",
            "thumbprint": THUMBPRINT, "thumbprintAlgorithm": "sha1",
            "url": format!("http://127.0.0.1:1{}", path(THUMBPRINT)),
            "state": "active", "stateTransitionTime": "2027-01-15T08:00:00Z",
        })
    );
    rest.post("/certificates", certificate(|_| ())).await.is_error(409, "CertificateExists");
    let cut = rest.get(&format!("{}?$select=state", path(THUMBPRINT))).await.json();
    assert_eq!((&cut["state"], cut.get("thumbprint")), (&json!("active"), None));
    rest.get(&path("ab")).await.is_error(404, "CertificateNotFound");
    rest.get(&path("xy")).await.is_error(404, "CertificateNotFound");
    rest.get("/certificates(thumbprintAlgorithm=sha1)").await.is_error(404, "CertificateNotFound");
    rest.put("PATCH", &path(THUMBPRINT), json!({})).await.is_error(405, "UnsupportedHttpVerb");
    rest.get(&format!("{}/x", path(THUMBPRINT))).await.is_error(404, "ResourceNotFound");
}

#[tokio::test]
async fn a_cer_is_public() {
    let rest = Rest::new().await;
    let with_password = certificate(|c| c["certificateFormat"] = json!("cer"));
    let refused = rest.post("/certificates", with_password).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(refused.value("PropertyName"), "password");
    let cer = certificate(|c| {
        c["certificateFormat"] = json!("cer");
        c["password"] = Value::Null;
    });
    rest.post("/certificates", cer).await.is(201);
    assert_eq!(rest.get(&path(THUMBPRINT)).await.json()["publicData"], "cHJpdmF0ZQ==");
}

#[tokio::test]
async fn certificates_are_listed_page_by_page_and_filtered() {
    let rest = Rest::new().await;
    for thumbprint in ["b1", "a1", "c1"] {
        rest.post("/certificates", certificate(|c| c["thumbprint"] = json!(thumbprint))).await.is(201);
    }
    let first = rest.get("/certificates?maxresults=2&$filter=state%20eq%20%27active%27").await.is(200);
    assert_eq!(first.each("thumbprint"), ["a1", "b1"]);
    let link = first.json()["odata.nextLink"].as_str().unwrap().to_owned();
    let second = rest.get(link.strip_prefix("http://batch.example:8080").unwrap()).await.is(200);
    assert_eq!(second.each("thumbprint"), ["c1"]);
    let none = rest.get("/certificates?$filter=state%20ne%20%27active%27").await.is(200);
    assert_eq!(none.json()["value"], json!([]));
    rest.get("/certificates?$filter=thumbprint%20eq%20%27a1%27").await.is_error(400, "InvalidQueryParameterValue");
    rest.get("/certificates?$select=data").await.is_error(400, "InvalidQueryParameterValue");
}

#[tokio::test]
async fn a_certificate_that_pools_name_stays_and_says_so() {
    let rest = with_certificate().await;
    let named = rest.post("/pools", pool(reference(&THUMBPRINT.to_uppercase()))).await;
    named.is(201);
    let got = rest.get("/pools/p").await.json();
    assert_eq!(got["certificateReferences"], reference(THUMBPRINT), "in the form that is kept");

    rest.delete(&path(THUMBPRINT)).await.is(202);
    let failed = rest.get(&path(THUMBPRINT)).await.json();
    assert_eq!((&failed["state"], &failed["previousState"]), (&json!("deletefailed"), &json!("deleting")));
    let error = &failed["deleteCertificateError"];
    assert_eq!(error["code"], "PoolsReferencingCertificate");
    assert_eq!(error["values"], json!([{ "name": "Pools", "value": "p" }]));

    let cancel = rest.ask("POST", &format!("{}/canceldelete", path(THUMBPRINT)));
    rest.send(cancel).await.is(204);
    let active = rest.get(&path(THUMBPRINT)).await.json();
    assert_eq!((&active["state"], active.get("deleteCertificateError")), (&json!("active"), None));
    let cancel = rest.ask("POST", &format!("{}/canceldelete", path(THUMBPRINT)));
    rest.send(cancel).await.is_error(409, "CertificateStateActive");

    rest.delete(&path(THUMBPRINT)).await.is(202);
    rest.put("PATCH", "/pools/p", json!({ "certificateReferences": [] })).await.is(200);
    rest.delete(&path(THUMBPRINT)).await.is(202);
    rest.get(&path(THUMBPRINT)).await.is_error(404, "CertificateNotFound");
    rest.delete(&path(THUMBPRINT)).await.is_error(404, "CertificateNotFound");
}

#[tokio::test]
async fn a_pool_names_only_certificates_that_there_are() {
    let rest = with_certificate().await;
    let refused = rest.post("/pools", pool(reference("ab"))).await.is_error(409, "InvalidCertificateReferences");
    assert_eq!(refused.value("Thumbprint"), "ab");
    rest.get("/pools/p").await.is_error(404, "PoolNotFound");
    let refused = rest.post("/pools", pool(reference("no"))).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(refused.value("PropertyName"), "certificateReferences[0].thumbprint");

    rest.post("/pools", pool(json!([]))).await.is(201);
    let change = |thumbprint: &str| json!({ "certificateReferences": reference(thumbprint) });
    rest.put("PATCH", "/pools/p", change("ab")).await.is_error(409, "InvalidCertificateReferences");
    rest.put("PATCH", "/pools/p", change(THUMBPRINT)).await.is(200);
    assert_eq!(rest.get("/pools/p").await.json()["certificateReferences"], reference(THUMBPRINT));
    let update =
        json!({ "metadata": [], "applicationPackageReferences": [], "certificateReferences": reference("ab") });
    rest.post("/pools/p/updateproperties", update).await.is_error(409, "InvalidCertificateReferences");
    let update = json!({ "metadata": [], "applicationPackageReferences": [] });
    rest.post("/pools/p/updateproperties", update).await.is(204);
    assert_eq!(rest.get("/pools/p").await.json().get("certificateReferences"), None, "what is absent goes");
}

#[tokio::test]
async fn a_deleted_account_takes_its_certificates_with_it() {
    let rest = with_certificate().await;
    let (cx, caller, account) = (&rest.world.cx, &rest.world.caller, &rest.world.account);
    account::account_delete(cx, caller, account).await.unwrap();
    let is_gone = async || account::account_get(cx, caller, account).await.is_err().then_some(());
    rest.world.until("the account is gone", is_gone).await;
    let create = api::AccountCreate { name: "test".into(), location: "local".into(), ..Default::default() };
    account::account_create(cx, caller, create).await.unwrap();
    let found = certificate::certificate_slice(cx, caller, account, &Slice { limit: 10, ..Slice::default() }).await;
    assert_eq!(found.unwrap().items, []);
}
