//! The portal: server functions, and what its pages load beside them.

use fournil::api::{Code, Duration};
use fournil::domain::permission::Permission as P;
use serde_json::{Value, json};

use crate::security::{any_arguments, server_functions};
use crate::support::people::{Person, Place, installation};
use crate::support::server::{Browser, PASSWORD};

/// What a function is for.
enum For {
    /// Whoever is signed in: it shows or changes nothing but the caller's own.
    Everybody,
    Those(P, Place),
    /// It says of what the caller may not see that there is none.
    Hidden,
    /// It needs no sign-in, or ends it.
    Session,
}

fn whom(function: &str) -> For {
    let (first, everywhere, somewhere) = (Place::First, Place::Everywhere, Place::Somewhere);
    let reads =
        ["_list", "_get", "_history", "_text", "_map", "_waiting", "_info"].iter().any(|end| function.ends_with(end));
    match function {
        "sign_in" | "sign_out" | "set_up" | "password_set" | "external_sign_in_info" => For::Session,
        "session_get" | "reference_get" | "token_list" | "token_create" => For::Everybody,
        "token_revoke" | "role_assignment_delete" => For::Hidden,
        // A code is the secret of whoever it was shown to.
        "device_sign_in_get" | "device_sign_in_allow" | "device_sign_in_refuse" => For::Hidden,
        "account_list" | "location_list" | "subscription_list" | "resource_group_list" | "resource_group_get" => {
            For::Those(P::AccountRead, somewhere)
        }
        "account_name_check" => For::Those(P::AccountRead, everywhere),
        "account_create" | "resource_group_put" => For::Those(P::AccountWrite, everywhere),
        "resource_group_delete" => For::Those(P::AccountDelete, everywhere),
        "account_quotas_set" => For::Those(P::QuotaWrite, everywhere),
        "account_get" | "account_storage_get" | "key_info" | "role_assignment_list" | "activity_list" => {
            For::Those(P::AccountRead, first)
        }
        "service_event_settings_get" => For::Those(P::AccountRead, first),
        "service_event_settings_set" => For::Those(P::AccountWrite, first),
        "account_patch" | "account_storage_set" | "account_storage_sync" => For::Those(P::AccountWrite, first),
        "account_delete" => For::Those(P::AccountDelete, first),
        "key_list" => For::Those(P::KeyRead, first),
        "key_regenerate" => For::Those(P::KeyWrite, first),
        "role_assignment_create" | "password_link_create" | "session_list" | "session_revoke" => {
            For::Those(P::UserWrite, everywhere)
        }
        "external_attempt_list" => For::Those(P::UserWrite, everywhere),
        "storage_keys" => For::Those(P::KeyRead, everywhere),
        "storage_key_regenerate" => For::Those(P::KeyWrite, everywhere),
        "storage_link" | "storage_credentials_set" | "storage_unlink" => For::Those(P::StorageLink, everywhere),
        // A URL that only reads, and a question.
        "storage_sas" | "storage_check" => For::Those(P::StorageRead, everywhere),
        "pool_evaluate_auto_scale" | "node_access_get" | "account_history" => For::Those(P::PoolRead, first),
        name if name.starts_with("web_hook_") => For::Those(P::AccountWrite, first),
        name if name.starts_with("user_") => For::Those(P::UserWrite, everywhere),
        name if ["storage_", "container_", "blob_"].iter().any(|thing| name.starts_with(thing)) => {
            For::Those(if reads { P::StorageRead } else { P::StorageWrite }, everywhere)
        }
        name if ["pool_", "node_", "application_", "service_event_"].iter().any(|thing| name.starts_with(thing)) => {
            For::Those(if reads { P::PoolRead } else { P::PoolWrite }, first)
        }
        name if ["job_", "task_", "subtask_"].iter().any(|thing| name.starts_with(thing)) => {
            For::Those(if reads { P::JobRead } else { P::JobWrite }, first)
        }
        name => panic!("say whom {name} is for"),
    }
}

/// As [`any_arguments`], on account `first`.
fn arguments() -> Value {
    let mut arguments = any_arguments();
    arguments["account"] = json!("first");
    arguments
}

async fn signed_in(server: &crate::support::server::TestServer, person: &Person) -> Browser {
    let mut browser = server.browser();
    browser.sign_in(&person.name, PASSWORD).await.expect_ok();
    browser
}

#[tokio::test]
async fn each_function_is_for_those_whose_role_allows_it() {
    let (server, people) = installation().await;
    let mut wrong = Vec::new();
    for person in &people {
        let mut browser = signed_in(&server, person).await;
        for path in server_functions() {
            let name = path.rsplit('/').next().unwrap();
            let may = match whom(name) {
                For::Session => continue,
                For::Everybody => true,
                For::Hidden => {
                    // Who tries codes is slowed down; that is seen elsewhere.
                    server.clock.forward(Duration::from_mins(31));
                    browser.call(name, arguments()).await.expect_error(Code::ResourceNotFound);
                    continue;
                }
                For::Those(permission, place) => person.may(permission, place),
            };
            // The account would be gone for everybody who comes later.
            if may && name == "account_delete" {
                continue;
            }
            let reply = browser.call(name, arguments()).await;
            let refused = reply.status == 403;
            assert!(!refused || reply.error().code == Code::InsufficientAccountPermissions, "{name} {reply:?}");
            assert_ne!(reply.status, 401, "{name}");
            if refused == may {
                wrong.push(format!("{} {name}: {} {:?}", person.name, reply.status, reply.json()["code"]));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// What pages load by ordinary GETs.
const LOADS: [(&str, P, Place); 7] = [
    ("/portal/download/first/j/t/stdout.txt", P::JobRead, Place::First),
    ("/portal/node-files/first/p/n/startup/stdout.txt", P::PoolRead, Place::First),
    ("/portal/blobs/fournil/abc/b", P::StorageRead, Place::Everywhere),
    ("/portal/activity/csv", P::AccountRead, Place::Somewhere),
    ("/portal/activity/json?account=first", P::AccountRead, Place::First),
    ("/portal/service-events/first", P::PoolRead, Place::First),
    ("/portal/activity/json", P::AccountRead, Place::Somewhere),
];

#[tokio::test]
async fn downloads_are_for_those_whose_role_allows_them() {
    let (server, people) = installation().await;
    for (path, permission, place) in LOADS {
        server.browser().get(path).await.expect_error(Code::Unauthorized);
        for person in &people {
            let reply = signed_in(&server, person).await.get(path).await;
            assert_eq!(reply.status != 403, person.may(permission, place), "{} {path} {reply:?}", person.name);
        }
    }
}
