//! Limits of accounts: who sets them, and that they hold at once.

use fournil::api::{Code, Role, Secret};
use fournil::service::{Caller, user};
use serde_json::{Value, json};

use crate::support::program::admin;
use crate::support::server::{PASSWORD, server_with_owner};

fn quotas(pools: i64, jobs: i64) -> Value {
    json!({ "dedicatedCoreQuota": 8, "lowPriorityCoreQuota": 4, "poolQuota": pools, "activeJobAndJobScheduleQuota": jobs })
}

#[tokio::test]
async fn an_owner_sets_limits_that_hold_at_once_and_nobody_else_does() {
    let (server, mut owner) = server_with_owner().await;
    let cx = &server.server.cx;
    owner.call("account_create", json!({ "create": { "name": "abc", "location": "local" } })).await.expect_ok();
    user::user_create(cx, &Caller::system(), "carl", Role::Contributor, Secret(PASSWORD.into())).await.unwrap();
    let mut contributor = server.browser();
    contributor.sign_in("carl", PASSWORD).await.expect_ok();
    let set = |pools, jobs| json!({ "account": "abc", "quotas": quotas(pools, jobs) });
    contributor.call("account_quotas_set", set(1, 1)).await.expect_error(Code::InsufficientAccountPermissions);
    let changed = owner.call("account_quotas_set", set(1, 1)).await.expect_ok();
    assert_eq!(changed["quotas"], quotas(1, 1));
    let pool =
        |id: &str| json!({ "account": "abc", "create": { "id": id, "vmSize": "local_1", "targetDedicatedNodes": 0 } });
    contributor.call("pool_create", pool("one")).await.expect_ok();
    contributor.call("pool_create", pool("two")).await.expect_error(Code::PoolQuotaReached);
    let job = |id: &str| json!({ "account": "abc", "create": { "id": id, "poolInfo": { "poolId": "one" } } });
    contributor.call("job_create", job("one")).await.expect_ok();
    contributor.call("job_create", job("two")).await.expect_error(Code::ActiveJobAndScheduleQuotaReached);
    // Lowered below what is in use: nothing is taken away.
    owner.call("account_quotas_set", set(0, 0)).await.expect_ok();
    owner.call("pool_get", json!({ "account": "abc", "pool": "one" })).await.expect_ok();
    owner.call("account_quotas_set", set(2, 2)).await.expect_ok();
    contributor.call("pool_create", pool("two")).await.expect_ok();
    let error = owner.call("account_quotas_set", set(-1, 2)).await.expect_error(Code::InvalidPropertyValue);
    assert_eq!(error.value("PropertyName"), Some("poolQuota"));
    owner
        .call("account_quotas_set", json!({ "account": "none", "quotas": quotas(1, 1) }))
        .await
        .expect_error(Code::AccountNotFound);
}

#[tokio::test]
async fn the_operator_changes_one_limit_and_leaves_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    admin(&data_dir, &["account", "create", "abc"]).await.expect_ok();
    let before = admin(&data_dir, &["account", "show", "abc"]).await.expect_ok()["account"]["quotas"].clone();
    let words = ["account", "set-quota", "abc", "--dedicated-cores", "64", "--jobs", "7"];
    let after = admin(&data_dir, &words).await.expect_ok()["quotas"].clone();
    assert_eq!((&after["dedicatedCoreQuota"], &after["activeJobAndJobScheduleQuota"]), (&json!(64), &json!(7)));
    assert_eq!(
        (&after["poolQuota"], &after["lowPriorityCoreQuota"]),
        (&before["poolQuota"], &before["lowPriorityCoreQuota"])
    );
    admin(&data_dir, &["account", "set-quota", "abc", "--pools=-3"]).await.expect_failure("poolQuota");
}
