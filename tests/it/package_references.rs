//! Pools and tasks that refer to application packages: which references can be, and what nodes are told.

use axum::http::Method;
use fournil::api::agent::{FromAgent, Hello, Package};
use fournil::api::{self, ApplicationPackageReference, Code, NodeState};
use fournil::domain::odata::Slice;
use fournil::service::{application, pool};
use serde_json::json;

use crate::arm_applications::{linked, upload};
use crate::support::arm::{ACCOUNT, Arm};
use crate::support::world::simple;

/// Makes the version active with some content.
async fn activate(arm: &Arm, application: &str, version: &str) {
    let path = format!("{ACCOUNT}/applications/{application}/versions/{version}");
    arm.call(Method::PUT, &format!("{ACCOUNT}/applications/{application}"), None).await.is(200);
    let pending = arm.call(Method::PUT, &path, None).await.is(200).json();
    upload(arm, &pending, "zip").await;
    arm.post(&format!("{path}/activate"), json!({ "format": "zip" })).await.is(200);
}

fn reference(id: &str, version: Option<&str>) -> ApplicationPackageReference {
    ApplicationPackageReference { application_id: id.into(), version: version.map(str::to_owned) }
}

async fn make_pool(arm: &Arm, id: &str, references: Vec<ApplicationPackageReference>) -> Result<api::Pool, api::Error> {
    let create = api::PoolCreate {
        id: id.into(),
        vm_size: "local_2".into(),
        target_dedicated_nodes: Some(1),
        application_package_references: Some(references),
        ..Default::default()
    };
    let (cx, caller) = (&arm.world.cx, &arm.world.caller);
    pool::pool_create(cx, caller, &arm.world.account, create).await.map_err(api::Error::from)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_refers_to_packages_that_can_be_deployed() {
    let arm = linked().await;
    activate(&arm, "tool", "1.0").await;
    arm.call(Method::PUT, &format!("{ACCOUNT}/applications/tool/versions/2.0"), None).await.is(200);
    let other = ACCOUNT.replace("/test", "/other");
    for (id, version) in [
        ("none", Some("1.0")),
        ("tool", None),
        ("tool", Some("2.0")),
        ("tool", Some("3.0")),
        (&format!("{other}/applications/tool"), Some("1.0")),
    ] {
        let error = make_pool(&arm, "p", vec![reference(id, version)]).await.unwrap_err();
        assert_eq!(error.code, Code::InvalidApplicationPackageReferences, "{id} {version:?}");
        assert_eq!(error.value("ApplicationId"), Some(id));
    }
    let too_many = vec![reference("tool", Some("1.0")); 11];
    assert_eq!(make_pool(&arm, "p", too_many).await.unwrap_err().code, Code::InvalidPropertyValue);
    // A whole ARM id is the application's own; it is kept as the plain one.
    let made =
        make_pool(&arm, "p", vec![reference(&format!("{ACCOUNT}/applications/tool"), Some("1.0"))]).await.unwrap();
    assert_eq!(made.settings.application_package_references, Some(vec![reference("tool", Some("1.0"))]));
    let shown = arm.get(&format!("{ACCOUNT}/pools/p")).await.json();
    let expected = json!([{ "id": format!("{ACCOUNT}/applications/tool"), "version": "1.0" }]);
    assert_eq!(shown["properties"]["applicationPackages"], expected);
    let change = json!({ "properties": { "applicationPackages": [{ "id": format!("{ACCOUNT}/applications/tool") }] } });
    let refused = arm.patch(&format!("{ACCOUNT}/pools/p"), change.clone()).await;
    refused.is_arm_error(409, "InvalidApplicationPackageReferences");
    arm.patch(&format!("{ACCOUNT}/applications/tool"), json!({ "properties": { "defaultVersion": "1.0" } }))
        .await
        .is(200);
    arm.patch(&format!("{ACCOUNT}/pools/p"), change).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_data_plane_shows_what_can_be_used() {
    let arm = linked().await;
    activate(&arm, "tool", "1.0").await;
    activate(&arm, "tool", "1.1").await;
    arm.put(&format!("{ACCOUNT}/applications/pending/versions/1"), json!({}))
        .await
        .is_arm_error(404, "ApplicationNotFound");
    arm.put(&format!("{ACCOUNT}/applications/pending"), json!({})).await.is(200);
    arm.put(&format!("{ACCOUNT}/applications/pending/versions/1"), json!({})).await.is(200);
    let (cx, caller, account) = (&arm.world.cx, &arm.world.caller, &arm.world.account);
    let slice = Slice { limit: 10, ..Slice::default() };
    let listed = application::application_summary_slice(cx, caller, account, &slice).await.unwrap();
    let versions = vec!["1.0".to_owned(), "1.1".to_owned()];
    let tool = api::ApplicationSummary { id: "tool".into(), display_name: "tool".into(), versions };
    assert_eq!((listed.items, listed.next), (vec![tool.clone()], None));
    let got = application::application_summary_get(cx, caller, account, "TOOL").await.unwrap();
    assert_eq!(got, tool);
    let missing = application::application_summary_get(cx, caller, account, "pending").await.unwrap_err();
    assert_eq!(missing.public.code, Code::ApplicationNotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_idle_once_it_has_its_pools_packages() {
    let arm = linked().await;
    let world = &arm.world;
    activate(&arm, "tool", "1.0").await;
    make_pool(&arm, "p", vec![reference("tool", Some("1.0"))]).await.unwrap();
    let node = world.node().await;
    let is = async |state| (world.node_state("p", &node.id).await == state).then_some(());
    world.until("it waits for its packages", async || is(NodeState::Starting).await).await;
    node.says(FromAgent::PackagesDeployed);
    world.until("it is idle", async || is(NodeState::Idle).await).await;
    let (key, id) = node.disconnects();
    let hello = Hello { packages_deployed: true, ..world.hello(&id, "boot-1") };
    let welcome = world.welcomed(key, hello).await;
    let [package] = welcome.packages.as_slice() else { panic!("{:?}", welcome.packages) };
    assert!(package.directory.starts_with("applications/tool/1.0/"), "{}", package.directory);
    assert!(package.url.0.starts_with("http://127.0.0.1:1/fournil/app-tool-") && package.url.0.contains("sp=r&"));
    assert_eq!((package.is_default, &package.problem), (false, &None));
    // One that cannot be deployed makes the node unusable.
    let node = world.connect(key, id, "boot-2", Vec::new(), Vec::new()).await;
    let error = api::NodeError { code: "ApplicationPackageError".into(), message: "x".into(), error_details: vec![] };
    node.says(FromAgent::Health { error: Some(error) });
    let unusable = async || (world.node_state("p", &node.id).await == NodeState::Unusable).then_some(());
    world.until("it is unusable", unusable).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_sent_with_the_packages_as_they_are_then() {
    let arm = linked().await;
    let world = &arm.world;
    activate(&arm, "tool", "1.0").await;
    make_pool(&arm, "p", Vec::new()).await.unwrap();
    let mut node = world.node().await;
    world.job("j", "p").await;
    let with = |id: &str, references: Vec<ApplicationPackageReference>| api::TaskCreate {
        application_package_references: Some(references),
        ..simple(id)
    };
    world.add("j", vec![with("a", vec![reference("tool", Some("1.0"))])]).await;
    let first = node.runs().await.remove(0);
    let directory = |packages: &[Package]| packages[0].directory.clone();
    node.ended(&first, 0);
    activate(&arm, "tool", "1.0").await;
    world.add("j", vec![with("b", vec![reference("tool", Some("1.0")), reference("none", None)]), simple("c")]).await;
    let mut runs = node.runs().await;
    while runs.len() < 2 {
        runs.extend(node.runs().await);
    }
    runs.sort_by(|a, b| a.task.cmp(&b.task));
    let second = &runs[0];
    assert_ne!(
        directory(&first.packages),
        directory(&second.packages),
        "a package that was replaced reaches new tasks"
    );
    // Nobody knew when the task was added; the node says it.
    assert_eq!(second.packages[1].problem.as_deref(), Some("the account has no such application"));
    assert!(runs[1].packages.is_empty());
}
