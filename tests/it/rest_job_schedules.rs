//! Job schedules through REST, with a clock that the test moves.

use std::time::Duration;

use fournil::api::{self, JobState};
use fournil::service::{job_schedule, job_schedule_list};
use fournil::store;
use serde_json::{Value, json};

use crate::support::rest::Rest;
use crate::support::world::World;

fn schedule(id: &str, schedule: Value) -> Value {
    json!({ "id": id, "schedule": schedule, "jobSpecification": { "poolInfo": { "poolId": "p" } } })
}

/// With a schedule `s` that has made its first job.
async fn with_schedule(times: Value) -> Rest {
    let rest = Rest::new().await;
    rest.post("/jobschedules", schedule("s", times)).await.is(201);
    rest.world.until_job("s:job-1", JobState::Active).await;
    rest
}

fn mins(n: i64) -> api::Duration {
    api::Duration::from_mins(n)
}

/// Moves the clock, and waits until the scheduler has looked at the schedule since.
async fn forward(rest: &Rest, id: &str, by: api::Duration) {
    rest.world.clock.forward(by);
    let looked = async || {
        let mut conn = rest.world.cx.store.read().await.unwrap();
        let owner = store::account::key_of(&mut conn, &rest.world.account).await.unwrap().unwrap();
        let row = store::job_schedule::find(&mut conn, owner, id).await.unwrap().unwrap();
        row.wake.is_none_or(|wake| wake > rest.world.cx.clock.now()).then_some(())
    };
    rest.world.until("the scheduler looks", looked).await;
}

async fn until_state(rest: &Rest, id: &str, state: &str) -> Value {
    let target = format!("/jobschedules/{id}");
    let get = async || Some(rest.get(&target).await.is(200).json()).filter(|s| s["state"] == state);
    rest.world.until("a schedule's state", get).await
}

async fn end(rest: &Rest, job: &str) {
    rest.send(rest.ask("POST", &format!("/jobs/{job}/terminate"))).await.is(202);
    rest.world.until_job(job, JobState::Completed).await;
}

async fn jobs(rest: &Rest, id: &str) -> Vec<String> {
    rest.get(&format!("/jobschedules/{id}/jobs")).await.is(200).each("id")
}

async fn assert_sound(world: &World) {
    let mut conn = world.cx.store.read().await.unwrap();
    assert_eq!(store::doctor::broken_rules(&mut conn).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_schedule_is_given_back_with_its_defaults_and_makes_a_job_at_once() {
    let rest = Rest::new().await;
    let create = json!({
        "id": "S-1",
        "displayName": "Nightly",
        "schedule": { "recurrenceInterval": "P1D", "startWindow": "PT01H00M00S" },
        "jobSpecification": { "poolInfo": { "poolId": "later" }, "priority": 7 },
        "metadata": [{ "name": "a", "value": "b" }],
    });
    let created = rest.post("/jobschedules", create).await.is(201);
    assert_eq!(created.header("dataserviceid"), "http://batch.example:8080/jobschedules/S-1");
    rest.world.until_job("S-1:job-1", JobState::Active).await;

    let got = rest.get("/jobschedules/s-1?$expand=stats").await.is(200);
    assert_eq!(got.header("etag"), created.header("etag"), "a job that is made changes nothing of the schedule's own");
    let got = got.json();
    assert_eq!(got["odata.metadata"], "http://batch.example:8080/$metadata#jobschedules/@Element");
    for (name, value) in [
        ("id", json!("S-1")),
        ("displayName", json!("Nightly")),
        ("state", json!("active")),
        ("schedule", json!({ "recurrenceInterval": "P1D", "startWindow": "PT1H" })),
        ("metadata", json!([{ "name": "a", "value": "b" }])),
    ] {
        assert_eq!(got[name], value, "{name}");
    }
    let specification = &got["jobSpecification"];
    for (name, value) in [
        ("priority", json!(7)),
        ("onAllTasksComplete", json!("noaction")),
        ("poolInfo", json!({ "poolId": "later" })),
        ("constraints", json!({ "maxWallClockTime": "P10675199DT2H48M5.4775807S", "maxTaskRetryCount": 0 })),
        ("id", Value::Null),
    ] {
        assert_eq!(specification[name], value, "{name}");
    }
    let info = &got["executionInfo"];
    assert_eq!(info["recentJob"]["id"], "S-1:job-1");
    assert_eq!(info["nextRunTime"], rest.world.cx.clock.now().plus(mins(24 * 60)).to_string());
    let job = rest.get("/jobs/S-1:job-1").await.is(200).json();
    assert_eq!((&job["priority"], &job["poolInfo"]["poolId"]), (&json!(7), &json!("later")));
    assert_eq!(job["url"], info["recentJob"]["url"]);
}

#[tokio::test]
async fn at_most_one_job_is_active_and_a_turn_waits_for_it() {
    let rest = with_schedule(json!({ "recurrenceInterval": "PT1H" })).await;
    forward(&rest, "s", mins(61)).await;
    assert_eq!(jobs(&rest, "s").await, ["s:job-1"]);
    let due = rest.get("/jobschedules/s").await.json()["executionInfo"]["nextRunTime"].clone();
    assert_eq!(due, rest.world.cx.clock.now().plus(mins(-1)).to_string(), "it has been due for a minute");
    end(&rest, "s:job-1").await;
    rest.world.until_job("s:job-2", JobState::Active).await;
    // Turns keep to the clock: the next one is an hour after the last, not after its job.
    end(&rest, "s:job-2").await;
    forward(&rest, "s", mins(58)).await;
    assert_eq!(jobs(&rest, "s").await, ["s:job-1", "s:job-2"]);
    forward(&rest, "s", mins(1)).await;
    rest.world.until_job("s:job-3", JobState::Active).await;
    // Of turns that passed while a job was active, one is left.
    forward(&rest, "s", mins(300)).await;
    end(&rest, "s:job-3").await;
    rest.world.until_job("s:job-4", JobState::Active).await;
    end(&rest, "s:job-4").await;
    forward(&rest, "s", mins(1)).await;
    assert_eq!(jobs(&rest, "s").await.len(), 4);
    assert_sound(&rest.world).await;
}

#[tokio::test]
async fn a_turn_whose_window_passes_is_lost() {
    let rest = with_schedule(json!({ "recurrenceInterval": "PT1H", "startWindow": "PT5M" })).await;
    forward(&rest, "s", mins(65)).await;
    end(&rest, "s:job-1").await;
    forward(&rest, "s", mins(54)).await;
    assert_eq!(jobs(&rest, "s").await, ["s:job-1"]);
    forward(&rest, "s", mins(1)).await;
    rest.world.until_job("s:job-2", JobState::Active).await;
}

#[tokio::test]
async fn a_schedule_waits_until_its_time_and_ends_after_it() {
    let rest = Rest::new().await;
    let (from, to) = (rest.world.cx.clock.now().plus(mins(10)), rest.world.cx.clock.now().plus(mins(30)));
    let times =
        json!({ "doNotRunUntil": from.to_string(), "doNotRunAfter": to.to_string(), "recurrenceInterval": "PT5M" });
    rest.post("/jobschedules", schedule("s", times)).await.is(201);
    forward(&rest, "s", mins(9)).await;
    assert_eq!(jobs(&rest, "s").await, [""; 0]);
    assert_eq!(rest.get("/jobschedules/s").await.json()["executionInfo"], json!({ "nextRunTime": from.to_string() }));
    forward(&rest, "s", mins(1)).await;
    rest.world.until_job("s:job-1", JobState::Active).await;
    forward(&rest, "s", mins(20)).await;
    assert_eq!(rest.get("/jobschedules/s").await.json()["state"], "active", "its job is still active");
    end(&rest, "s:job-1").await;
    let done = until_state(&rest, "s", "completed").await;
    assert_eq!(done["previousState"], "active");
    let info = &done["executionInfo"];
    assert_eq!((&info["nextRunTime"], &info["endTime"]), (&Value::Null, &json!(to.to_string())));
    assert_eq!(jobs(&rest, "s").await, ["s:job-1"]);
    let update = json!({ "metadata": [] });
    rest.put("PATCH", "/jobschedules/s", update).await.is_error(409, "JobScheduleCompleted");
}

#[tokio::test]
async fn without_an_interval_there_is_one_job_and_then_the_end() {
    let rest = with_schedule(json!({})).await;
    forward(&rest, "s", mins(6000)).await;
    assert_eq!(rest.get("/jobschedules/s").await.json()["state"], "active");
    end(&rest, "s:job-1").await;
    until_state(&rest, "s", "completed").await;
    assert_eq!(jobs(&rest, "s").await, ["s:job-1"]);
    assert_sound(&rest.world).await;
}

#[tokio::test]
async fn a_disabled_schedule_makes_no_job_and_its_active_one_goes_on() {
    let rest = with_schedule(json!({ "recurrenceInterval": "PT1H" })).await;
    rest.send(rest.ask("POST", "/jobschedules/s/disable")).await.is(204);
    rest.send(rest.ask("POST", "/jobschedules/s/disable")).await.is_error(409, "JobScheduleDisabled");
    end(&rest, "s:job-1").await;
    forward(&rest, "s", mins(60)).await;
    assert_eq!(jobs(&rest, "s").await, ["s:job-1"]);
    let got = rest.get("/jobschedules/s").await.json();
    assert_eq!((&got["state"], &got["previousState"]), (&json!("disabled"), &json!("active")));
    let enabled = rest.send(rest.ask("POST", "/jobschedules/s/enable")).await.is(204);
    assert_eq!(enabled.header("dataserviceid"), "http://batch.example:8080/jobschedules/s");
    rest.world.until_job("s:job-2", JobState::Active).await;
    rest.post("/jobschedules/s/enable", json!({})).await.is_error(409, "OperationInvalidForCurrentState");
}

#[tokio::test]
async fn a_terminated_schedule_ends_its_active_job_and_stays() {
    let rest = with_schedule(json!({ "recurrenceInterval": "PT1H" })).await;
    rest.send(rest.ask("POST", "/jobschedules/s/terminate")).await.is(202);
    let done = until_state(&rest, "s", "completed").await;
    assert_eq!(done["previousState"], "terminating");
    let job = rest.world.until_job("s:job-1", JobState::Completed).await.job;
    assert_eq!(job.execution_info.terminate_reason.as_deref(), Some("TerminateJobSchedule"));
    for operation in ["terminate", "disable", "enable"] {
        let refused = rest.send(rest.ask("POST", &format!("/jobschedules/s/{operation}"))).await;
        refused.is_error(409, "JobScheduleCompleted");
    }
    forward(&rest, "s", mins(600)).await;
    assert_eq!(jobs(&rest, "s").await, ["s:job-1"]);
    assert_sound(&rest.world).await;
}

#[tokio::test]
async fn a_deleted_schedule_takes_its_jobs_and_tasks_with_it() {
    let rest = with_schedule(json!({ "recurrenceInterval": "PT1H" })).await;
    let task = json!({ "id": "t", "commandLine": "/bin/true" });
    rest.post("/jobs/s:job-1/tasks", task).await.is(201);
    end(&rest, "s:job-1").await;
    forward(&rest, "s", mins(60)).await;
    rest.world.until_job("s:job-2", JobState::Active).await;
    rest.delete("/jobschedules/s?force=true").await.is(202);
    let gone = async || (rest.get("/jobschedules/s").await.status == 404).then_some(());
    rest.world.until("the schedule is gone", gone).await;
    for job in ["s:job-1", "s:job-2"] {
        rest.get(&format!("/jobs/{job}")).await.is_error(404, "JobNotFound");
    }
    rest.get("/jobschedules/s/jobs").await.is_error(404, "JobScheduleNotFound");
    rest.delete("/jobschedules/s").await.is_error(404, "JobScheduleNotFound");
    assert_sound(&rest.world).await;
    rest.post("/jobschedules", schedule("s", json!({}))).await.is(201);
    rest.world.until_job("s:job-1", JobState::Active).await;
}

#[tokio::test]
async fn patch_changes_what_is_given_and_put_sets_the_rest_to_defaults() {
    let rest = with_schedule(json!({ "recurrenceInterval": "PT1H" })).await;
    let specification = json!({ "priority": 5, "poolInfo": { "poolId": "q" } });
    rest.put("PATCH", "/jobschedules/s", json!({ "jobSpecification": specification })).await.is(200);
    let metadata = json!([{ "name": "a", "value": "b" }]);
    rest.put("PATCH", "/jobschedules/s", json!({ "metadata": metadata })).await.is(200);
    let got = rest.get("/jobschedules/s").await.json();
    assert_eq!(got["schedule"], json!({ "recurrenceInterval": "PT1H" }));
    assert_eq!((&got["jobSpecification"]["priority"], &got["metadata"]), (&json!(5), &metadata));
    // The active job keeps what it has; the next one has the new settings.
    assert_eq!(rest.get("/jobs/s:job-1").await.json()["priority"], 0);
    end(&rest, "s:job-1").await;
    forward(&rest, "s", mins(60)).await;
    assert_eq!(rest.world.until_job("s:job-2", JobState::Active).await.job.settings.priority, Some(5));

    rest.put("PUT", "/jobschedules/s", json!({})).await.is_error(400, "MissingRequiredProperty");
    // Without a schedule: one job, now; as soon as the active one has ended.
    let put = json!({ "jobSpecification": { "poolInfo": { "poolId": "p" } } });
    rest.put("PUT", "/jobschedules/s", put).await.is(200);
    let got = rest.get("/jobschedules/s").await.json();
    assert_eq!((&got["schedule"], &got["metadata"]), (&Value::Null, &Value::Null));
    assert_eq!(got["jobSpecification"]["priority"], 0);
    end(&rest, "s:job-2").await;
    rest.world.until_job("s:job-3", JobState::Active).await;
    end(&rest, "s:job-3").await;
    until_state(&rest, "s", "completed").await;
}

#[tokio::test]
async fn jobs_and_schedules_share_their_ids() {
    let rest = with_schedule(json!({})).await;
    let job = |id: &str| json!({ "id": id, "poolInfo": { "poolId": "p" } });
    rest.post("/jobs", job("j")).await.is(201);
    rest.post("/jobs", job("S")).await.is_error(409, "JobScheduleWithSameIdExists");
    rest.post("/jobschedules", schedule("J", json!({}))).await.is_error(409, "JobWithSameIdExists");
    rest.post("/jobschedules", schedule("S", json!({}))).await.is_error(409, "JobScheduleExists");
    let refused = rest.post("/jobs", job("s:job-2")).await.is_error(400, "InvalidPropertyValue");
    assert_eq!(refused.value("PropertyName"), "id");
}

#[tokio::test]
async fn ids_with_a_colon_work_encoded_or_not() {
    let rest = with_schedule(json!({})).await;
    for job in ["s:job-1", "s%3Ajob-1", "S%3aJOB-1"] {
        assert_eq!(rest.get(&format!("/jobs/{job}")).await.is(200).json()["id"], "s:job-1");
    }
    let task = json!({ "id": "t", "commandLine": "/bin/true" });
    let created = rest.post("/jobs/s%3Ajob-1/tasks", task).await.is(201);
    assert_eq!(created.header("dataserviceid"), "http://batch.example:8080/jobs/s:job-1/tasks/t");
    rest.get("/jobs/s:job-1/tasks/t").await.is(200);
    rest.put("PATCH", "/jobs/s:job-1", json!({ "priority": 3 })).await.is(200);
    assert_eq!(rest.get("/jobs?$filter=startswith(id,'s:')").await.each("id"), ["s:job-1"]);
    rest.get("/jobs/s:job-9").await.is_error(404, "JobNotFound");
    rest.get("/jobs/s:task-1").await.is_error(404, "JobNotFound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_a_schedules_job_have_their_folder_in_the_schedules() {
    let rest = with_schedule(json!({})).await;
    rest.world.pool("p", 1, 1).await;
    rest.world.tasks("s:job-1", &["t"]).await;
    let mut node = rest.world.node().await;
    let run = node.runs().await;
    assert_eq!((run[0].job.as_str(), run[0].directory.as_str()), ("s:job-1", "workitems/s/job-1/t"));
    node.ended(&run[0], 0);
    rest.world.until_task("s:job-1", "t", |t| t.state == api::TaskState::Completed).await;
    let task = rest.get("/jobs/s:job-1/tasks/t").await.json();
    assert_eq!(task["nodeInfo"]["taskRootDirectory"], "workitems/s/job-1/t");
    rest.files.put("workitems/s/job-1/t/stdout.txt", b"hello");
    assert_eq!(rest.get("/jobs/s%3Ajob-1/tasks/t/files/stdout.txt").await.is(200).bytes, b"hello");
    rest.delete("/jobs/s:job-1").await.is(202);
    loop {
        if let api::agent::ToAgent::CleanUp { directories } = node.hears().await {
            assert_eq!(directories, ["workitems/s/job-1"]);
            break;
        }
    }
    // Its only job is gone, and so is its only turn.
    until_state(&rest, "s", "completed").await;
    assert_sound(&rest.world).await;
}

#[tokio::test]
async fn schedules_and_active_jobs_share_a_quota() {
    let rest = Rest::new().await;
    let quota = {
        let account = fournil::service::account::account_get(&rest.world.cx, &rest.world.caller, &rest.world.account);
        account.await.unwrap().account.quotas.active_job_and_job_schedule_quota
    };
    for n in 0..quota - 1 {
        rest.world.job(&format!("j{n}"), "p").await;
    }
    rest.post("/jobschedules", schedule("s", json!({}))).await.is(201);
    let refused = rest.post("/jobschedules", schedule("s2", json!({}))).await;
    refused.is_error(409, "ActiveJobAndScheduleQuotaReached");
    let job = json!({ "id": "j", "poolInfo": { "poolId": "p" } });
    rest.post("/jobs", job).await.is_error(409, "ActiveJobAndScheduleQuotaReached");
    // The schedule's own job waits until there is room.
    assert_eq!(jobs(&rest, "s").await, [""; 0]);
    end(&rest, "j0").await;
    rest.put("PATCH", "/jobschedules/s", json!({ "metadata": [] })).await.is(200);
    rest.world.until_job("s:job-1", JobState::Active).await;
    assert_sound(&rest.world).await;
}

#[tokio::test]
async fn schedules_are_listed_filtered_selected_and_paged() {
    let rest = Rest::new().await;
    let until = |n: i64| rest.world.cx.clock.now().plus(mins(n)).to_string();
    for (id, n) in [("a", 10), ("b", 20), ("c", 30)] {
        rest.post("/jobschedules", schedule(id, json!({ "doNotRunUntil": until(n) }))).await.is(201);
    }
    rest.send(rest.ask("POST", "/jobschedules/b/disable")).await.is(204);
    let found = async |filter: &str| {
        let filter = filter.replace(' ', "%20").replace('\'', "%27");
        rest.get(&format!("/jobschedules?$filter={filter}")).await.is(200).each("id")
    };
    assert_eq!(found("state eq 'active'").await, ["a", "c"]);
    assert_eq!(found(&format!("schedule/doNotRunUntil gt DateTime'{}'", until(10))).await, ["b", "c"]);
    assert_eq!(found("startswith(id,'A') or state eq 'disabled'").await, ["a", "b"]);
    assert_eq!(found("executionInfo/endTime lt DateTime'2100-01-01T00:00:00Z'").await, [""; 0]);
    let refused = rest.get("/jobschedules?$filter=displayName%20eq%20%27x%27").await;
    refused.is_error(400, "InvalidQueryParameterValue");
    let page = rest.get("/jobschedules?maxresults=2&$select=id,state&$expand=stats").await.is(200);
    assert_eq!(page.json()["value"][1], json!({ "id": "b", "state": "disabled" }));
    let next = page.json()["odata.nextLink"].as_str().unwrap().replace("http://batch.example:8080", "");
    let rest_of_it = rest.get(&next).await.is(200);
    assert_eq!(rest_of_it.json()["value"], json!([{ "id": "c", "state": "active" }]));
    rest.get("/jobschedules?$select=colour").await.is_error(400, "InvalidQueryParameterValue");
}

#[tokio::test]
async fn the_jobs_of_a_schedule_are_listed_filtered_and_paged() {
    let rest = with_schedule(json!({ "recurrenceInterval": "PT1M" })).await;
    rest.world.job("other", "p").await;
    for n in 2..=3 {
        end(&rest, &format!("s:job-{}", n - 1)).await;
        forward(&rest, "s", mins(1)).await;
        rest.world.until_job(&format!("s:job-{n}"), JobState::Active).await;
    }
    assert_eq!(jobs(&rest, "s").await, ["s:job-1", "s:job-2", "s:job-3"]);
    let active = rest.get("/jobschedules/s/jobs?$filter=state%20eq%20%27active%27&$select=id").await.is(200);
    assert_eq!(active.json()["value"], json!([{ "id": "s:job-3" }]));
    let by_id = rest.get("/jobschedules/s/jobs?$filter=id%20eq%20%27s:job-1%27").await;
    by_id.is_error(400, "InvalidQueryParameterValue");
    let page = rest.get("/jobschedules/s/jobs?maxresults=2").await.is(200);
    let next = page.json()["odata.nextLink"].as_str().unwrap().replace("http://batch.example:8080", "");
    assert_eq!(rest.get(&next).await.is(200).each("id"), ["s:job-3"]);
    rest.get("/jobschedules/x/jobs").await.is_error(404, "JobScheduleNotFound");
}

/// As the portal lists them.
#[tokio::test]
async fn schedules_are_listed_with_their_last_jobs() {
    let rest = with_schedule(json!({})).await;
    let later = json!({ "doNotRunUntil": "2100-01-01T00:00:00Z" });
    for id in ["a", "b", "sea"] {
        rest.post("/jobschedules", schedule(id, later.clone())).await.is(201);
    }
    rest.send(rest.ask("POST", "/jobschedules/a/disable")).await.is(204);
    let world = &rest.world;
    let list = async |query: api::ListQuery| {
        job_schedule_list::job_schedule_list(&world.cx, &world.caller, &world.account, &query).await.unwrap()
    };
    let ids = |page: &api::Page<api::JobScheduleSummary>| {
        page.items.iter().map(|s| s.job_schedule.settings.id.clone()).collect::<Vec<_>>()
    };
    let first = list(api::ListQuery { sort: "id".into(), limit: 3, ..Default::default() }).await;
    assert_eq!((ids(&first), first.total), (["a", "b", "s"].map(String::from).to_vec(), Some(4)));
    let jobs: Vec<_> =
        first.items.iter().map(|s| s.recent_job.as_ref().map(|job| job.job.settings.id.as_str())).collect();
    assert_eq!(jobs, [None, None, Some("s:job-1")]);
    let rest_of_it = api::ListQuery { sort: "id".into(), limit: 3, cursor: first.next.unwrap(), ..Default::default() };
    assert_eq!(ids(&list(rest_of_it).await), ["sea"]);
    assert_eq!(ids(&list(api::ListQuery { search: "S".into(), ..Default::default() }).await), ["s", "sea"]);
    let disabled = api::ListQuery { states: vec!["disabled".into()], ..Default::default() };
    assert_eq!(ids(&list(disabled).await), ["a"]);
    let id = "s".parse().unwrap();
    let query = api::ListQuery::default();
    let jobs = job_schedule_list::job_schedule_job_list(&world.cx, &world.caller, &world.account, &id, &query).await;
    let jobs = jobs.unwrap();
    assert_eq!((jobs.items[0].job.settings.id.as_str(), jobs.total), ("s:job-1", Some(1)));
}

#[tokio::test]
async fn conditions_are_checked_and_head_asks_whether_it_exists() {
    let rest = with_schedule(json!({})).await;
    let got = rest.get("/jobschedules/s").await.is(200);
    let (etag, body_etag) = (got.header("etag").to_owned(), got.json()["eTag"].as_str().unwrap().to_owned());
    assert_eq!(etag, format!("\"{body_etag}\""));
    let head = rest.send(rest.ask("HEAD", "/jobschedules/s")).await.is(200);
    assert_eq!((head.header("etag"), head.bytes.len()), (etag.as_str(), 0));
    assert_eq!(rest.send(rest.ask("HEAD", "/jobschedules/x")).await.status, 404);
    let same = rest.ask("GET", "/jobschedules/s").header("if-none-match", &body_etag);
    assert_eq!(rest.send(same).await.status, 304);
    let stale = rest.ask("PATCH", "/jobschedules/s").json(&json!({ "metadata": [] })).header("if-match", "0x0");
    rest.send(stale).await.is_error(412, "ConditionNotMet");
    let fresh = rest.ask("PATCH", "/jobschedules/s").json(&json!({ "metadata": [] })).header("if-match", &etag);
    assert_ne!(rest.send(fresh).await.is(200).header("etag"), etag);
    let stale = rest.ask("DELETE", "/jobschedules/s").header("if-match", &etag);
    rest.send(stale).await.is_error(412, "ConditionNotMet");
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_path() {
    let rest = Rest::new().await;
    let check = async |change: fn(&mut Value), code: &str, path: &str| {
        let mut body = schedule("s", json!({}));
        change(&mut body);
        let refused = rest.post("/jobschedules", body).await.is_error(400, code);
        assert_eq!(refused.value("PropertyName"), path);
    };
    check(|s| s["colour"] = json!(1), "UnsupportedProperty", "colour").await;
    check(|s| s["schedule"]["every"] = json!(1), "UnsupportedProperty", "schedule.every").await;
    check(|s| s["schedule"] = Value::Null, "MissingRequiredProperty", "schedule").await;
    check(|s| s["jobSpecification"] = Value::Null, "MissingRequiredProperty", "jobSpecification").await;
    check(|s| s["schedule"]["startWindow"] = json!("PT1S"), "InvalidPropertyValue", "schedule.startWindow").await;
    check(
        |s| s["schedule"]["recurrenceInterval"] = json!("PT59S"),
        "InvalidPropertyValue",
        "schedule.recurrenceInterval",
    )
    .await;
    check(|s| s["jobSpecification"]["id"] = json!("x"), "UnsupportedProperty", "jobSpecification.id").await;
    check(|s| s["jobSpecification"]["priority"] = json!(-1001), "InvalidPropertyValue", "jobSpecification.priority")
        .await;
    check(
        |s| s["jobSpecification"]["poolInfo"] = json!({}),
        "MissingRequiredProperty",
        "jobSpecification.poolInfo.poolId",
    )
    .await;
    assert_eq!(rest.get("/jobschedules").await.json()["value"], json!([]));
}

#[tokio::test]
async fn a_deleted_account_takes_its_schedules_with_it() {
    let rest = with_schedule(json!({ "recurrenceInterval": "PT1H" })).await;
    let world = &rest.world;
    fournil::service::account::account_delete(&world.cx, &world.caller, &world.account).await.unwrap();
    let gone = async || {
        let mut conn = world.cx.store.read().await.unwrap();
        store::account::key_of(&mut conn, &world.account).await.unwrap().is_none().then_some(())
    };
    world.until("the account is gone", gone).await;
    assert_sound(world).await;
}

/// However often the server dies, a turn has one job.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_makes_no_job_twice() {
    let mut world = World::new().await;
    let times = api::Schedule { recurrence_interval: Some(mins(1)), ..Default::default() };
    let mut create = api::JobScheduleCreate { id: "s".into(), schedule: Some(times), ..Default::default() };
    create.job_specification.pool_info.pool_id = Some("p".into());
    create.job_specification.on_all_tasks_complete = Some(api::OnAllTasksComplete::TerminateJob);
    job_schedule::job_schedule_add(&world.cx, &world.caller, &world.account, create).await.unwrap();
    for turn in 1..=8 {
        world = world.restart().await;
        // Killed at whatever it is doing for the turn.
        tokio::time::sleep(Duration::from_millis(turn)).await;
        world = world.restart().await;
        world.until_job(&format!("s:job-{turn}"), JobState::Completed).await;
        world.clock.forward(mins(1));
    }
    let id = "s".parse().unwrap();
    let summary =
        async || job_schedule_list::job_schedule_get(&world.cx, &world.caller, &world.account, &id).await.unwrap();
    let ninth = async || Some(summary().await).filter(|s| s.n_jobs == 9);
    world.until("the ninth job", ninth).await;
    assert!(world.job_get("s:job-10").await.is_none());
    assert_sound(&world).await;
}
