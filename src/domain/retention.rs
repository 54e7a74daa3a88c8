//! How long the files of an ended task stay on its node: at least as long as its retention time, counted from its end.
//! Source: tasks, `retentionTime`: seven days where nothing is said, unless the node is removed or the job is deleted.
//!
//! Chosen here: the files of a job's preparation task stay as long as tasks of the job may come to the node and use them.
//! Their time begins with the end of the job.

use super::job_node::Kind;
use super::task::{Life, Phase};
use crate::api::{Duration, JobCreate, TaskConstraints, Timestamp};

/// Where nothing is said.
pub const USUAL: Duration = Duration::from_days(7);

pub fn of_task(constraints: Option<&TaskConstraints>) -> Duration {
    constraints.and_then(|constraints| constraints.retention_time).unwrap_or(USUAL)
}

/// Of the preparation or release task of a job.
pub fn of_run(job: &JobCreate, kind: Kind) -> Duration {
    let own = match kind {
        Kind::Preparation => job.job_preparation_task.as_ref().map(|task| of_task(task.constraints.as_ref())),
        Kind::Release => job.job_release_task.as_ref().and_then(|task| task.retention_time),
    };
    own.unwrap_or(USUAL)
}

/// Until when a task's files stay; nothing while it has not ended, or where it never came to a node.
pub fn until(life: &Life, retention: Duration) -> Option<Timestamp> {
    let ended = life.ended.filter(|_| life.phase == Phase::Completed)?;
    life.node_key.map(|_| ended.plus(retention))
}

/// The same of a preparation or release task whose job ended then. What never began has no files.
pub fn until_of_run(life: &Life, job_ended: Timestamp, kind: Kind, retention: Duration) -> Option<Timestamp> {
    let from = match kind {
        Kind::Preparation => job_ended,
        Kind::Release => life.ended.unwrap_or(job_ended),
    };
    (life.attempt > 0).then(|| from.plus(retention))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::task::{Event, on};

    const NOW: Timestamp = Timestamp::from_secs(100);
    const DAY: Duration = Duration::from_days(1);

    fn ended() -> Life {
        let mut life = Life::new(Timestamp(0));
        on(&mut life, Event::Assign { node_key: 1 }, 0, NOW).unwrap();
        on(&mut life, Event::Terminate { message: "" }, 0, NOW).unwrap();
        life
    }

    #[test]
    fn files_stay_for_their_time_after_the_end_of_the_task() {
        assert_eq!(until(&ended(), DAY), Some(NOW.plus(DAY)));
        let unlimited = until(&ended(), Duration::UNLIMITED).unwrap();
        assert!(unlimited > Timestamp::from_secs(10_000_000_000), "never");
        let mut never_there = Life::new(Timestamp(0));
        on(&mut never_there, Event::Terminate { message: "" }, 0, NOW).unwrap();
        assert_eq!(until(&never_there, DAY), None);
        let mut again = ended();
        on(&mut again, Event::Reactivate, 0, NOW).unwrap();
        assert_eq!(until(&again, DAY), None, "it may run again, and then its files are not those of an ended task");
    }

    #[test]
    fn a_preparation_keeps_its_files_for_the_tasks_of_its_job() {
        let job_ended = Timestamp::from_secs(500);
        let of = |kind| until_of_run(&ended(), job_ended, kind, DAY);
        assert_eq!(of(Kind::Preparation), Some(job_ended.plus(DAY)));
        assert_eq!(of(Kind::Release), Some(NOW.plus(DAY)));
        assert_eq!(until_of_run(&Life::new(NOW), job_ended, Kind::Release, DAY), None);
    }

    #[test]
    fn what_a_task_does_not_say_is_seven_days() {
        let job = JobCreate {
            job_release_task: Some(crate::api::JobReleaseTask { retention_time: Some(DAY), ..Default::default() }),
            job_preparation_task: Some(Default::default()),
            ..Default::default()
        };
        assert_eq!((of_run(&job, Kind::Preparation), of_run(&job, Kind::Release)), (USUAL, DAY));
        let own = TaskConstraints { retention_time: Some(DAY), ..Default::default() };
        assert_eq!((of_task(None), of_task(Some(&own))), (USUAL, DAY));
    }
}
