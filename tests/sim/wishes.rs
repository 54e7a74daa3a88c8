//! What users may want, with settings drawn by lot. Bodies are JSON, as they come over the wire.

use fournil::api::AccountPatch;
use fournil::service::{self, account, job, node, pool, task};
use fournil::store;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::users::Users;
use crate::world::World;

/// Every wish, and how often it is wished.
const WISHES: &[(&str, u64)] = &[
    ("pool_create", 2),
    ("pool_resize", 6),
    ("pool_stop_resize", 2),
    ("pool_remove_nodes", 3),
    ("pool_delete", 1),
    ("job_create", 6),
    ("job_patch", 4),
    ("job_disable", 5),
    ("job_enable", 8),
    ("job_terminate", 3),
    ("job_terminate_by_force", 1),
    ("job_delete", 3),
    ("job_delete_by_force", 1),
    ("task_add", 40),
    ("task_terminate", 5),
    ("task_reactivate", 6),
    ("task_delete", 4),
    ("node_reboot", 4),
    ("node_reimage", 2),
    ("node_deallocate", 2),
    ("node_start", 4),
    ("node_disable_scheduling", 3),
    ("node_enable_scheduling", 4),
    ("account_shut", 1),
    ("account_open", 6),
];

/// What becomes of tasks on a node that is to do something else. The last one is not for all.
const OPTIONS: &[&str] = &["requeue", "terminate", "taskcompletion", "retaineddata"];
/// Of files that are to go soon.
const RETENTION: &str = "PT2S";

pub const NAMES: &[&str] = &{
    let mut names = [""; WISHES.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = WISHES[i].0;
        i += 1;
    }
    names
};

pub fn any(chance: &Chance) -> &'static str {
    let mut left = chance.below(0, WISHES.iter().map(|(_, often)| often).sum());
    for (name, often) in WISHES {
        if left < *often {
            return name;
        }
        left -= often;
    }
    "task_add"
}

type Answer = (service::Result<()>, String);

impl World {
    /// What was answered, and of what it was wished.
    pub async fn wish(&mut self, name: &'static str) -> Answer {
        match name.split_once('_') {
            Some(("pool", _)) => self.wish_of_pool(name).await,
            Some(("job", _)) => self.wish_of_job(name).await,
            Some(("task", _)) => self.wish_of_task(name).await,
            Some(("account", _)) => self.wish_of_account(name).await,
            _ => self.wish_of_node(name).await,
        }
    }

    async fn wish_of_pool(&mut self, name: &str) -> Answer {
        let chance = self.chance.clone();
        let id = format!("p{}", chance.below(0, self.users.n_pools));
        let nodes = self.nodes_of_pools().await;
        let Some(server) = &self.server else { return (Ok(()), id) };
        let (cx, caller, account, pool_id) = (&server.cx, &server.caller, &server.account, id.parse().unwrap());
        let option = self.any_option();
        let answer = match name {
            "pool_create" => {
                let body = pool_of(&chance, &id, &self.users);
                pool::pool_create(cx, caller, account, body).await.map(drop)
            }
            "pool_resize" => {
                let dedicated = chance.below(0, self.users.most_nodes + 1).max(u64::from(chance.percent(70)));
                let low = chance.below(0, 2);
                let body = json!({
                    "targetDedicatedNodes": dedicated, "targetLowPriorityNodes": low, "nodeDeallocationOption": option,
                });
                pool::pool_resize(cx, caller, account, &pool_id, shape(body)).await
            }
            "pool_stop_resize" => pool::pool_stop_resize(cx, caller, account, &pool_id).await,
            "pool_remove_nodes" => {
                let own: Vec<String> =
                    nodes.into_iter().filter(|(pool, _)| *pool == id).map(|(_, node)| node).collect();
                let Some(id_of_node) = chance.one(&own) else {
                    return (Err(service::Error::from(fournil::api::Code::NodeNotFound)), id);
                };
                let body = json!({ "nodeList": [id_of_node], "nodeDeallocationOption": option });
                pool::pool_remove_nodes(cx, caller, account, &pool_id, shape(body)).await
            }
            _ => pool::pool_delete(cx, caller, account, &pool_id).await,
        };
        match (name, answer.is_ok()) {
            ("pool_create", true) => drop(self.users.pools.insert(id.clone())),
            // It may have been taken even where no answer came.
            ("pool_delete", _) => drop(self.users.pools.remove(&id)),
            _ => {}
        }
        (answer, id)
    }

    /// The account's network rules let in no agent, or all.
    async fn wish_of_account(&mut self, name: &str) -> Answer {
        let is_to_be_shut = name == "account_shut";
        // It may be taken even where no answer comes.
        self.users.is_shut |= is_to_be_shut;
        let Some(server) = &self.server else { return (Ok(()), String::new()) };
        let action = if is_to_be_shut { "Deny" } else { "Allow" };
        let profile = json!({ "nodeManagementAccess": { "defaultAction": action } });
        let patch = AccountPatch { network_profile: Some(shape(profile)), ..AccountPatch::default() };
        let answer = account::account_patch(&server.cx, &server.caller, &server.account, patch).await.map(drop);
        self.users.is_shut &= is_to_be_shut || answer.is_err();
        (answer, String::new())
    }

    /// Agents that are shut out for ever find no rest.
    pub async fn open_account(&mut self) {
        if self.users.is_shut {
            self.wish_of_account("account_open").await.0.ok();
        }
    }

    async fn wish_of_job(&mut self, name: &str) -> Answer {
        let chance = self.chance.clone();
        let id = format!("j{}", chance.below(0, self.users.n_jobs));
        let pool_id = format!("p{}", chance.below(0, self.users.n_pools));
        let Some(server) = &self.server else { return (Ok(()), id) };
        let (cx, caller, account, job_id) = (&server.cx, &server.caller, &server.account, id.parse().unwrap());
        let answer = match name {
            "job_create" => {
                let body = job_of(&chance, &id, &pool_id, &self.users);
                job::job_create(cx, caller, account, body).await.map(drop)
            }
            "job_patch" => {
                let mut body =
                    json!({ "priority": chance.below(0, 3), "maxParallelTasks": chance.pick(self.users.parallel) });
                if chance.percent(30) {
                    body["poolInfo"] = json!({ "poolId": pool_id });
                }
                job::job_patch(cx, caller, account, &job_id, shape(body)).await
            }
            "job_disable" => {
                let how = chance.pick(&["requeue", "terminate", "wait"]);
                job::job_disable(cx, caller, account, &job_id, shape(json!({ "disableTasks": how }))).await
            }
            "job_enable" => job::job_enable(cx, caller, account, &job_id).await,
            "job_terminate" => job::job_terminate(cx, caller, account, &job_id, Default::default()).await,
            "job_terminate_by_force" => {
                job::job_terminate_by_force(cx, caller, account, &job_id, Default::default()).await
            }
            "job_delete" => job::job_delete(cx, caller, account, &job_id).await,
            _ => job::job_delete_by_force(cx, caller, account, &job_id).await,
        };
        match (name, answer.is_ok()) {
            ("job_create", was_taken) => {
                if was_taken {
                    self.users.jobs.insert(id.clone());
                }
                // A server that dies may have saved it before it could say so: nothing is promised of that job any more.
                let is_open = answer.as_ref().is_err_and(|error| error.public.code.status() >= 500);
                if was_taken || is_open {
                    self.users.to_end.remove(&id);
                    self.users.to_vanish.remove(&id);
                }
            }
            ("job_terminate" | "job_terminate_by_force", true) => drop(self.users.to_end.insert(id.clone())),
            ("job_delete" | "job_delete_by_force", was_taken) => {
                self.users.jobs.remove(&id);
                self.users.tasks.remove(&id);
                self.users.added.retain(|(job, _)| *job != id);
                self.users.to_end.remove(&id);
                if was_taken {
                    self.users.to_vanish.insert(id.clone());
                }
            }
            _ => {}
        }
        (answer, id)
    }

    async fn wish_of_task(&mut self, name: &str) -> Answer {
        let chance = self.chance.clone();
        let jobs: Vec<String> = self.users.jobs.iter().cloned().collect();
        let Some(id) = chance.one(&jobs) else { return (Err(fournil::api::Code::JobNotFound.into()), String::new()) };
        let known = self.users.tasks.get(&id).cloned().unwrap_or_default();
        let Some(server) = &self.server else { return (Ok(()), id) };
        let (cx, caller, account, job_id) = (&server.cx, &server.caller, &server.account, id.parse().unwrap());
        if name == "task_add" {
            let count = chance.below(1, if self.is_large { 100 } else { 9 });
            let first = self.users.n_tasks;
            self.users.n_tasks += count;
            let with_dependencies = id.ends_with(['0', '1']);
            let bodies = (first..first + count).map(|n| {
                let mut body = task_of(&chance, n, with_dependencies, &known);
                if self.users.use_gangs && chance.percent(30) {
                    // Where there are more than a pool has nodes, the task waits for ever.
                    let n = if chance.percent(70) { 2 } else { chance.below(1, if self.is_large { 30 } else { 5 }) };
                    body["requiredSlots"] = json!(1);
                    body["multiInstanceSettings"] = json!({ "numberOfInstances": n, "coordinationCommandLine": "c" });
                }
                if self.users.wait_for_files {
                    body["constraints"]["retentionTime"] = json!(RETENTION);
                }
                body
            });
            let tasks = bodies.map(shape).collect();
            let answer = task::task_add_collection(cx, caller, account, &job_id, tasks).await;
            let text = format!("{id} {count} from {first}");
            return match answer {
                Err(error) => (Err(error), text),
                Ok(results) => {
                    for result in results.iter().filter(|r| r.status == fournil::api::TaskAddStatus::Success) {
                        self.users.added.insert((id.clone(), result.task_id.clone()));
                        self.users.tasks.entry(id.clone()).or_default().push(result.task_id.clone());
                    }
                    (Ok(()), text)
                }
            };
        }
        let Some(task) = chance.one(&known) else { return (Err(fournil::api::Code::TaskNotFound.into()), id) };
        let task_id = task.parse().unwrap();
        let answer = match name {
            "task_terminate" => task::task_terminate(cx, caller, account, &job_id, &task_id).await,
            "task_reactivate" => task::task_reactivate(cx, caller, account, &job_id, &task_id).await,
            _ => task::task_delete(cx, caller, account, &job_id, &task_id).await,
        };
        if name == "task_delete" {
            self.users.added.remove(&(id.clone(), task.clone()));
        }
        if name == "task_reactivate" {
            self.checks.may_run_again(&id, &task);
        }
        (answer, format!("{id}/{task}"))
    }

    async fn wish_of_node(&mut self, name: &str) -> Answer {
        let chance = self.chance.clone();
        let nodes = self.nodes_of_pools().await;
        let Some((in_pool, id)) = chance.one(&nodes) else {
            return (Err(fournil::api::Code::NodeNotFound.into()), String::new());
        };
        let Some(server) = &self.server else { return (Ok(()), id) };
        let (cx, caller, account) = (&server.cx, &server.caller, &server.account);
        let (pool_id, node_id) = (in_pool.parse().unwrap(), id.parse().unwrap());
        let option = self.any_option();
        let body = |property: &str| json!({ property: option });
        let answer = match name {
            "node_reboot" => {
                node::node_reboot(cx, caller, account, &pool_id, &node_id, shape(body("nodeRebootOption"))).await
            }
            "node_reimage" => {
                node::node_reimage(cx, caller, account, &pool_id, &node_id, shape(body("nodeReimageOption"))).await
            }
            "node_deallocate" => {
                let body = shape(body("nodeDeallocateOption"));
                node::node_deallocate(cx, caller, account, &pool_id, &node_id, body).await
            }
            "node_start" => node::node_start(cx, caller, account, &pool_id, &node_id).await,
            "node_disable_scheduling" => {
                let option = chance.pick(&OPTIONS[..3]);
                let body = shape(json!({ "nodeDisableSchedulingOption": option }));
                node::node_disable_scheduling(cx, caller, account, &pool_id, &node_id, body).await
            }
            _ => node::node_enable_scheduling(cx, caller, account, &pool_id, &node_id).await,
        };
        (answer, id)
    }

    fn any_option(&self) -> &'static str {
        self.chance.pick(if self.users.wait_for_files { OPTIONS } else { &OPTIONS[..3] })
    }

    /// Pools and nodes that there are, by their ids.
    async fn nodes_of_pools(&self) -> Vec<(String, String)> {
        let Some(server) = &self.server else { return Vec::new() };
        let mut conn = server.cx.store.read().await.unwrap();
        let pools = store::pool::all(&mut conn).await.unwrap();
        let nodes = store::node::all(&mut conn, None).await.unwrap();
        let pool = |key| pools.iter().find(|pool| pool.key == key).map(|pool| pool.id.clone());
        nodes.into_iter().filter_map(|node| Some((pool(node.pool_key)?, node.id))).collect()
    }
}

fn shape<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

fn pool_of(chance: &Chance, id: &str, users: &Users) -> fournil::api::PoolCreate {
    let nodes = chance.below(users.least_nodes, users.most_nodes + 1).max(1);
    let mut body = json!({
        "id": id, "vmSize": "local_2", "taskSlotsPerNode": chance.pick(&[1, 1, 2, 4]),
        "targetDedicatedNodes": nodes, "targetLowPriorityNodes": u64::from(chance.percent(20)),
        "taskSchedulingPolicy": { "nodeFillType": chance.pick(&["spread", "pack"]) },
    });
    if users.use_gangs && chance.percent(85) {
        (body["enableInterNodeCommunication"], body["taskSlotsPerNode"]) = (json!(true), json!(1));
    }
    if chance.percent(25) {
        body["startTask"] = json!({
            "commandLine": "x", "maxTaskRetryCount": chance.below(0, 3), "waitForSuccess": chance.percent(80),
        });
    }
    shape(body)
}

fn job_of(chance: &Chance, id: &str, pool: &str, users: &Users) -> fournil::api::JobCreate {
    let mut body = json!({
        "id": id, "poolInfo": { "poolId": pool }, "priority": chance.below(0, 3),
        "maxParallelTasks": chance.pick(users.parallel),
        "usesTaskDependencies": id.ends_with(['0', '1']),
        "onTaskFailure": chance.pick(&["noaction", "performexitoptionsjobaction"]),
    });
    if chance.percent(20) {
        body["onAllTasksComplete"] = json!("terminatejob");
    }
    if chance.percent(40) {
        body["constraints"] = json!({ "maxTaskRetryCount": chance.below(0, 3) });
    }
    if chance.percent(30) {
        body["jobPreparationTask"] = json!({
            "commandLine": "x", "waitForSuccess": chance.percent(80), "rerunOnNodeRebootAfterSuccess": chance.percent(70),
            "constraints": { "maxTaskRetryCount": chance.below(0, 3) },
        });
        if chance.percent(70) {
            body["jobReleaseTask"] = json!({ "commandLine": "x" });
        }
        if users.wait_for_files {
            body["jobPreparationTask"]["constraints"]["retentionTime"] = json!(RETENTION);
            if let Some(release) = body.get_mut("jobReleaseTask") {
                release["retentionTime"] = json!(RETENTION);
            }
        }
    }
    shape(body)
}

fn task_of(chance: &Chance, n: u64, with_dependencies: bool, known: &[String]) -> Value {
    let id = if chance.percent(50) { format!("{n}") } else { format!("t{n}") };
    let mut body = json!({ "id": id, "commandLine": "x" });
    if chance.percent(20) {
        body["requiredSlots"] = json!(chance.below(1, 4));
    }
    if chance.percent(20) {
        body["constraints"] = json!({ "maxTaskRetryCount": chance.pick(&[-1, 0, 1, 3]), "retentionTime": RETENTION });
    } else if chance.percent(10) {
        body["constraints"] = json!({ "maxWallClockTime": "PT1S" });
    }
    if with_dependencies && chance.percent(40) {
        let on = chance.one(known).unwrap_or_else(|| "0".into());
        let mut depends = json!({ "taskIds": [on] });
        if chance.percent(30) {
            let from = chance.below(0, n + 2);
            depends["taskIdRanges"] = json!([{ "start": from, "end": from + chance.below(0, 5) }]);
        }
        body["dependsOn"] = depends;
    }
    if chance.percent(10) {
        let mut options = json!({});
        if with_dependencies {
            options["dependencyAction"] = json!(chance.pick(&["satisfy", "block"]));
        }
        body["exitConditions"] = json!({ "default": options });
    }
    body
}
