//! What a server function is about, by the names of its arguments: for the activity log. Other arguments are not looked at.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::scope::Scope;
use crate::service::Recorded;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    account: Value,
    pool: Value,
    node: Value,
    job: Value,
    schedule: Value,
    task: Value,
    thumbprint: Value,
    application: Value,
    version: Value,
    user: Value,
    id: Value,
    create: Named,
    hook: Named,
    assign: Assigned,
    sign_in: Claim,
    set_up: Claim,
}

/// Something that is made.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    id: Value,
    name: Value,
    /// Only accounts are made in a place.
    location: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Assigned {
    user: Value,
    role: Value,
    scope: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claim {
    user: Value,
}

/// `operation` is its name in the log. A body that cannot be read leaves the note as it is: the function will refuse it.
pub fn note(recorded: &Recorded, operation: &str, body: &[u8]) {
    let Ok(arguments) = serde_json::from_slice::<Arguments>(body) else { return };
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let Arguments { create, sign_in, set_up, .. } = &arguments;
    let new_account = text(&create.location).and_then(|_| text(&create.name));
    let in_scope = text(&arguments.assign.scope).and_then(|scope| match scope.parse() {
        Ok(Scope::Account { account, .. }) => Some(account),
        _ => None,
    });
    if let Some(account) = text(&arguments.account).or(new_account).or(in_scope) {
        recorded.on_account(&account);
    }
    if let Some(user) = text(&sign_in.user).or(text(&set_up.user)) {
        recorded.by_claim(&user);
    }
    // `…/pools/write` makes something in `pools`.
    recorded.about(&resource(&arguments, operation.rsplit('/').nth(1).unwrap_or_default()));
}

fn resource(arguments: &Arguments, kind: &str) -> String {
    let mut parts = Vec::new();
    for (list, name) in [
        ("pools", &arguments.pool),
        ("nodes", &arguments.node),
        ("jobs", &arguments.job),
        ("jobSchedules", &arguments.schedule),
        ("tasks", &arguments.task),
        ("certificates", &arguments.thumbprint),
        ("applications", &arguments.application),
        ("versions", &arguments.version),
        ("users", &arguments.user),
    ] {
        if let Some(name) = name.as_str() {
            parts.extend([list, name]);
        }
    }
    if let (Some(user), Some(role)) = (arguments.assign.user.as_str(), arguments.assign.role.as_str()) {
        parts.extend(["users", user, role]);
    }
    if let Some(id) = arguments.id.as_str().or(arguments.create.id.as_str()).or(arguments.hook.id.as_str()) {
        parts.extend([kind, id]);
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_about_what_its_arguments_name() {
        let check = |body: &str, expected: &str| {
            assert_eq!(resource(&serde_json::from_str(body).unwrap(), "pools"), expected, "{body}");
        };
        check(r#"{"account":"a","pool":"p","resize":{"id":"x"}}"#, "pools/p");
        check(r#"{"account":"a","job":"j","task":"t"}"#, "jobs/j/tasks/t");
        check(r#"{"account":"a","create":{"id":"p","vmSize":"v"}}"#, "pools/p");
        check(r#"{"id":"abc"}"#, "pools/abc");
        check(r#"{"pool":3,"key":"Primary"}"#, "");
    }
}
