//! What calls are named in the activity log, and which of them stand there: whatever is not known to only look.
//!
//! Names follow from routes and from the names of server functions, so that a new operation is in the log without being
//! asked. Source: Azure's names of operations, `{provider}/{types}/{read|write|delete}` or `…/{verb}/action`
//! (resource provider operations of Microsoft.Batch).

/// What a call wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub name: String,
    /// Whether the call stands in the log when it succeeds: it changes something or reads a secret.
    pub is_recorded: bool,
}

const BATCH: &str = "Microsoft.Batch/batchAccounts";

/// Parts of routes that are lists: a POST to one makes something in it.
const LISTS: &[&str] = &[
    "accounts", "applications", "certificates", "containers", "jobs", "jobschedules", "pools", "rules",
    "subscriptions", "tasks", "users", "versions", "webhooks",
];

/// Words of routes, which have no case, as Azure writes them.
const SPELLINGS: &[&str] = &[
    "activateApplication", "addTaskCollection", "batchAccounts", "cancelDelete", "checkNameAvailability",
    "disableAutoScale", "disableScheduling", "enableAutoScale", "enableScheduling", "evaluateAutoScale",
    "jobSchedules", "listKeys", "regenerateKeys", "removeNodes", "resourceGroups", "roleAssignments", "stopResize",
    "syncAutoStorageKeys", "updateProperties", "uploadBatchServiceLogs",
];

/// Verbs of POSTs that only look.
const LOOKING: &[&str] = &["checkNameAvailability", "evaluateAutoScale", "register"];

/// An operation of the data plane, by its route (`/pools/{pool}/resize`), or by its path where the router knows none.
pub fn of_batch(method: &str, route: &str) -> Operation {
    of_route(method, BATCH, route)
}

/// An operation of the management plane, by its route.
pub fn of_management(method: &str, route: &str) -> Operation {
    if route.ends_with("/oauth2/token") || route.ends_with("/oauth2/v2.0/token") || route.starts_with("/msi/") {
        return Operation { name: "Fournil/signIn/action".to_owned(), is_recorded: true };
    }
    if route.ends_with("/devicecode") {
        return Operation { name: "Fournil/signIn/begin/action".to_owned(), is_recorded: false };
    }
    match route.rsplit_once("/providers/") {
        Some((_, below)) => {
            let (namespace, rest) = below.split_once('/').unwrap_or((below, ""));
            let provider = match namespace {
                "microsoft.batch" => "Microsoft.Batch",
                "microsoft.authorization" => "Microsoft.Authorization",
                other => other,
            };
            of_route(method, provider, rest)
        }
        None => of_route(method, "Microsoft.Resources", route),
    }
}

/// A path of the data plane that the router does not know, if it names something all the same. Whatever strangers make up is
/// one thing: otherwise names without number came into logs and metrics.
pub fn known_path(path: &str) -> &str {
    let keyed = path.strip_prefix("/certificates(").and_then(|rest| rest.split_once(')'));
    match keyed {
        Some((key, "" | "/canceldelete")) if !key.contains('/') => path,
        _ => "/unknown",
    }
}

fn of_route(method: &str, provider: &str, route: &str) -> Operation {
    let parts: Vec<&str> = route.split('/').filter(|part| !part.is_empty()).collect();
    let is_name = |part: &&str| part.starts_with('{');
    let mut words: Vec<String> = parts.iter().filter(|part| !is_name(part)).map(|part| spelled(part)).collect();
    let verb = match method {
        "GET" | "HEAD" | "OPTIONS" => "read",
        "PUT" | "PATCH" => "write",
        "DELETE" => "delete",
        _ => {
            let last = parts.last().copied().unwrap_or_default();
            if is_name(&last) || LISTS.contains(&without_key(last)) { "write" } else { "action" }
        }
    };
    let looks = verb == "read" || (verb == "action" && words.last().is_some_and(|w| LOOKING.contains(&w.as_str())));
    words.insert(0, provider.to_owned());
    words.push(verb.to_owned());
    Operation { name: words.join("/"), is_recorded: !looks }
}

/// `certificates(thumbprint=…)` has its key in the same part.
fn without_key(part: &str) -> &str {
    part.split('(').next().unwrap_or(part)
}

fn spelled(part: &str) -> String {
    let part = without_key(part);
    SPELLINGS.iter().find(|known| known.eq_ignore_ascii_case(part)).map_or_else(|| part.to_owned(), |s| (*s).to_owned())
}

/// Server functions whose names do not tell what they are.
const FUNCTIONS: &[(&str, &str, bool)] = &[
    ("account_name_check", "Microsoft.Batch/locations/checkNameAvailability/action", false),
    ("account_quotas_set", "Microsoft.Batch/batchAccounts/quotas/write", true),
    ("account_storage_sync", "Microsoft.Batch/batchAccounts/syncAutoStorageKeys/action", true),
    ("account_storage_set", "Microsoft.Batch/batchAccounts/write", true),
    ("device_sign_in_allow", "Fournil/signIn/allow/action", true),
    ("device_sign_in_refuse", "Fournil/signIn/refuse/action", true),
    ("job_create_from_json", "Microsoft.Batch/batchAccounts/jobs/write", true),
    ("key_info", "Microsoft.Batch/batchAccounts/read", false),
    ("key_list", "Microsoft.Batch/batchAccounts/listKeys/action", true),
    ("key_regenerate", "Microsoft.Batch/batchAccounts/regenerateKeys/action", true),
    ("password_link_create", "Fournil/users/passwordLink/action", true),
    ("password_set", "Fournil/users/setPassword/action", true),
    ("pool_create_from_json", "Microsoft.Batch/batchAccounts/pools/write", true),
    ("pool_evaluate_auto_scale", "Microsoft.Batch/batchAccounts/pools/evaluateAutoScale/action", false),
    ("set_up", "Fournil/setUp/action", true),
    ("resource_group_delete", "Microsoft.Resources/subscriptions/resourceGroups/delete", true),
    ("resource_group_put", "Microsoft.Resources/subscriptions/resourceGroups/write", true),
    ("role_assignment_create", "Microsoft.Authorization/roleAssignments/write", true),
    ("role_assignment_delete", "Microsoft.Authorization/roleAssignments/delete", true),
    ("service_event_settings_set", "Microsoft.Batch/batchAccounts/serviceEvents/write", true),
    ("session_revoke", "Fournil/users/sessions/delete", true),
    ("sign_in", "Fournil/signIn/action", true),
    ("external_sign_in", "Fournil/signIn/action", true),
    ("sign_out", "Fournil/signOut/action", true),
    ("task_add_collection", "Microsoft.Batch/batchAccounts/jobs/addTaskCollection/action", true),
];

/// What functions are about, by how their names begin; longer beginnings come first.
const THINGS: &[(&str, &str)] = &[
    ("job_schedule_", "Microsoft.Batch/batchAccounts/jobSchedules"),
    ("account_", "Microsoft.Batch/batchAccounts"),
    ("application_package_", "Microsoft.Batch/batchAccounts/applications/versions"),
    ("application_", "Microsoft.Batch/batchAccounts/applications"),
    ("certificate_", "Microsoft.Batch/batchAccounts/certificates"),
    ("job_", "Microsoft.Batch/batchAccounts/jobs"),
    ("node_", "Microsoft.Batch/batchAccounts/pools/nodes"),
    ("pool_", "Microsoft.Batch/batchAccounts/pools"),
    ("service_event_", "Microsoft.Batch/batchAccounts/serviceEvents"),
    ("task_", "Microsoft.Batch/batchAccounts/jobs/tasks"),
    ("token_", "Fournil/tokens"),
    ("web_hook_", "Microsoft.Batch/batchAccounts/webHooks"),
    ("user_", "Fournil/users"),
];

/// How names of functions end that only look.
const LOOKS: &[&str] = &[
    "_check", "_counts", "_get", "_history", "_info", "_list", "_map", "_search", "_statistics", "_text", "_usage",
    "_waiting",
];

/// A server function of the portal, or a request of `fournil admin`, by its name: `pool_stop_resize`.
pub fn of_function(name: &str) -> Operation {
    if let Some((_, operation, is_recorded)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) {
        return Operation { name: (*operation).to_owned(), is_recorded: *is_recorded };
    }
    let thing = THINGS.iter().find_map(|(begin, thing)| Some((*thing, name.strip_prefix(begin)?)));
    let (thing, verb) = thing.unwrap_or(("Fournil", name));
    let is_recorded = !LOOKS.iter().any(|end| name.ends_with(end));
    let verb = match verb {
        _ if !is_recorded && thing == "Fournil" => format!("{}/read", camel(name)),
        _ if !is_recorded => "read".to_owned(),
        "add" | "create" | "edit" | "patch" | "set" | "update" => "write".to_owned(),
        "delete" | "revoke" => "delete".to_owned(),
        verb => format!("{}/action", camel(verb)),
    };
    Operation { name: format!("{thing}/{verb}"), is_recorded }
}

/// `stop_resize` as `stopResize`.
fn camel(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut is_start = false;
    for c in words.chars() {
        match c {
            '_' => is_start = true,
            c if is_start => {
                out.extend(c.to_uppercase());
                is_start = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// What a path of the data plane is about: up to its last name. `/pools/p/resize` by `/pools/{pool}/resize` is `pools/p`.
pub fn resource(route: &str, path: &str) -> String {
    let parts = |text: &str| text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (route, path) = (parts(route), parts(path));
    let is_name = |part: &String| part.starts_with('{') || part.contains('(');
    let n = match route.iter().rposition(is_name) {
        // The rest of the path is one name.
        Some(last) if route[last].starts_with("{*") => path.len(),
        // Something that is made comes into the list behind the last name.
        Some(last) => last + 1 + usize::from(route.len() == last + 2 && LISTS.contains(&route[last + 1].as_str())),
        None => path.len().min(1),
    };
    path[..n.min(path.len())].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_named_as_azure_names_operations() {
        let check = |what: &str, name: &str, is_recorded: bool| {
            let (method, route) = what.split_once(' ').unwrap();
            let expected = Operation { name: format!("{BATCH}/{name}"), is_recorded };
            assert_eq!(of_batch(method, route), expected, "{what}");
        };
        check("GET /pools", "pools/read", false);
        check("HEAD /pools/{pool}", "pools/read", false);
        check("POST /pools", "pools/write", true);
        check("PATCH /pools/{pool}", "pools/write", true);
        check("DELETE /pools/{pool}", "pools/delete", true);
        check("POST /pools/{pool}/stopresize", "pools/stopResize/action", true);
        check("POST /pools/{pool}/evaluateautoscale", "pools/evaluateAutoScale/action", false);
        check("POST /pools/{pool}/nodes/{node}/reboot", "pools/nodes/reboot/action", true);
        check("POST /jobs/{job}/tasks", "jobs/tasks/write", true);
        check("POST /jobs/{job}/addtaskcollection", "jobs/addTaskCollection/action", true);
        check("PUT /jobschedules/{schedule}", "jobSchedules/write", true);
        check("DELETE /jobs/{job}/tasks/{task}/files/{*path}", "jobs/tasks/files/delete", true);
        check("DELETE /certificates(thumbprintAlgorithm=sha1,thumbprint=ab)", "certificates/delete", true);
        check("POST /certificates(x)/canceldelete", "certificates/cancelDelete/action", true);
        check("POST /something/{new}/unheardof", "something/unheardof/action", true);
    }

    #[test]
    fn operations_of_the_management_plane_are_below_their_provider() {
        let account = "/subscriptions/{s}/resourcegroups/{g}/providers/microsoft.batch/batchaccounts/{account}";
        let check = |method, route: &str, name: &str| assert_eq!(of_management(method, route).name, name, "{route}");
        check("PUT", account, "Microsoft.Batch/batchAccounts/write");
        check("POST", &format!("{account}/listkeys"), "Microsoft.Batch/batchAccounts/listKeys/action");
        check("DELETE", &format!("{account}/pools/{{pool}}"), "Microsoft.Batch/batchAccounts/pools/delete");
        let group = "/subscriptions/{s}/resourcegroups/{g}";
        check("PUT", group, "Microsoft.Resources/subscriptions/resourceGroups/write");
        check("POST", "/{tenant}/oauth2/v2.0/token", "Fournil/signIn/action");
        check("POST", "/{tenant}/oauth2/v2.0/devicecode", "Fournil/signIn/begin/action");
        assert!(of_management("POST", &format!("{account}/listkeys")).is_recorded);
    }

    #[test]
    fn functions_are_named_as_the_same_operation_of_the_data_plane() {
        let check = |function, method, route| assert_eq!(of_function(function), of_batch(method, route), "{function}");
        check("pool_create", "POST", "/pools");
        check("pool_stop_resize", "POST", "/pools/{pool}/stopresize");
        check("job_schedule_add", "POST", "/jobschedules");
        check("job_schedule_list", "GET", "/jobschedules");
        check("job_disable", "POST", "/jobs/{job}/disable");
        check("node_enable_scheduling", "POST", "/pools/{pool}/nodes/{node}/enablescheduling");
        check("task_add_collection", "POST", "/jobs/{job}/addtaskcollection");
        check("task_delete", "DELETE", "/jobs/{job}/tasks/{task}");
        check("pool_evaluate_auto_scale", "POST", "/pools/{pool}/evaluateautoscale");
        assert_eq!(of_function("token_revoke").name, "Fournil/tokens/delete");
        assert_eq!(of_function("user_set_password").name, "Fournil/users/setPassword/action");
        assert_eq!(of_function("account_patch").name, "Microsoft.Batch/batchAccounts/write");
    }

    #[test]
    fn a_function_that_nobody_has_heard_of_is_recorded() {
        assert!(of_function("moon_land").is_recorded && of_function("key_list").is_recorded);
        assert!(!of_function("moon_list").is_recorded && !of_function("key_info").is_recorded);
    }

    #[test]
    fn a_path_is_about_its_last_name() {
        let check = |route, path, expected: &str| assert_eq!(resource(route, path), expected, "{path}");
        check("/pools/{pool}/resize", "/pools/p/resize", "pools/p");
        check("/jobs/{job}/tasks/{task}", "/jobs/j/tasks/t", "jobs/j/tasks/t");
        check("/jobs/{job}/tasks", "/jobs/j/tasks", "jobs/j/tasks");
        check("/jobs/{job}/addtaskcollection", "/jobs/j/addtaskcollection", "jobs/j");
        check("/jobs/{job}/tasks/{task}/files/{*path}", "/jobs/j/tasks/t/files/a/b", "jobs/j/tasks/t/files/a/b");
        check("/pools", "/pools", "pools");
        check("/certificates(x)/canceldelete", "/certificates(x)/canceldelete", "certificates(x)");
        check("/pools/{pool}", "/", "");
    }
}
