//! Every link of the portal is built here. `routes` declares the same paths; the test below writes all of them down.

/// The landing page.
pub fn home() -> String {
    "/".to_owned()
}

/// Where the server begins a sign-in by the provider of OpenID Connect; no page.
pub fn provider_sign_in(return_to: &str) -> String {
    format!("/portal/oidc/begin?return={}", encode(return_to))
}

pub fn sign_in(return_to: &str) -> String {
    match return_to {
        "" | "/" => "/sign-in".to_owned(),
        path => format!("/sign-in?return={}", encode(path)),
    }
}

pub fn set_up() -> String {
    "/setup".to_owned()
}

pub fn settings() -> String {
    "/settings".to_owned()
}

pub fn reference() -> String {
    "/reference".to_owned()
}

pub fn tokens() -> String {
    "/tokens".to_owned()
}

/// Where a person lets a program in that has no browser.
pub fn device(code: &str) -> String {
    if code.is_empty() { "/device".to_owned() } else { with_query("/device".to_owned(), &[("code", code)]) }
}

/// Storage accounts of the installation.
pub fn stores() -> String {
    "/storage-accounts".to_owned()
}

pub fn storage(storage: impl AsRef<str>) -> String {
    format!("{}/{}", stores(), segment(storage.as_ref()))
}

pub fn container(of: impl AsRef<str>, container: impl AsRef<str>) -> String {
    format!("{}/containers/{}", storage(of), segment(container.as_ref()))
}

/// A folder of a container: a prefix that ends in a slash, or empty.
pub fn folder(of: impl AsRef<str>, in_container: impl AsRef<str>, folder: impl AsRef<str>) -> String {
    let path = container(of, in_container);
    if folder.as_ref().is_empty() { path } else { with_query(path, &[("folder", folder.as_ref())]) }
}

pub fn blob(of: impl AsRef<str>, in_container: impl AsRef<str>, name: impl AsRef<str>) -> String {
    format!("{}/blobs/{}", container(of, in_container), segments(name.as_ref()))
}

pub fn locations() -> String {
    "/locations".to_owned()
}

/// Not `/subscriptions`: there the management plane answers.
pub fn subscriptions() -> String {
    "/places".to_owned()
}

pub fn subscription(id: impl AsRef<str>) -> String {
    format!("{}/{}", subscriptions(), segment(id.as_ref()))
}

pub fn resource_group(of_subscription: impl AsRef<str>, group: impl AsRef<str>) -> String {
    format!("{}/{}", subscription(of_subscription), segment(group.as_ref()))
}

pub fn users() -> String {
    "/users".to_owned()
}

pub fn user(user: impl AsRef<str>) -> String {
    format!("/users/{}", segment(user.as_ref()))
}

/// Where a user sets the password, by the secret behind `#`.
pub fn password() -> String {
    "/password".to_owned()
}

pub fn activity() -> String {
    "/activity".to_owned()
}

/// What the log shows as a file: `csv` or `json`. The server answers it, not the portal.
pub fn activity_export(format: &str) -> String {
    format!("/portal/activity/{format}")
}

pub fn accounts() -> String {
    "/accounts".to_owned()
}

pub fn account_create() -> String {
    "/accounts/new".to_owned()
}

pub fn account(account: impl AsRef<str>) -> String {
    format!("/accounts/{}", segment(account.as_ref()))
}

pub fn account_properties(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "properties")
}

pub fn account_networking(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "networking")
}

pub fn account_tags(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "tags")
}

pub fn keys(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "keys")
}

/// The storage account that is linked to the account.
pub fn account_storage(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "storage")
}

pub fn account_access(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "access")
}

pub fn account_quotas(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "quotas")
}

pub fn account_activity(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "activity")
}

/// What happened to pools, jobs and tasks.
pub fn service_events(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "events")
}

/// The same as a file of JSON lines. The server answers it, not the portal.
pub fn service_event_export(account: impl AsRef<str>) -> String {
    format!("/portal/service-events/{}", segment(account.as_ref()))
}

pub fn web_hooks(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "webhooks")
}

/// The form of a web hook that hears of jobs whose ids begin so.
pub fn web_hook_of_jobs(account: impl AsRef<str>, prefix: impl AsRef<str>) -> String {
    with_query(web_hooks(account), &[("panel", "add"), ("jobs", prefix.as_ref())])
}

pub fn web_hook(account: impl AsRef<str>, hook: impl AsRef<str>) -> String {
    format!("{}/{}", web_hooks(account), segment(hook.as_ref()))
}

pub fn pools(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "pools")
}

pub fn pool_create(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "pools/new")
}

/// The form of a new pool as JSON: of a copy of the pool `from`, where it is not empty.
pub fn pool_from_json(account: impl AsRef<str>, from: impl AsRef<str>) -> String {
    as_json(pool_create(account), from.as_ref())
}

fn as_json(form: String, from: &str) -> String {
    let query = [("as", "json"), ("from", from)];
    with_query(form, if from.is_empty() { &query[..1] } else { &query })
}

pub fn pool(account: impl AsRef<str>, pool: impl AsRef<str>) -> String {
    format!("{}/{}", pools(account), segment(pool.as_ref()))
}

/// The pool as the REST API gives it.
pub fn pool_properties(account: impl AsRef<str>, pool_id: impl AsRef<str>) -> String {
    format!("{}/properties", pool(account, pool_id))
}

pub fn job_properties(account: impl AsRef<str>, job_id: impl AsRef<str>) -> String {
    format!("{}/properties", job(account, job_id))
}

pub fn job_schedule_properties(account: impl AsRef<str>, schedule: impl AsRef<str>) -> String {
    format!("{}/properties", job_schedule(account, schedule))
}

/// The form that changes a resource as JSON, on the page that shows it so.
pub fn edit_json(properties: String) -> String {
    with_query(properties, &[("edit", "json")])
}

pub fn nodes(account: impl AsRef<str>, pool_id: impl AsRef<str>) -> String {
    format!("{}/nodes", pool(account, pool_id))
}

pub fn node(account: impl AsRef<str>, pool: impl AsRef<str>, node: impl AsRef<str>) -> String {
    format!("{}/{}", nodes(account, pool), segment(node.as_ref()))
}

/// A folder of a node, relative to its root; empty for the root.
pub fn node_folder(
    account: impl AsRef<str>,
    pool: impl AsRef<str>,
    node_id: impl AsRef<str>,
    folder: impl AsRef<str>,
) -> String {
    let path = format!("{}/files", node(account, pool, node_id));
    if folder.as_ref().is_empty() { path } else { with_query(path, &[("folder", folder.as_ref())]) }
}

pub fn node_file(
    account: impl AsRef<str>,
    pool: impl AsRef<str>,
    node_id: impl AsRef<str>,
    path: impl AsRef<str>,
) -> String {
    format!("{}/files/{}", node(account, pool, node_id), segments(path.as_ref()))
}

/// Applications of the account.
pub fn applications(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "applications")
}

pub fn application_create(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "applications/new")
}

pub fn application(account: impl AsRef<str>, application: impl AsRef<str>) -> String {
    format!("{}/{}", applications(account), segment(application.as_ref()))
}

/// Where blocks of an application package are put. The server answers it, not the portal.
pub fn package_blocks(account: impl AsRef<str>, application: impl AsRef<str>, version: impl AsRef<str>) -> String {
    let [account, application, version] = [account.as_ref(), application.as_ref(), version.as_ref()].map(encode);
    format!("/portal/packages/{account}/{application}/{version}")
}

pub fn jobs(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "jobs")
}

pub fn job_create(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "jobs/new")
}

/// As [`pool_from_json`].
pub fn job_from_json(account: impl AsRef<str>, from: impl AsRef<str>) -> String {
    as_json(job_create(account), from.as_ref())
}

pub fn job(account: impl AsRef<str>, job: impl AsRef<str>) -> String {
    format!("{}/{}", jobs(account), segment(job.as_ref()))
}

pub fn job_schedules(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "jobschedules")
}

pub fn job_schedule_create(account: impl AsRef<str>) -> String {
    under_account(account.as_ref(), "jobschedules/new")
}

pub fn job_schedule(account: impl AsRef<str>, schedule: impl AsRef<str>) -> String {
    format!("{}/{}", job_schedules(account), segment(schedule.as_ref()))
}

/// The jobs that a schedule made.
pub fn job_schedule_jobs(account: impl AsRef<str>, schedule: impl AsRef<str>) -> String {
    format!("{}/jobs", job_schedule(account, schedule))
}

pub fn tasks(account: impl AsRef<str>, job_id: impl AsRef<str>) -> String {
    format!("{}/tasks", job(account, job_id))
}

/// How the job's preparation went, node by node.
pub fn job_nodes(account: impl AsRef<str>, job_id: impl AsRef<str>) -> String {
    format!("{}/preparation", job(account, job_id))
}

pub fn task_add(account: impl AsRef<str>, job: impl AsRef<str>) -> String {
    format!("{}/new", tasks(account, job))
}

pub fn task(account: impl AsRef<str>, job: impl AsRef<str>, task: impl AsRef<str>) -> String {
    format!("{}/{}", tasks(account, job), segment(task.as_ref()))
}

/// `path` is the file's name as the task's folder has it, with `/` between folders.
pub fn file(account: impl AsRef<str>, job: impl AsRef<str>, task_id: impl AsRef<str>, path: impl AsRef<str>) -> String {
    format!("{}/files/{}", task(account, job, task_id), segments(path.as_ref()))
}

/// A name with slashes as so many segments.
fn segments(path: &str) -> String {
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// The tab of an account, pool, job or task page.
pub fn tab(path: String, tab: &str) -> String {
    with_query(path, &[("tab", tab)])
}

/// Adds a query to a path: `with_query(tasks(a, j), &[("failed", "1")])`.
pub fn with_query(path: String, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
}

fn under_account(name: &str, rest: &str) -> String {
    format!("{}/{rest}", account(name))
}

/// Percent-encodes a path segment. `.` and `..` would be taken for steps, and a thing can be named `new` as the pages that
/// make things are: the router compares what is written, so that `%6Eew` is a name.
fn segment(text: &str) -> String {
    match text {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        "new" => "%6Eew".to_owned(),
        // A colon may stand in a segment, and does in the ids of jobs that schedules make.
        _ => encode(text).replace("%3A", ":"),
    }
}

/// Percent-encodes all but what a path segment and a query value can both hold as it is.
pub fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("a string takes any text"),
        }
    }
    out
}

/// Undoes [`encode`]; what is no valid escape stays as it is.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escape = (bytes[i] == b'%')
            .then(|| text.get(i + 1..i + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escape {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_paths() {
        let all = [
            home(),
            sign_in("/"),
            sign_in("/accounts/a?x=1#L2"),
            set_up(),
            settings(),
            reference(),
            tokens(),
            device(""),
            device("BCDF-GHJK"),
            stores(),
            storage("fournil"),
            container("fournil", "c1"),
            folder("fournil", "c1", "a b/"),
            blob("fournil", "c1", "a b/é.txt"),
            users(),
            user("ada@example.org"),
            locations(),
            subscriptions(),
            subscription("11111111-2222-3333-4444-555555555555"),
            resource_group("11111111-2222-3333-4444-555555555555", "my (lab)"),
            password(),
            activity(),
            activity_export("csv"),
            accounts(),
            account_create(),
            account("mybatch"),
            account_properties("mybatch"),
            account_networking("mybatch"),
            account_tags("mybatch"),
            keys("mybatch"),
            account_storage("mybatch"),
            account_access("mybatch"),
            account_quotas("mybatch"),
            account_activity("mybatch"),
            service_events("mybatch"),
            service_event_export("mybatch"),
            web_hooks("mybatch"),
            web_hook_of_jobs("mybatch", "j1"),
            web_hook("mybatch", "chat"),
            pools("mybatch"),
            pool_create("mybatch"),
            pool_from_json("mybatch", ""),
            pool_from_json("mybatch", "p1"),
            pool("mybatch", "p1"),
            pool_properties("mybatch", "p1"),
            edit_json(pool_properties("mybatch", "p1")),
            nodes("mybatch", "p1"),
            node("mybatch", "p1", "n1"),
            node_folder("mybatch", "p1", "n1", ""),
            node_folder("mybatch", "p1", "n1", "workitems/j"),
            node_file("mybatch", "p1", "n1", "workitems/j/x#.txt"),
            applications("mybatch"),
            application_create("mybatch"),
            application("mybatch", "blender"),
            package_blocks("mybatch", "blender", "2.70"),
            jobs("mybatch"),
            job_create("mybatch"),
            job_from_json("mybatch", "s1:job-2"),
            job("mybatch", "j1"),
            job_properties("mybatch", "j1"),
            job("mybatch", "s1:job-2"),
            job_schedules("mybatch"),
            job_schedule_create("mybatch"),
            job_schedule("mybatch", "s1"),
            job_schedule_properties("mybatch", "s1"),
            job_schedule_jobs("mybatch", "s1"),
            tasks("mybatch", "j1"),
            job_nodes("mybatch", "j1"),
            task_add("mybatch", "j1"),
            task("mybatch", "j1", "t1"),
            file("mybatch", "j1", "t1", "wd/a b/é#?%.txt"),
            file("mybatch", "j1", "t1", "../x"),
            pool("new", "new"),
            tab(job("mybatch", "j1"), "tasks"),
            with_query(tasks("mybatch", "j1"), &[("failed", "1"), ("q", "a&b")]),
        ];
        let expected = "\
/
/sign-in
/sign-in?return=%2Faccounts%2Fa%3Fx%3D1%23L2
/setup
/settings
/reference
/tokens
/device
/device?code=BCDF-GHJK
/storage-accounts
/storage-accounts/fournil
/storage-accounts/fournil/containers/c1
/storage-accounts/fournil/containers/c1?folder=a%20b%2F
/storage-accounts/fournil/containers/c1/blobs/a%20b/%C3%A9.txt
/users
/users/ada%40example.org
/locations
/places
/places/11111111-2222-3333-4444-555555555555
/places/11111111-2222-3333-4444-555555555555/my%20%28lab%29
/password
/activity
/portal/activity/csv
/accounts
/accounts/new
/accounts/mybatch
/accounts/mybatch/properties
/accounts/mybatch/networking
/accounts/mybatch/tags
/accounts/mybatch/keys
/accounts/mybatch/storage
/accounts/mybatch/access
/accounts/mybatch/quotas
/accounts/mybatch/activity
/accounts/mybatch/events
/portal/service-events/mybatch
/accounts/mybatch/webhooks
/accounts/mybatch/webhooks?panel=add&jobs=j1
/accounts/mybatch/webhooks/chat
/accounts/mybatch/pools
/accounts/mybatch/pools/new
/accounts/mybatch/pools/new?as=json
/accounts/mybatch/pools/new?as=json&from=p1
/accounts/mybatch/pools/p1
/accounts/mybatch/pools/p1/properties
/accounts/mybatch/pools/p1/properties?edit=json
/accounts/mybatch/pools/p1/nodes
/accounts/mybatch/pools/p1/nodes/n1
/accounts/mybatch/pools/p1/nodes/n1/files
/accounts/mybatch/pools/p1/nodes/n1/files?folder=workitems%2Fj
/accounts/mybatch/pools/p1/nodes/n1/files/workitems/j/x%23.txt
/accounts/mybatch/applications
/accounts/mybatch/applications/new
/accounts/mybatch/applications/blender
/portal/packages/mybatch/blender/2.70
/accounts/mybatch/jobs
/accounts/mybatch/jobs/new
/accounts/mybatch/jobs/new?as=json&from=s1%3Ajob-2
/accounts/mybatch/jobs/j1
/accounts/mybatch/jobs/j1/properties
/accounts/mybatch/jobs/s1:job-2
/accounts/mybatch/jobschedules
/accounts/mybatch/jobschedules/new
/accounts/mybatch/jobschedules/s1
/accounts/mybatch/jobschedules/s1/properties
/accounts/mybatch/jobschedules/s1/jobs
/accounts/mybatch/jobs/j1/tasks
/accounts/mybatch/jobs/j1/preparation
/accounts/mybatch/jobs/j1/tasks/new
/accounts/mybatch/jobs/j1/tasks/t1
/accounts/mybatch/jobs/j1/tasks/t1/files/wd/a%20b/%C3%A9%23%3F%25.txt
/accounts/mybatch/jobs/j1/tasks/t1/files/%2E%2E/x
/accounts/%6Eew/pools/%6Eew
/accounts/mybatch/jobs/j1?tab=tasks
/accounts/mybatch/jobs/j1/tasks?failed=1&q=a%26b";
        assert_eq!(all.join("\n"), expected);
    }

    #[test]
    fn any_name_survives_encoding_and_decoding() {
        for name in ["a b", "s:job-1", "%3A", "é#?%.txt", "%25", "..", "a\u{202e}b", "100%", "%zz", "new"] {
            assert_eq!(decode(&encode(name)), name);
            assert_eq!(decode(&segment(name)), name);
        }
    }
}
