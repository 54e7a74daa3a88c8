//! What service events of tasks say. Those of pools and jobs are written by the database itself, with the change.

use serde_json::{Value, json};

use crate::api::{ServiceEventType, TaskFailureInformation};
use crate::domain::task::Life;

/// A task as its events tell of it.
#[derive(Clone, Copy, Debug)]
pub struct TaskFacts<'a> {
    pub job: &'a str,
    pub task: &'a str,
    pub is_job_manager: bool,
    pub slots: i32,
    /// 0 of a task that is not a multi-instance one.
    pub instances: i32,
    pub most_retries: i32,
    /// `pool/node` of the last attempt.
    pub place: Option<&'a str>,
    pub life: &'a Life,
}

/// What has happened when a life became `after`, in order. A task that was never seen running can have run.
pub fn happened(before: &Life, after: &Life) -> impl Iterator<Item = ServiceEventType> + use<> {
    use crate::domain::task::Phase::{Completed, Running};
    let has_ended = before.phase != Completed && after.phase == Completed;
    let was_running = before.phase == Running;
    let has_started = !was_running && (after.phase == Running || (has_ended && after.started.is_some()));
    let has_failed = has_ended && after.failure.is_some();
    // Chosen here: Azure tells it of attempts that it repeats later, which do not exist here. What a user ended did not fail to begin.
    let never_began = has_failed && after.started.is_none() && !after.failure.as_ref().is_some_and(is_users_word);
    [
        (has_started, ServiceEventType::TaskStart),
        (never_began, ServiceEventType::TaskScheduleFail),
        (has_ended, ServiceEventType::TaskComplete),
        (has_failed, ServiceEventType::TaskFail),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| is_so.then_some(what))
}

fn is_users_word(failure: &TaskFailureInformation) -> bool {
    failure.code == "TaskEnded"
}

/// The event's body. Source: Batch analytics, task start, complete, fail and schedule fail events.
pub fn task_body(what: ServiceEventType, task: &TaskFacts<'_>) -> Value {
    let life = task.life;
    let mut body = json!({
        "jobId": task.job,
        "id": task.task,
        "taskType": if task.is_job_manager { "JobManager" } else { "User" },
        // Of the attempt: a lost one is repeated under the next number.
        "systemTaskVersion": life.attempt,
        "requiredSlots": task.slots,
        "multiInstanceSettings": { "numberOfInstances": task.instances.max(1) },
        "constraints": { "maxTaskRetryCount": task.most_retries },
    });
    if let Some((pool, node)) = task.place.and_then(|place| place.split_once('/')) {
        body["nodeInfo"] = json!({ "poolId": pool, "nodeId": node });
    }
    match (what, &life.failure) {
        (ServiceEventType::TaskStart, _) => body["executionInfo"] = json!({ "retryCount": life.retries }),
        (ServiceEventType::TaskScheduleFail, Some(failure)) => {
            body["schedulingError"] = json!({
                "category": failure.category,
                "code": failure.code,
                "message": failure.message,
                "details": failure.details,
            });
        }
        _ => {
            let mut info = json!({ "retryCount": life.retries, "requeueCount": life.requeues });
            if let Some(started) = life.started {
                info["startTime"] = json!(started);
            }
            if let Some(ended) = life.ended {
                info["endTime"] = json!(ended);
            }
            if let Some(code) = life.exit_code {
                info["exitCode"] = json!(code);
            }
            body["executionInfo"] = info;
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Timestamp;
    use crate::api::agent::Usage;
    use crate::domain::task::{Event, on, task_ended};

    const NOW: Timestamp = Timestamp::from_secs(100);

    fn end(started: bool, exit: Option<i32>) -> Event {
        let failure = (exit != Some(0)).then(|| TaskFailureInformation { code: "X".into(), ..task_ended("x") });
        let started = started.then_some(NOW);
        Event::Ended { attempt: 1, started, at: NOW, exit, failure, usage: Usage::default(), container: None }
    }

    fn told(events: &[Event]) -> Vec<&'static str> {
        let mut life = Life::new(NOW);
        let mut all = Vec::new();
        for event in events {
            let before = life.clone();
            on(&mut life, event.clone(), 0, NOW).unwrap();
            all.extend(happened(&before, &life).map(|what| what.as_str().trim_end_matches("Event")));
        }
        all
    }

    #[test]
    fn what_happens_to_a_task_is_told_once() {
        let (assign, start) = (Event::Assign { node_key: 1 }, Event::Started { attempt: 1, at: NOW });
        let check = |events: &[Event], expected: &[&str]| assert_eq!(told(events), expected, "{events:?}");
        check(&[assign.clone(), start.clone(), end(true, Some(0))], &["TaskStart", "TaskComplete"]);
        check(&[assign.clone(), start.clone(), end(true, Some(1))], &["TaskStart", "TaskComplete", "TaskFail"]);
        check(&[assign.clone(), end(true, Some(0))], &["TaskStart", "TaskComplete"]);
        check(&[assign.clone(), end(false, None)], &["TaskScheduleFail", "TaskComplete", "TaskFail"]);
        check(&[Event::DependencyFailed { on: "t".into() }], &["TaskScheduleFail", "TaskComplete", "TaskFail"]);
        check(&[Event::Terminate { message: "x" }], &["TaskComplete", "TaskFail"]);
        check(&[assign, start, Event::GaveBack { attempt: 1 }], &["TaskStart"]);
    }

    #[test]
    fn bodies_are_batchs() {
        let mut life = Life::new(NOW);
        for event in [Event::Assign { node_key: 1 }, end(true, Some(3))] {
            on(&mut life, event, 0, NOW).unwrap();
        }
        let task = TaskFacts {
            job: "j",
            task: "t",
            is_job_manager: false,
            slots: 2,
            instances: 0,
            most_retries: 4,
            place: Some("p/n"),
            life: &life,
        };
        let common = json!({
            "jobId": "j", "id": "t", "taskType": "User", "systemTaskVersion": 1, "requiredSlots": 2,
            "nodeInfo": { "poolId": "p", "nodeId": "n" }, "multiInstanceSettings": { "numberOfInstances": 1 },
            "constraints": { "maxTaskRetryCount": 4 },
        });
        let with = |name: &str, value: Value| {
            let mut body = common.clone();
            body[name] = value;
            body
        };
        let check = |what, expected| assert_eq!(task_body(what, &task), expected);
        check(ServiceEventType::TaskStart, with("executionInfo", json!({ "retryCount": 0 })));
        let time = "1970-01-01T00:01:40Z";
        let info = json!({ "startTime": time, "endTime": time, "exitCode": 3, "retryCount": 0, "requeueCount": 0 });
        check(ServiceEventType::TaskFail, with("executionInfo", info));
        let error = json!({ "category": "usererror", "code": "X", "message": "x", "details": [] });
        check(ServiceEventType::TaskScheduleFail, with("schedulingError", error));
    }
}
