//! File systems of pools: what REST takes, gives back and refuses.

use serde_json::{Value, json};

use crate::support::rest::Rest;

fn pool(mounts: Value) -> Value {
    json!({ "id": "p", "vmSize": "local_2", "targetDedicatedNodes": 0, "mountConfiguration": mounts })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mounts_are_given_back_without_their_secrets() {
    let rest = Rest::new().await;
    let nfs = json!({ "nfsMountConfiguration": { "source": "nas:/a", "relativeMountPath": "data", "mountOptions": "-o ro" } });
    let share = json!({ "azureFileShareConfiguration": {
        "accountName": "acc", "azureFileUrl": "https://acc.file.core.windows.net/s", "relativeMountPath": "share", "accountKey": "S3CRET" } });
    rest.post("/pools", pool(json!([nfs, share]))).await.is(201);
    let mut shown = share;
    shown["azureFileShareConfiguration"].as_object_mut().unwrap().remove("accountKey");
    assert_eq!(rest.get("/pools/p").await.json()["mountConfiguration"], json!([nfs, shown]));
    // Only given as a whole, and only while there are no nodes.
    rest.put("PATCH", "/pools/p", json!({ "mountConfiguration": [nfs] })).await.is(200);
    assert_eq!(rest.get("/pools/p").await.json()["mountConfiguration"], json!([nfs]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_mount_is_named() {
    let rest = Rest::new().await;
    let check = async |change: Value, property: &str| {
        let mut nfs = json!({ "source": "nas:/a", "relativeMountPath": "data" });
        nfs.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = pool(json!([{ "nfsMountConfiguration": nfs }]));
        let error = rest.post("/pools", body).await.is_error(400, "InvalidPropertyValue");
        assert_eq!(error.value("PropertyName"), format!("mountConfiguration[0].nfsMountConfiguration.{property}"));
    };
    check(json!({ "relativeMountPath": "../up" }), "relativeMountPath").await;
    check(json!({ "source": "/etc" }), "source").await;
    check(json!({ "mountOptions": "--bind" }), "mountOptions").await;
    check(json!({ "mountOptions": "-o suid" }), "mountOptions").await;
}
