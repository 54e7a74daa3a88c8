//! How a job's preparation and release tasks went on a node, as GET returns it.

use super::Context;
use super::task::location;
use crate::api::{
    self, JobPreparationTask, JobPreparationTaskExecutionInformation as Preparation, JobPreparationTaskState,
    JobReleaseTask, JobReleaseTaskExecutionInformation as Release, JobReleaseTaskState,
};
use crate::domain::ids::AccountName;
use crate::domain::job_node::{preparation_id, release_id};
use crate::domain::task::{Life, Phase};
use crate::store::job_node::JobNodeRow;

pub fn to_api(
    cx: &Context,
    account: &AccountName,
    job: &str,
    preparation: &JobPreparationTask,
    release: Option<&JobReleaseTask>,
    row: JobNodeRow,
) -> api::JobPreparationAndReleaseTaskStatus {
    let place = |id: &str| location(cx, account, &row.pool_id, &row.node_id, job, id);
    let node = place(preparation_id(preparation));
    api::JobPreparationAndReleaseTaskStatus {
        pool_id: row.pool_id.clone(),
        node_id: row.node_id.clone(),
        node_url: node.node_url.clone(),
        job_preparation_task_execution_info: has_begun(&row.preparation)
            .then(|| self::preparation(&row.preparation, node)),
        job_release_task_execution_info: release
            .zip(row.release.as_ref().filter(|life| has_begun(life)))
            .map(|(task, life)| self::release(life, place(release_id(task)))),
    }
}

fn has_begun(life: &Life) -> bool {
    life.attempt > 0
}

fn preparation(life: &Life, place: api::TaskNodeInformation) -> Preparation {
    let is_completed = life.phase == Phase::Completed;
    Preparation {
        // One that was sent and is not heard of yet begins within moments.
        start_time: life.started.unwrap_or(life.since),
        end_time: life.ended,
        state: if is_completed { JobPreparationTaskState::Completed } else { JobPreparationTaskState::Running },
        task_root_directory: place.task_root_directory,
        task_root_directory_url: place.task_root_directory_url,
        exit_code: life.exit_code,
        container_info: life.container.clone(),
        failure_info: life.failure.clone(),
        retry_count: life.retries,
        last_retry_time: life.last_retry,
        result: life.result(),
    }
}

fn release(life: &Life, place: api::TaskNodeInformation) -> Release {
    let is_completed = life.phase == Phase::Completed;
    Release {
        start_time: life.started.unwrap_or(life.since),
        end_time: life.ended,
        state: if is_completed { JobReleaseTaskState::Completed } else { JobReleaseTaskState::Running },
        task_root_directory: place.task_root_directory,
        task_root_directory_url: place.task_root_directory_url,
        exit_code: life.exit_code,
        container_info: life.container.clone(),
        failure_info: life.failure.clone(),
        result: life.result(),
    }
}
