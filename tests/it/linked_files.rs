//! Files in linked storage that tasks name without a signature: what is refused, and that nothing is signed in what is read.

use fournil::api::Error;
use fournil::service::{job, job_schedule, task};
use serde_json::{Value, json};

use crate::arm_applications::linked;
use crate::support::arm::Arm;
use crate::support::world::World;

const URL: &str = "http://127.0.0.1:1/fournil/input";

fn from_json<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn job_with(more: Value) -> Value {
    let mut job = json!({ "id": "j", "poolInfo": { "poolId": "p" } });
    job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    job
}

async fn add_job(world: &World, more: Value) -> Result<(), Error> {
    let create = from_json(job_with(more));
    job::job_create(&world.cx, &world.caller, &world.account, create).await.map(drop).map_err(Error::from)
}

async fn add_schedule(world: &World, more: Value) -> Result<(), Error> {
    let mut specification = job_with(more);
    specification.as_object_mut().unwrap().remove("id");
    let create = from_json(json!({ "id": "s", "schedule": {}, "jobSpecification": specification }));
    let made = job_schedule::job_schedule_add(&world.cx, &world.caller, &world.account, create).await;
    made.map(drop).map_err(Error::from)
}

async fn add_task(world: &World, more: Value) -> Result<(), Error> {
    let mut create = json!({ "id": "t", "commandLine": "true" });
    create.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let job = "j".parse().unwrap();
    let added =
        task::task_add_collection(&world.cx, &world.caller, &world.account, &job, vec![from_json(create)]).await;
    added.unwrap().remove(0).error.map_or(Ok(()), Err)
}

#[track_caller]
fn names(result: Result<(), Error>, property: &str) {
    let error = result.expect_err(property);
    assert_eq!(
        (error.code.to_string().as_str(), error.value("PropertyName")),
        ("InvalidPropertyValue", Some(property))
    );
}

fn by_name() -> Value {
    json!({ "resourceFiles": [{ "autoStorageContainerName": "input" }] })
}

fn by_identity(url: &str) -> Value {
    json!({ "resourceFiles": [{ "httpUrl": url, "filePath": "f", "identityReference": { "resourceId": "i" } }] })
}

fn with_command(mut task: Value) -> Value {
    task.as_object_mut().unwrap().insert("commandLine".into(), json!("true"));
    task
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_job_brings_is_refused_where_no_storage_is_linked() {
    let world = Arm::new().await.world;
    let manager = |files| {
        let mut manager = with_command(files);
        manager.as_object_mut().unwrap().insert("id".into(), json!("m"));
        json!({ "jobManagerTask": manager })
    };
    let name = "resourceFiles[0].autoStorageContainerName";
    names(add_job(&world, manager(by_name())).await, &format!("jobManagerTask.{name}"));
    names(
        add_job(&world, manager(by_identity(&format!("{URL}/f")))).await,
        "jobManagerTask.resourceFiles[0].identityReference",
    );
    let preparation = json!({ "jobPreparationTask": with_command(by_name()) });
    names(add_job(&world, preparation.clone()).await, &format!("jobPreparationTask.{name}"));
    names(add_schedule(&world, preparation).await, &format!("jobSpecification.jobPreparationTask.{name}"));
    add_job(&world, json!({})).await.unwrap();
    names(add_task(&world, by_name()).await, name);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_opens_linked_storage_and_nothing_else() {
    let world = linked().await.world;
    let release = json!({
        "jobPreparationTask": with_command(by_name()), "jobReleaseTask": with_command(by_identity(&format!("{URL}/a%20b"))),
    });
    add_schedule(&world, release.clone()).await.unwrap();
    add_job(&world, release).await.unwrap();
    for url in [
        "http://127.0.0.1:1/other/input/f",
        "http://127.0.0.1:1/fournil",
        URL,
        "http://127.0.0.1:1/fournil/../other/f",
        "http://127.0.0.1:1/fournil.example/input/f",
        "http://example.org/fournil/input/f",
    ] {
        names(add_task(&world, by_identity(url)).await, "resourceFiles[0].identityReference");
        let url = if url == URL { &format!("{URL}/blob") } else { url };
        let output = json!({ "outputFiles": [{
            "filePattern": "*", "uploadOptions": { "uploadCondition": "taskCompletion" },
            "destination": { "container": { "containerUrl": url, "identityReference": { "resourceId": "i" } } },
        }] });
        names(add_task(&world, output).await, "outputFiles[0].destination.container.identityReference");
    }
    add_task(&world, by_identity(&format!("{URL}/f?sig=old"))).await.unwrap();
}
