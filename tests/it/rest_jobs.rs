//! Jobs and tasks through REST.

use fournil::api::agent::FromAgent;
use fournil::api::{JobState, TaskState};
use serde_json::{Value, json};

use crate::support::rest::Rest;
use crate::support::world::end;

fn job(id: &str) -> Value {
    json!({ "id": id, "poolInfo": { "poolId": "p" } })
}

fn task(id: &str) -> Value {
    json!({ "id": id, "commandLine": "/bin/true" })
}

async fn with_job() -> Rest {
    let rest = Rest::new().await;
    rest.post("/jobs", job("j")).await.is(201);
    rest
}

#[tokio::test]
async fn a_job_is_given_back_with_its_defaults() {
    let rest = Rest::new().await;
    let create = json!({
        "id": "J-1",
        "priority": "100",
        "constraints": { "maxWallClockTime": "PT01H00M00S" },
        "poolInfo": { "poolId": "later" },
        "commonEnvironmentSettings": [{ "name": "A", "value": "é" }],
    });
    let created = rest.post("/jobs", create).await.is(201);
    assert_eq!(created.header("dataserviceid"), "http://batch.example:8080/jobs/J-1");
    let got = rest.get("/jobs/j-1?$expand=stats").await.is(200).json();
    assert_eq!(got["odata.metadata"], "http://batch.example:8080/$metadata#jobs/@Element");
    let constraints = json!({ "maxWallClockTime": "PT1H", "maxTaskRetryCount": 0 });
    for (name, value) in [
        ("id", json!("J-1")),
        ("state", json!("active")),
        ("priority", json!(100)),
        ("maxParallelTasks", json!(-1)),
        ("onAllTasksComplete", json!("noaction")),
        ("constraints", constraints),
        ("commonEnvironmentSettings", json!([{ "name": "A", "value": "é" }])),
    ] {
        assert_eq!(got[name], value, "{name}");
    }
    assert_eq!(got["executionInfo"]["poolId"], "later");
    rest.post("/jobs", job("j-1")).await.is_error(409, "JobExists");
}

#[tokio::test]
async fn patch_changes_what_is_given_and_put_sets_the_rest_to_defaults() {
    let rest = with_job().await;
    let patch = json!({ "priority": 5, "metadata": [{ "name": "a", "value": "b" }], "maxParallelTasks": 3 });
    rest.put("PATCH", "/jobs/j", patch).await.is(200);
    rest.put("PATCH", "/jobs/j", json!({ "priority": 7 })).await.is(200);
    let got = rest.get("/jobs/j").await.json();
    assert_eq!((&got["priority"], &got["maxParallelTasks"]), (&json!(7), &json!(3)));
    rest.put("PUT", "/jobs/j", json!({ "poolInfo": { "poolId": "p" } })).await.is(200);
    let got = rest.get("/jobs/j").await.json();
    assert_eq!((&got["priority"], &got["maxParallelTasks"], &got["metadata"]), (&json!(0), &json!(-1), &json!([])));
    rest.put("PUT", "/jobs/j", json!({ "priority": 1 })).await.is_error(400, "MissingRequiredProperty");
    let other_pool = json!({ "poolInfo": { "poolId": "q" } });
    rest.put("PATCH", "/jobs/j", other_pool).await.is_error(409, "OperationInvalidForCurrentState");
    rest.put("PATCH", "/jobs/j", json!({ "priority": 2000 })).await.is_error(400, "InvalidPropertyValue");
}

#[tokio::test]
async fn a_job_is_disabled_enabled_terminated_and_deleted() {
    let rest = with_job().await;
    rest.post("/jobs/j/disable", json!({})).await.is_error(400, "MissingRequiredProperty");
    rest.post("/jobs/j/disable", json!({ "disableTasks": "requeue" })).await.is(202);
    rest.world.until_job("j", JobState::Disabled).await;
    rest.send(rest.ask("POST", "/jobs/j/enable")).await.is(202);
    rest.world.until_job("j", JobState::Active).await;
    rest.post("/jobs/j/enable", json!({})).await.is_error(409, "OperationInvalidForCurrentState");
    rest.send(rest.ask("POST", "/jobs/j/terminate?force=true")).await.is(202);
    let job = rest.world.until_job("j", JobState::Completed).await.job;
    assert_eq!(job.execution_info.terminate_reason.as_deref(), Some("UserTerminate"));
    rest.post("/jobs/j/terminate", json!({ "terminateReason": "x" })).await.is_error(409, "JobCompleted");
    rest.post("/jobs/j/tasks", task("t")).await.is_error(409, "JobCompleted");
    rest.delete("/jobs/j").await.is(202);
    rest.world.until("the job is gone", async || rest.world.job_get("j").await.is_none().then_some(())).await;
    rest.get("/jobs/j").await.is_error(404, "JobNotFound");
    rest.get("/jobs/j/taskcounts").await.is_error(404, "JobNotFound");
}

#[tokio::test]
async fn a_job_without_a_preparation_task_has_no_status_of_one() {
    let rest = with_job().await;
    let status = rest.get("/jobs/j/jobpreparationandreleasetaskstatus").await;
    status.is_error(409, "JobPreparationTaskNotSpecified");
}

#[tokio::test]
async fn a_task_is_added_read_changed_and_deleted() {
    let rest = with_job().await;
    let created = rest.post("/jobs/j/tasks", task("t1")).await.is(201);
    assert_eq!(created.header("dataserviceid"), "http://batch.example:8080/jobs/j/tasks/t1");
    rest.post("/jobs/j/tasks", task("T1")).await.is_error(409, "TaskExists");
    let got = rest.get("/jobs/j/tasks/t1").await.is(200);
    assert_eq!(got.header("etag"), created.header("etag"));
    assert_eq!(got.json()["constraints"]["retentionTime"], "P7D");

    let update = json!({ "constraints": { "maxTaskRetryCount": 3 } });
    let stale = rest.ask("PUT", "/jobs/j/tasks/t1").json(&update).header("if-match", "0x0");
    rest.send(stale).await.is_error(412, "ConditionNotMet");
    let changed = rest.put("PUT", "/jobs/j/tasks/t1", update).await.is(200);
    assert_ne!(changed.header("etag"), created.header("etag"));
    assert_eq!(rest.get("/jobs/j/tasks/t1").await.json()["constraints"]["maxTaskRetryCount"], 3);
    assert_eq!(rest.get("/jobs/j/tasks/t1/subtasksinfo").await.is(200).json()["value"], json!([]));

    rest.post("/jobs/j/tasks/t1/reactivate", json!({})).await.is_error(409, "TaskNotCompleted");
    rest.send(rest.ask("POST", "/jobs/j/tasks/t1/terminate")).await.is(204);
    rest.send(rest.ask("POST", "/jobs/j/tasks/t1/terminate")).await.is_error(409, "TaskCompleted");
    let ended = rest.get("/jobs/j/tasks/t1").await.json();
    assert_eq!(
        (&ended["state"], &ended["executionInfo"]["failureInfo"]["code"]),
        (&json!("completed"), &json!("TaskEnded"))
    );
    rest.send(rest.ask("POST", "/jobs/j/tasks/t1/reactivate")).await.is(204);
    rest.delete("/jobs/j/tasks/t1").await.is(200);
    rest.delete("/jobs/j/tasks/t1").await.is_error(404, "TaskNotFound");
}

#[tokio::test]
async fn a_collection_is_answered_task_by_task() {
    let rest = with_job().await;
    rest.post("/jobs/j/tasks", task("old")).await.is(201);
    let tasks = json!({ "value": [task("a"), task("old"), { "id": "b c", "commandLine": "x" }, task("A")] });
    let answer = rest.post("/jobs/j/addtaskcollection", tasks).await.is(200);
    let results = answer.json()["value"].as_array().unwrap().clone();
    let said: Vec<_> = results.iter().map(|r| (r["status"].as_str().unwrap(), r["error"]["code"].as_str())).collect();
    let error = |code| ("clienterror", Some(code));
    let expected = [("success", None), error("TaskExists"), error("InvalidPropertyValue"), error("TaskExists")];
    assert_eq!(said, expected);
    assert_eq!(results[1]["error"]["message"]["lang"], "en-US");
    let too_many: Vec<_> = (0..101).map(|n| task(&n.to_string())).collect();
    let refused = rest.post("/jobs/j/addtaskcollection", json!({ "value": too_many })).await;
    refused.is_error(400, "InvalidPropertyValue");
    let unknown = json!({ "value": [task("c"), { "id": "d", "commandLine": "x", "colour": 1 }] });
    let refused = rest.post("/jobs/j/addtaskcollection", unknown).await.is_error(400, "UnsupportedProperty");
    assert_eq!(refused.value("PropertyName"), "value[1].colour");
    let long = json!({ "id": "e", "commandLine": "x".repeat(2 << 20) });
    let refused = rest.post("/jobs/j/addtaskcollection", json!({ "value": [long] })).await;
    refused.is_error(413, "RequestBodyTooLarge");
}

#[tokio::test]
async fn what_is_not_built_is_refused_by_name() {
    let rest = with_job().await;
    let mut create = task("t");
    create["authenticationTokenSettings"] = json!({ "access": ["job"] });
    let refused = rest.post("/jobs/j/tasks", create).await.is_error(400, "UnsupportedProperty");
    assert_eq!(refused.value("PropertyName"), "authenticationTokenSettings");
    rest.get("/jobs/j/tasks/t").await.is_error(404, "TaskNotFound");
}

#[tokio::test]
async fn files_of_a_task_are_given_back_as_they_came_and_checked_by_name() {
    let rest = with_job().await;
    let mut create = task("t");
    create["resourceFiles"] = json!([{ "httpUrl": "http://h/f?sig=x", "filePath": "f", "fileMode": "0640" }]);
    create["outputFiles"] = json!([{
        "filePattern": "../std*.txt", "destination": { "container": { "containerUrl": "http://h/c?sig=x", "path": "a" } },
        "uploadOptions": { "uploadCondition": "taskCompletion" }
    }]);
    rest.post("/jobs/j/tasks", create.clone()).await.is(201);
    let found = rest.get("/jobs/j/tasks/t").await.is(200);
    assert_eq!(found.json()["resourceFiles"], create["resourceFiles"]);
    assert_eq!(found.json()["outputFiles"][0]["uploadOptions"]["uploadCondition"], "taskcompletion");
    for (name, value, code, property) in [
        ("resourceFiles", json!([{ "filePath": "f" }]), "MissingRequiredProperty", "resourceFiles[0].httpUrl"),
        (
            "resourceFiles",
            json!([{ "httpUrl": "http://h/f", "filePath": "../f" }]),
            "InvalidPropertyValue",
            "resourceFiles[0].filePath",
        ),
        (
            "resourceFiles",
            json!([{ "autoStorageContainerName": "abc" }]),
            "InvalidPropertyValue",
            "resourceFiles[0].autoStorageContainerName",
        ),
        (
            "resourceFiles",
            json!([{ "httpUrl": "http://h/f", "path": "f" }]),
            "UnsupportedProperty",
            "resourceFiles[0].path",
        ),
        ("outputFiles", json!([{}]), "MissingRequiredProperty", "outputFiles[0].filePattern"),
    ] {
        let mut create = task("u");
        create[name] = value;
        let refused = rest.post("/jobs/j/tasks", create).await.is_error(400, code);
        assert_eq!(refused.value("PropertyName"), property);
    }
}

#[tokio::test]
async fn two_hundred_and_fifty_tasks_are_listed_in_pages_that_miss_nothing() {
    let rest = with_job().await;
    for start in [0, 100, 200] {
        let tasks: Vec<_> = (start..(start + 100).min(250)).map(|n| task(&format!("t{n:03}"))).collect();
        rest.post("/jobs/j/addtaskcollection", json!({ "value": tasks })).await.is(200);
    }
    assert_eq!(rest.get("/jobs/j/taskcounts").await.json()["taskCounts"]["active"], 250);
    let mut link = "/jobs/j/tasks?maxresults=100&$select=id".to_owned();
    let mut ids = Vec::new();
    loop {
        let page = rest.get(&link).await.is(200);
        ids.extend(page.each("id"));
        match page.json()["odata.nextLink"].as_str() {
            Some(next) => link = next.strip_prefix("http://batch.example:8080").unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(ids, (0..250).map(|n| format!("t{n:03}")).collect::<Vec<_>>());
    let filter = "$filter=id%20ge%20%27t248%27%20or%20startswith(id,%27T00%27)&$select=id";
    assert_eq!(rest.get(&format!("/jobs/j/tasks?{filter}")).await.each("id").len(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finished_tasks_are_found_by_result_and_exit_code() {
    let rest = Rest::new().await;
    rest.world.pool("p", 1, 2).await;
    rest.post("/jobs", job("j")).await.is(201);
    rest.post("/jobs/j/addtaskcollection", json!({ "value": [task("good"), task("bad")] })).await.is(200);
    let mut node = rest.world.node().await;
    let mut run = node.runs().await;
    while run.len() < 2 {
        run.extend(node.runs().await);
    }
    for task in &run {
        node.ended(task, if task.task == "bad" { 3 } else { 0 });
        rest.world.until_task("j", &task.task, |t| t.state == TaskState::Completed).await;
    }
    let found = async |filter: &str| {
        let filter = filter.replace(' ', "%20").replace('\'', "%27");
        rest.get(&format!("/jobs/j/tasks?$filter={filter}")).await.is(200).each("id")
    };
    assert_eq!(found("executionInfo/result eq 'failure'").await, ["bad"]);
    assert_eq!(found("executionInfo/exitCode lt 3 and state eq 'completed'").await, ["good"]);
    assert_eq!(found("executionInfo/endTime gt DateTime'2030-01-01T00:00:00Z'").await, Vec::<String>::new());
    let counts = rest.get("/jobs/j/taskcounts").await.json();
    assert_eq!((&counts["taskCounts"]["succeeded"], &counts["taskSlotCounts"]["failed"]), (&json!(1), &json!(1)));
    let bad = rest.get("/jobs/j/tasks/bad").await.json();
    assert_eq!(bad["nodeInfo"]["taskRootDirectory"], "workitems/j/job-1/bad");
    assert_eq!(bad["executionInfo"]["failureInfo"]["category"], "usererror");
}

#[tokio::test]
async fn dependencies_and_exit_conditions_are_checked_and_given_back() {
    let rest = Rest::new().await;
    let mut create = job("j");
    create["usesTaskDependencies"] = json!(true);
    create["onTaskFailure"] = json!("performexitoptionsjobaction");
    create["networkConfiguration"] = json!({ "subnetId": "/subnets/one", "skipWithdrawFromVNet": true });
    rest.post("/jobs", create.clone()).await.is(201);
    let got = rest.get("/jobs/j").await.json();
    for name in ["usesTaskDependencies", "onTaskFailure", "networkConfiguration"] {
        assert_eq!(got[name], create[name], "{name}");
    }
    let mut t = task("t");
    t["dependsOn"] = json!({ "taskIds": ["a"], "taskIdRanges": [{ "start": 1, "end": 9 }] });
    t["exitConditions"] = json!({
        "exitCodes": [{ "code": 0, "exitOptions": { "dependencyAction": "block" } }],
        "exitCodeRanges": [{ "start": 1, "end": 5, "exitOptions": { "jobAction": "disable" } }],
        "fileUploadError": { "jobAction": "none" },
        "default": { "jobAction": "terminate", "dependencyAction": "satisfy" },
    });
    rest.post("/jobs/j/tasks", t.clone()).await.is(201);
    let got = rest.get("/jobs/j/tasks/t?$select=dependsOn,exitConditions").await.json();
    assert_eq!((&got["dependsOn"], &got["exitConditions"]), (&t["dependsOn"], &t["exitConditions"]));

    let refused = async |job: &str, settings: Value, code: &str, property: &str| {
        let mut t = task("u");
        t.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let refused = rest.post(&format!("/jobs/{job}/tasks"), t).await.is_error(400, code);
        assert_eq!(refused.value("PropertyName"), property);
    };
    let unknown = json!({ "exitConditions": { "exitCodes": [{ "code": 1, "exitOptions": { "action": "none" } }] } });
    refused("j", unknown, "UnsupportedProperty", "exitConditions.exitCodes[0].exitOptions.action").await;
    let no_end = json!({ "dependsOn": { "taskIdRanges": [{ "start": 1 }] } });
    refused("j", no_end, "MissingRequiredProperty", "dependsOn.taskIdRanges[0].end").await;
    let strange = json!({ "exitConditions": { "default": { "dependencyAction": "cancel" } } });
    refused("j", strange, "InvalidPropertyValue", "exitConditions.default.dependencyAction").await;
    rest.post("/jobs", job("plain")).await.is(201);
    let waits = json!({ "dependsOn": { "taskIds": ["a"] } });
    refused("plain", waits, "TaskDependenciesNotSpecifiedOnJob", "dependsOn").await;
    let acts = json!({ "exitConditions": { "default": { "jobAction": "none" } } });
    refused("plain", acts, "InvalidPropertyValue", "exitConditions.default.jobAction").await;
}

#[tokio::test]
async fn preparation_and_release_tasks_are_given_back_with_their_defaults() {
    let rest = Rest::new().await;
    let mut create = job("j");
    create["jobReleaseTask"] = json!({ "commandLine": "r" });
    let refused = rest.post("/jobs", create.clone()).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(refused.value("PropertyName"), "jobReleaseTask");
    create["jobPreparationTask"] =
        json!({ "commandLine": "p", "environmentSettings": [{ "name": "A", "value": "1" }] });
    rest.post("/jobs", create.clone()).await.is(201);
    let got = rest.get("/jobs/j").await.json();
    let expected = json!({
        "id": "jobpreparation",
        "commandLine": "p",
        "environmentSettings": [{ "name": "A", "value": "1" }],
        "waitForSuccess": true,
        "rerunOnNodeRebootAfterSuccess": true,
    });
    assert_eq!(got["jobPreparationTask"]["constraints"]["retentionTime"], "P7D");
    for name in ["id", "commandLine", "environmentSettings", "waitForSuccess", "rerunOnNodeRebootAfterSuccess"] {
        assert_eq!(got["jobPreparationTask"][name], expected[name], "{name}");
    }
    let release =
        json!({ "id": "jobrelease", "commandLine": "r", "maxWallClockTime": "PT15M", "retentionTime": "P7D" });
    assert_eq!(got["jobReleaseTask"], release);
    rest.post("/jobs/j/tasks", task("JobPreparation")).await.is_error(409, "TaskIdSameAsJobPreparationTask");
    rest.post("/jobs/j/tasks", task("jobrelease")).await.is_error(409, "TaskIdSameAsJobReleaseTask");
    let status = rest.get("/jobs/j/jobpreparationandreleasetaskstatus?$filter=nodeId%20eq%20'n'").await.is(200).json();
    assert_eq!(status["value"], json!([]));
    create["id"] = json!("k");
    create["jobPreparationTask"] = json!({ "commandLine": "p", "outputFiles": [] });
    let refused = rest.post("/jobs", create).await.is_error(400, "UnsupportedProperty");
    assert_eq!(refused.value("PropertyName"), "jobPreparationTask.outputFiles");
}

#[tokio::test]
async fn statistics_are_given_to_who_asks_for_them() {
    let rest = Rest::new().await;
    rest.world.pool("p", 1, 1).await;
    rest.post("/jobs", job("j")).await.is(201);
    let mut retried = task("t");
    retried["constraints"] = json!({ "maxTaskRetryCount": 1 });
    rest.post("/jobs/j/tasks", retried).await.is(201);
    let mut node = rest.world.node().await;
    for exit in [1, 0] {
        let run = node.runs().await;
        node.started(&run[0]);
        rest.world.until_task("j", "t", |t| t.state == TaskState::Running).await;
        let started = rest.world.cx.clock.now();
        rest.world.clock.forward(fournil::api::Duration::from_secs(3));
        let mut ended = end(run[0].a, exit, rest.world.cx.clock.now());
        ended.started = Some(started);
        node.says(FromAgent::Ended(ended));
    }
    rest.world.until_task("j", "t", |t| t.state == TaskState::Completed).await;
    assert!(rest.get("/jobs/j").await.json().get("stats").is_none());
    let stats = rest.get("/jobs/j?$expand=stats").await.json()["stats"].clone();
    for (name, value) in [
        ("url", json!("http://127.0.0.1:1/jobs/j/stats")),
        ("numSucceededTasks", json!(1)),
        ("numFailedTasks", json!(0)),
        ("numTaskRetries", json!(1)),
        ("wallClockTime", json!("PT6S")),
        ("userCPUTime", json!("PT0.001S")),
        ("readIOGiB", json!(0.0)),
    ] {
        assert_eq!(stats[name], value, "{name}: {stats}");
    }
    let tasks = rest.get("/jobs/j/tasks?$expand=stats&$select=id,stats").await.json();
    assert_eq!(tasks["value"][0]["stats"]["wallClockTime"], "PT6S");
    let one = rest.get("/jobs/j/tasks/t?$expand=stats").await.json();
    assert_eq!(one["stats"]["userCPUTime"], "PT0.001S");
    rest.world.is_sound().await;
}
