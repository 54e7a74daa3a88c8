//! Statistics of jobs and tasks, from what is counted as they go.

use crate::api::{Duration, JobStatistics, TaskStatistics, Timestamp};
use crate::domain::task::{Phase, Spent};
use crate::store::job::JobRow;
use crate::store::task::TaskRow;

const BLOCKS_PER_GIB: f64 = (1024 * 1024 * 1024 / 512) as f64;

pub fn of_job(url: &str, row: &JobRow, now: Timestamp) -> JobStatistics {
    let own = statistics(url, row.created, now, &row.spent, Duration(row.waited_micros));
    JobStatistics {
        num_succeeded_tasks: row.counts.task_counts.succeeded,
        num_failed_tasks: row.counts.task_counts.failed,
        num_task_retries: row.n_retries,
        common: own,
    }
}

/// A task that waits has waited until now; one that runs or ended, until it began.
pub fn of_task(url: &str, row: &TaskRow, now: Timestamp) -> TaskStatistics {
    let until = match row.life.phase {
        Phase::Waiting | Phase::Assigned | Phase::Preparing => now,
        Phase::Running | Phase::Completed => row.life.started.or(row.life.ended).unwrap_or(now),
    };
    let mut spent = row.life.spent;
    if let (Phase::Running, Some(started)) = (row.life.phase, row.life.started) {
        spent.wall_micros += now.since(started).micros().max(0);
    }
    statistics(url, row.created, now, &spent, until.since(row.created))
}

fn statistics(url: &str, start: Timestamp, now: Timestamp, spent: &Spent, waited: Duration) -> TaskStatistics {
    TaskStatistics {
        url: format!("{url}/stats"),
        start_time: start,
        last_update_time: now,
        user_cpu_time: Duration(spent.usage.user_micros),
        kernel_cpu_time: Duration(spent.usage.kernel_micros),
        wall_clock_time: Duration(spent.wall_micros),
        read_iops: spent.usage.blocks_read,
        write_iops: spent.usage.blocks_written,
        read_io_gib: spent.usage.blocks_read as f64 / BLOCKS_PER_GIB,
        write_io_gib: spent.usage.blocks_written as f64 / BLOCKS_PER_GIB,
        wait_time: Duration(waited.micros().max(0)),
    }
}
