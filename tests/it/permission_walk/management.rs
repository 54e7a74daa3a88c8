//! Azure's management plane.

use axum::http::Method;
use fournil::arm;
use fournil::domain::permission::Permission as P;

use crate::arm_access::body;
use crate::support::people::{Person, Place, call, dead_tokens, installation, limited};
use crate::support::server::TestServer;

/// What a route takes; nothing for what everybody may who has a token.
fn takes(method: &Method, path: &str) -> Option<(P, Place)> {
    let reads = *method == Method::GET;
    let (everywhere, first) = (Place::Everywhere, Place::First);
    if path.ends_with("/providers/microsoft.batch/operations")
        || path == "/tenants"
        // They say whether there is such an operation, and only that it is over.
        || path.ends_with("operationresults/{operation}")
    {
        return None;
    }
    let above_accounts = !path.contains("/batchaccounts/{account}");
    if path.contains("/microsoft.authorization/roleassignments") {
        return Some(match (above_accounts, reads) {
            (true, _) => (P::UserWrite, everywhere),
            (false, true) => (P::AccountRead, first),
            (false, false) => (P::UserWrite, first),
        });
    }
    if above_accounts && path.contains("/microsoft.authorization/roledefinitions") {
        return Some((P::AccountRead, Place::Somewhere));
    }
    let of_account = path.split_once("/batchaccounts/{account}").map(|(_, rest)| rest);
    Some(match (of_account, path) {
        (Some(""), _) if reads => (P::AccountRead, first),
        (Some(""), _) if *method == Method::DELETE => (P::AccountDelete, first),
        (Some(""), _) => (P::AccountWrite, first),
        (Some("/listkeys"), _) => (P::KeyRead, first),
        (Some("/regeneratekeys"), _) => (P::KeyWrite, first),
        (Some("/syncautostoragekeys"), _) => (P::AccountWrite, first),
        (Some(rest), _) if !reads && rest.starts_with("/privateendpointconnections/") => (P::AccountWrite, first),
        (Some(rest), _) if rest.ends_with("/reconcile") => (P::AccountWrite, first),
        (Some(rest), _) if ["/pools", "/certificates", "/applications"].iter().any(|thing| rest.starts_with(thing)) => {
            (if reads { P::PoolRead } else { P::PoolWrite }, first)
        }
        (Some(_), _) if reads => (P::AccountRead, first),
        (None, path) if path.ends_with("/resourcegroups/{group}") && matches!(*method, Method::PUT | Method::PATCH) => {
            (P::AccountWrite, everywhere)
        }
        (None, path) if path.ends_with("/resourcegroups/{group}") && *method == Method::DELETE => {
            (P::AccountDelete, everywhere)
        }
        (None, path) if path.ends_with("/checknameavailability") => (P::AccountRead, everywhere),
        (None, _) if reads || path.ends_with("/register") => (P::AccountRead, Place::Somewhere),
        _ => panic!("say which permission {method} {path} takes"),
    })
}

fn target(server: &TestServer, path: &str) -> String {
    let subscription = server.server.cx.installation.subscription_id.as_str();
    let filled = [
        ("{subscription}", subscription),
        ("{group}", "lab"),
        ("{account}", "first"),
        ("{location}", "local"),
        ("{namespace}", "Microsoft.Batch"),
        ("{certificate}", "sha1-0a1b"),
        ("{version}", "1"),
    ];
    let path = filled.iter().fold(path.to_owned(), |path, (part, name)| path.replace(part, name));
    format!("{}?api-version=2024-02-01", path.replace(['{', '}'], ""))
}

/// Deleting the account comes last: nothing can be asked of it then.
fn routes() -> Vec<(Method, &'static str)> {
    let mut routes = arm::known();
    routes.sort_by_key(|(method, path)| *method == Method::DELETE && path.ends_with("/batchaccounts/{account}"));
    routes
}

async fn ask(server: &TestServer, method: &Method, path: &str, token: Option<&str>) -> (u16, String) {
    let reply = call(server, None, method, &target(server, path), token, Some(&body(path))).await;
    (reply.status.as_u16(), reply.header("x-ms-error-code").unwrap_or_default().to_owned())
}

#[tokio::test]
async fn each_route_is_for_those_whose_role_there_allows_it() {
    let (server, mut people) = installation().await;
    people.extend(limited(&server).await);
    let mut wrong = Vec::new();
    // What those may who may delete the account is seen elsewhere: it would be gone for everybody who comes later.
    let deletes = |method: &Method, path: &str| takes(method, path).is_some_and(|(p, _)| p == P::AccountDelete);
    for person in &people {
        for (method, path) in routes() {
            let may = takes(&method, path).is_none_or(|(permission, place)| person.may(permission, place));
            if may && deletes(&method, path) {
                continue;
            }
            let (status, code) = ask(&server, &method, path, Some(&person.token.0)).await;
            assert_eq!(status == 403, code == "AuthorizationFailed", "{method} {path}: {status} {code}");
            assert_ne!(status, 401, "{method} {path}");
            if (status == 403) == may && !is_over_before(&method, path, person) {
                wrong.push(format!("{} {method} {path}: {status} {code}", person.name));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// What nobody can do here is said before anybody's rights are asked for.
fn is_over_before(method: &Method, path: &str, person: &Person) -> bool {
    let sees = person.may(P::AccountRead, Place::First);
    sees && (path.ends_with("/syncautostoragekeys") || (*method == Method::PATCH && path.ends_with("/{certificate}")))
}

#[tokio::test]
async fn dead_tokens_open_no_route() {
    let (server, _) = installation().await;
    for (what, token) in dead_tokens(&server).await {
        for (method, path) in routes() {
            let answer = ask(&server, &method, path, Some(&token)).await;
            assert_eq!(answer, (401, "InvalidAuthenticationToken".to_owned()), "{what} {method} {path}");
        }
    }
}
