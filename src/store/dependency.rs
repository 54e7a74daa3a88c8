//! Waits of tasks for other tasks. A wait is a row until it is over; rows are found by what they wait for, so the end of a
//! task costs as much as there are tasks that wait for it, and no more than `most` of them in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sqlx::Row;

use super::convert::{self, get, opt_name};
use super::db::{Conn, Result};
use crate::api::TaskState;
use crate::domain::dependency::{Reach, Waits, reach};

/// Numbers that are looked at in one go, at first and at most.
const FIRST_LOOK: i64 = 64;
const LONGEST_LOOK: i64 = 16_384;
/// Waits of one task that are looked at to explain it.
const MOST_EXPLAINED: i64 = 1000;

/// A task that ended well, by what others may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Satisfied {
    pub job_key: i64,
    pub id: String,
    pub number: Option<i32>,
}

/// A task that waits for no other any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyTask {
    pub job_key: i64,
    pub task_key: i64,
    pub slots: i32,
    pub affinity: Option<String>,
    pub instances: i32,
}

/// What came of releasing dependents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Released {
    pub ready: Vec<ReadyTask>,
    /// Some dependents are left for a later transaction.
    pub is_more: bool,
}

/// Stores what new tasks wait for, by their ids; waits that are over already are not stored. True when a range is so long
/// that it is left to be looked through by [`release_more`].
pub async fn insert(conn: &mut Conn, job_key: i64, tasks: &[(&str, Waits)]) -> Result<bool> {
    if tasks.is_empty() {
        return Ok(false);
    }
    let ids: Vec<_> =
        tasks.iter().flat_map(|(task, waits)| waits.ids.iter().map(move |id| json!([task, id]))).collect();
    sqlx::query(
        "INSERT INTO task_waits (job_key, task_key, id) SELECT ?2, t.key, v.value ->> 1 FROM json_each(?1) AS v \
         CROSS JOIN tasks AS t ON t.job_key = ?2 AND t.id = v.value ->> 0 WHERE NOT EXISTS \
         (SELECT 1 FROM tasks AS d WHERE d.job_key = ?2 AND d.id = v.value ->> 1 AND d.satisfied = 1)",
    )
    .bind(convert::to_json(&ids))
    .bind(job_key)
    .execute(&mut *conn)
    .await?;
    let is_more = insert_ranges(conn, job_key, tasks).await?;
    let names: Vec<&str> = tasks.iter().map(|(task, _)| *task).collect();
    sqlx::query(
        "UPDATE tasks SET n_waits = (SELECT COUNT(*) FROM task_waits AS w WHERE w.task_key = tasks.key) \
         WHERE job_key = ?2 AND id IN (SELECT value FROM json_each(?1))",
    )
    .bind(convert::to_json(&names))
    .bind(job_key)
    .execute(conn)
    .await?;
    Ok(is_more)
}

async fn insert_ranges(conn: &mut Conn, job_key: i64, tasks: &[(&str, Waits)]) -> Result<bool> {
    let ends: BTreeSet<i32> = tasks.iter().flat_map(|(_, waits)| waits.ranges.iter().map(|(_, end)| *end)).collect();
    let mut watched = BTreeMap::new();
    let mut further = BTreeSet::new();
    for end in ends {
        let number = match look_down(conn, job_key, end).await? {
            Reach::Gap(gap) => gap,
            Reach::Further(next) => {
                further.insert(next);
                next
            }
        };
        watched.insert(end, number);
    }
    let open = |(start, end): &(i32, i32)| watched.get(end).filter(|number| **number >= *start).copied();
    let rows: Vec<_> = tasks
        .iter()
        .flat_map(|(task, waits)| waits.ranges.iter().map(move |range| (task, range)))
        .filter_map(|(task, range)| Some(json!([task, open(range)?, range.0])))
        .collect();
    if rows.is_empty() {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO task_waits (job_key, task_key, number, first) SELECT ?2, t.key, v.value ->> 1, v.value ->> 2 \
         FROM json_each(?1) AS v CROSS JOIN tasks AS t ON t.job_key = ?2 AND t.id = v.value ->> 0",
    )
    .bind(convert::to_json(&rows))
    .bind(job_key)
    .execute(&mut *conn)
    .await?;
    queue(conn, job_key, &[], &further.iter().copied().collect::<Vec<_>>()).await?;
    Ok(!further.is_empty())
}

/// Releases up to `most` tasks that wait for these; what is left is queued. The ends are saved already.
pub async fn release(conn: &mut Conn, ended: &[Satisfied], most: i64) -> Result<Released> {
    let mut over = Vec::new();
    let mut is_more = false;
    let mut by_job: BTreeMap<i64, (Vec<&str>, Vec<i32>)> = BTreeMap::new();
    for Satisfied { job_key, id, number } in ended {
        let (ids, numbers) = by_job.entry(*job_key).or_default();
        ids.push(id);
        numbers.extend(number);
    }
    for (job_key, (ids, numbers)) in by_job {
        let released = release_ids(conn, job_key, &ids, most).await?;
        if released.len() as i64 == most {
            is_more = true;
            queue(conn, job_key, &ids, &[]).await?;
        }
        over.extend(released);
        for number in watched(conn, job_key, &numbers).await? {
            let is_done = release_number(conn, job_key, number, most, &mut over).await?;
            is_more |= !is_done;
        }
    }
    Ok(Released { ready: count_down(conn, &over).await?, is_more })
}

/// Releases up to about `most` tasks more of those that were left.
pub async fn release_more(conn: &mut Conn, most: i64) -> Result<Released> {
    let rows =
        sqlx::query("SELECT key, job_key, id, number FROM task_releases WHERE failed = 0 ORDER BY key LIMIT 100")
            .fetch_all(&mut *conn)
            .await?;
    let mut over = Vec::new();
    for row in rows {
        if over.len() as i64 >= most {
            break;
        }
        let (key, job_key): (i64, i64) = (get(&row, "key")?, get(&row, "job_key")?);
        let is_done = match (get::<Option<String>>(&row, "id")?, get::<Option<i32>>(&row, "number")?) {
            (Some(id), _) => {
                let released = release_ids(conn, job_key, &[&id], most).await?;
                let is_done = (released.len() as i64) < most;
                over.extend(released);
                is_done
            }
            (None, Some(number)) => {
                // What is left of it is queued anew.
                release_number(conn, job_key, number, most, &mut over).await?;
                true
            }
            (None, None) => true,
        };
        if is_done {
            sqlx::query("DELETE FROM task_releases WHERE key = ?1").bind(key).execute(&mut *conn).await?;
        }
    }
    let is_more = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM task_releases WHERE failed = 0)")
        .fetch_one(&mut *conn)
        .await?;
    Ok(Released { ready: count_down(conn, &over).await?, is_more })
}

/// Ends waits for these ids; the tasks whose waits ended.
async fn release_ids(conn: &mut Conn, job_key: i64, ids: &[&str], most: i64) -> Result<Vec<i64>> {
    let tasks = sqlx::query_scalar(
        "DELETE FROM task_waits WHERE key IN (SELECT w.key FROM json_each(?1) AS v CROSS JOIN task_waits AS w \
         ON w.job_key = ?2 AND w.id = v.value AND w.id IS NOT NULL LIMIT ?3) RETURNING task_key",
    )
    .bind(convert::to_json(&ids))
    .bind(job_key)
    .bind(most)
    .fetch_all(conn)
    .await?;
    Ok(tasks)
}

/// Those of the numbers that somebody watches.
async fn watched(conn: &mut Conn, job_key: i64, numbers: &[i32]) -> Result<Vec<i32>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let found = sqlx::query_scalar(
        "SELECT DISTINCT value FROM json_each(?1) AS v WHERE EXISTS \
         (SELECT 1 FROM task_waits AS w WHERE w.job_key = ?2 AND w.number = v.value AND w.number IS NOT NULL)",
    )
    .bind(convert::to_json(&numbers))
    .bind(job_key)
    .fetch_all(conn)
    .await?;
    Ok(found)
}

/// Moves the watches of a number further down, and ends those that have nothing below. False when some are left for later,
/// which are queued.
async fn release_number(conn: &mut Conn, job_key: i64, number: i32, most: i64, over: &mut Vec<i64>) -> Result<bool> {
    let (to, is_known) = match look_down(conn, job_key, number).await? {
        // It has not ended well after all: the watch stays.
        Reach::Gap(gap) if gap == number => return Ok(true),
        Reach::Gap(gap) => (gap, true),
        Reach::Further(next) => (next, false),
    };
    let ended: Vec<i64> = sqlx::query_scalar(
        "DELETE FROM task_waits WHERE key IN (SELECT key FROM task_waits WHERE job_key = ?1 AND number = ?2 \
         AND first > ?3 LIMIT ?4) RETURNING task_key",
    )
    .bind(job_key)
    .bind(number)
    .bind(to)
    .bind(most)
    .fetch_all(&mut *conn)
    .await?;
    let moved = sqlx::query(
        "UPDATE task_waits SET number = ?3 WHERE key IN (SELECT key FROM task_waits WHERE job_key = ?1 AND number = ?2 \
         AND first <= ?3 LIMIT ?4)",
    )
    .bind(job_key)
    .bind(number)
    .bind(to)
    .bind(most)
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let is_left = ended.len() as i64 == most || moved == most.cast_unsigned();
    over.extend(ended);
    let later = [number].into_iter().filter(|_| is_left).chain([to].into_iter().filter(|_| !is_known && moved > 0));
    let later: Vec<i32> = later.collect();
    queue(conn, job_key, &[], &later).await?;
    Ok(later.is_empty())
}

/// From a number downwards to the first that no task has that ended well.
async fn look_down(conn: &mut Conn, job_key: i64, from: i32) -> Result<Reach> {
    let (mut from, mut look) = (from, FIRST_LOOK);
    loop {
        let rows = sqlx::query(
            "SELECT number, MAX(satisfied) AS satisfied FROM tasks WHERE job_key = ?1 AND number IS NOT NULL \
             AND number <= ?2 GROUP BY number ORDER BY number DESC LIMIT ?3",
        )
        .bind(job_key)
        .bind(from)
        .bind(look)
        .fetch_all(&mut *conn)
        .await?;
        let numbers: Vec<(i32, bool)> =
            rows.iter().map(|row| Ok((get(row, "number")?, get(row, "satisfied")?))).collect::<Result<_>>()?;
        match reach(from, &numbers, (rows.len() as i64) < look) {
            Reach::Further(next) if look < LONGEST_LOOK => (from, look) = (next, look * 16),
            found => return Ok(found),
        }
    }
}

/// Remembers what has dependents left.
async fn queue(conn: &mut Conn, job_key: i64, ids: &[&str], numbers: &[i32]) -> Result<()> {
    if ids.is_empty() && numbers.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO task_releases (job_key, id) SELECT ?2, v.value FROM json_each(?1) AS v WHERE EXISTS \
         (SELECT 1 FROM task_waits AS w WHERE w.job_key = ?2 AND w.id = v.value AND w.id IS NOT NULL)",
    )
    .bind(convert::to_json(&ids))
    .bind(job_key)
    .execute(&mut *conn)
    .await?;
    sqlx::query("INSERT INTO task_releases (job_key, number) SELECT ?2, value FROM json_each(?1)")
        .bind(convert::to_json(&numbers))
        .bind(job_key)
        .execute(conn)
        .await?;
    Ok(())
}

/// Counts waits that are over; the tasks that may run now.
async fn count_down(conn: &mut Conn, over: &[i64]) -> Result<Vec<ReadyTask>> {
    if over.is_empty() {
        return Ok(Vec::new());
    }
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for task in over {
        *counts.entry(*task).or_default() += 1;
    }
    let rows = sqlx::query(
        "UPDATE tasks SET n_waits = n_waits - (v.value ->> 1) FROM json_each(?1) AS v WHERE tasks.key = v.value ->> 0 \
         RETURNING key, job_key, slots, instances, n_waits = 0 AND state = 'active' AS ready, \
         CASE WHEN instr(settings, 'affinityId') AND json_valid(settings) \
         THEN settings ->> '$.affinityInfo.affinityId' END AS affinity",
    )
    .bind(convert::to_json(&counts.iter().collect::<Vec<_>>()))
    .fetch_all(conn)
    .await?;
    let mut ready = Vec::new();
    for row in rows {
        if get(&row, "ready")? {
            ready.push(ReadyTask {
                job_key: get(&row, "job_key")?,
                task_key: get(&row, "key")?,
                slots: get(&row, "slots")?,
                affinity: get(&row, "affinity")?,
                instances: get(&row, "instances")?,
            });
        }
    }
    Ok(ready)
}

/// A task, or none of that name, for which another waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    pub id: String,
    /// Absent when there is no such task.
    pub state: Option<TaskState>,
}

/// For what a task waits, those that ended badly first, then those that do not exist.
pub async fn blocker(conn: &mut Conn, job_key: i64, task_key: i64) -> Result<Option<Blocker>> {
    let row = sqlx::query(
        "WITH w AS (SELECT * FROM task_waits WHERE task_key = ?2 LIMIT ?3), \
         b AS (SELECT w.id AS wanted, t.id, t.state FROM w LEFT JOIN tasks AS t ON t.job_key = ?1 AND t.id = w.id \
         WHERE w.id IS NOT NULL \
         UNION ALL SELECT CAST(w.number AS TEXT), t.id, t.state FROM w LEFT JOIN tasks AS t ON t.key = COALESCE( \
         (SELECT key FROM tasks WHERE job_key = ?1 AND number IS NOT NULL AND number BETWEEN w.first AND w.number \
         AND state = 'completed' AND satisfied = 0 LIMIT 1), \
         (SELECT key FROM tasks WHERE job_key = ?1 AND number IS NOT NULL AND number = w.number LIMIT 1)) \
         WHERE w.number IS NOT NULL) \
         SELECT COALESCE(id, wanted) AS id, state FROM b \
         ORDER BY CASE state WHEN 'completed' THEN 0 WHEN 'running' THEN 2 WHEN 'preparing' THEN 2 WHEN 'active' THEN 2 ELSE 1 END, \
         id LIMIT 1",
    )
    .bind(job_key)
    .bind(task_key)
    .bind(MOST_EXPLAINED)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok(Blocker { id: row.try_get("id")?, state: opt_name(&row, "state")? })).transpose()
}
