//! What all requests of the data plane have in common.

use serde_json::json;

use crate::support::rest::Rest;

#[tokio::test]
async fn a_request_says_its_version() {
    let rest = Rest::new().await;
    let code = |query: &'static str| {
        let rest = &rest;
        async move {
            let mut ask = rest.ask("GET", "/pools");
            ask.query = query.to_owned();
            rest.send(ask).await
        }
    };
    let missing = code("maxresults=5").await.is_error(400, "MissingRequiredQueryParameter");
    assert_eq!(missing.value("QueryParameterName"), "api-version");
    code("api-version=latest").await.is_error(400, "InvalidQueryParameterValue");
    code("api-version=2017-01-01.4.0").await.is_error(400, "UnsupportedRequestVersion");
    for version in ["2019-08-01.10.0", "2025-06-01", "2026-10-01"] {
        rest.get(&format!("/pools?api-version={version}")).await.is(200);
    }
}

#[tokio::test]
async fn unknown_parameters_are_refused_by_name_and_known_ones_read_in_any_case() {
    let rest = Rest::new().await;
    let unknown = rest.get("/pools?$top=5").await.is_error(400, "UnsupportedQueryParameter");
    assert_eq!(unknown.value("QueryParameterName"), "$top");
    rest.get("/pools?timeOut=5&MaxResults=3").await.is(200);
    rest.get("/pools?maxresults=0").await.is_error(400, "OutOfRangeQueryParameterValue");
    let filter = rest.get("/pools?$filter=colour%20eq%20%27red%27").await.is_error(400, "InvalidQueryParameterValue");
    assert_eq!(filter.value("QueryParameterName"), "$filter");
    assert!(filter.value("Reason").contains("colour"), "{}", filter.value("Reason"));
    rest.get("/pools?$select=id,colour").await.is_error(400, "InvalidQueryParameterValue");
    rest.get("/pools?$expand=nodes").await.is_error(400, "InvalidQueryParameterValue");
}

#[tokio::test]
async fn an_answer_carries_the_ids_of_its_request() {
    let rest = Rest::new().await;
    let first = rest.get("/pools").await;
    let second = rest.get("/pools").await;
    assert_eq!(first.header("request-id").len(), 36);
    assert_ne!(first.header("request-id"), second.header("request-id"));
    let ask = || rest.ask("GET", "/pools").header("client-request-id", "00000000-1111-2222-3333-444444444444");
    assert_eq!(rest.send(ask()).await.header("client-request-id"), "");
    let wanted = rest.send(ask().header("return-client-request-id", "true")).await;
    assert_eq!(wanted.header("client-request-id"), "00000000-1111-2222-3333-444444444444");
    assert_eq!(wanted.header("content-type"), "application/json;odata=minimalmetadata");
    assert_eq!(wanted.json()["odata.metadata"], "http://batch.example:8080/$metadata#pools");
}

#[tokio::test]
async fn unknown_paths_and_verbs_are_refused_in_batchs_form() {
    let rest = Rest::new().await;
    rest.get("/pools/p/colour").await.is_error(404, "ResourceNotFound");
    rest.get("/elsewhere").await.is_error(404, "ResourceNotFound");
    rest.put("PUT", "/pools", json!({})).await.is_error(405, "UnsupportedHttpVerb");
    rest.delete("/nodecounts").await.is_error(405, "UnsupportedHttpVerb");
    rest.get("/pools/%ff").await.is_error(400, "InvalidUri");
    rest.get("/pools/..").await.is_error(404, "PoolNotFound");
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_with_the_propertys_path() {
    let rest = Rest::new().await;
    let post = async |body: &str| rest.send(rest.ask("POST", "/pools").body(body.as_bytes().to_vec())).await;
    let unknown = post(r#"{"id":"p","vmSize":"local_2","colour":"red"}"#).await.is_error(400, "UnsupportedProperty");
    assert_eq!(unknown.value("PropertyName"), "colour");
    let missing = post(r#"{"id":"p"}"#).await.is_error(400, "MissingRequiredProperty");
    assert_eq!(missing.value("PropertyName"), "vmSize");
    let invalid = post(r#"{"id":"p","vmSize":"local_2","targetDedicatedNodes":-1}"#).await;
    let invalid = invalid.is_error(400, "InvalidPropertyValue");
    assert_eq!(
        (invalid.value("PropertyName"), invalid.value("PropertyValue")),
        ("targetDedicatedNodes".into(), "-1".into())
    );
    for body in ["", "{", "[]", "{\"id\":\"p\",\"id\":\"q\"}", "\u{feff}{}"] {
        post(body).await.is_error(400, "InvalidRequestBody");
    }
    rest.get("/pools/p").await.is_error(404, "PoolNotFound");
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_too_large() {
    let rest = Rest::new().await;
    let body =
        |length: usize| format!("{{\"id\":\"p\",\"vmSize\":\"local_2\"{}}}", " ".repeat(length - 29)).into_bytes();
    rest.send(rest.ask("POST", "/pools").body(body((1 << 20) + 1))).await.is_error(413, "RequestBodyTooLarge");
    rest.send(rest.ask("POST", "/pools").body(body(1 << 20))).await.is(201);
}

#[tokio::test]
async fn an_account_without_applications_has_an_empty_list() {
    let rest = Rest::new().await;
    assert_eq!(rest.get("/applications").await.is(200).json()["value"], json!([]));
    rest.get("/applications/a").await.is_error(404, "ApplicationNotFound");
}

#[tokio::test]
async fn supported_images_are_listed_page_by_page_and_filtered() {
    let rest = Rest::new().await;
    let all = rest.get("/supportedimages").await.is(200);
    assert!(all.each("nodeAgentSKUId").contains(&"batch.node.ubuntu 22.04".to_owned()));
    let filter = "$filter=nodeAgentSKUId%20eq%20%27batch.node.debian%2012%27";
    assert_eq!(rest.get(&format!("/supportedimages?{filter}")).await.each("osType"), ["linux"]);
    let first = rest.get("/supportedimages?maxresults=5").await;
    let link = first.json()["odata.nextLink"].as_str().unwrap().to_owned();
    let second = rest.get(link.strip_prefix("http://batch.example:8080").unwrap()).await;
    let both = [first.each("nodeAgentSKUId"), second.each("nodeAgentSKUId")].concat();
    assert_eq!(both, all.each("nodeAgentSKUId")[..10]);
}
