//! Subtasks of multi-instance tasks: those of a task's last attempt. The scheduler writes them, and whoever ends their task.

use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::convert::{self, get, json as json_column};
use super::db::{Conn, Result};
use crate::api::Timestamp;
use crate::domain::multi_instance::Subtask;
use crate::domain::steady::HashMap;

/// Those of these tasks, by task and in their order.
pub async fn of_tasks(conn: &mut Conn, tasks: &[i64]) -> Result<HashMap<i64, Vec<Subtask>>> {
    if tasks.is_empty() {
        return Ok(HashMap::default());
    }
    let rows = sqlx::query(
        "SELECT task_key, life FROM subtasks WHERE task_key IN (SELECT value FROM json_each(?1)) ORDER BY task_key, id",
    )
    .bind(convert::to_json(&tasks))
    .fetch_all(conn)
    .await?;
    Ok(by_task(&rows))
}

/// Those of all tasks that nodes have.
pub async fn live(conn: &mut Conn) -> Result<HashMap<i64, Vec<Subtask>>> {
    let rows = sqlx::query(
        "SELECT s.task_key, s.life FROM tasks AS t JOIN subtasks AS s ON s.task_key = t.key WHERE t.assigned = 1 \
         AND t.node_key IS NOT NULL ORDER BY s.task_key, s.id",
    )
    .fetch_all(conn)
    .await?;
    Ok(by_task(&rows))
}

/// A subtask of a task that waits for another attempt: nodes may be ending what they have of the last one.
pub struct Leftover {
    pub task: i64,
    pub job: i64,
    /// The task's last one.
    pub attempt: i64,
    /// The node that had its primary.
    pub primary: Option<i64>,
    pub subtask: Subtask,
}

pub async fn of_waiting(conn: &mut Conn) -> Result<Vec<Leftover>> {
    // In this order: few tasks have subtasks, and many wait.
    let rows = sqlx::query(
        "SELECT s.task_key, t.job_key, t.attempt, t.node_key, s.life FROM subtasks AS s CROSS JOIN tasks AS t ON t.key = s.task_key \
         WHERE t.state = 'active' AND t.assigned = 0",
    )
    .fetch_all(conn)
    .await?;
    let read = |row: &SqliteRow| -> Result<Leftover> {
        Ok(Leftover {
            task: get(row, "task_key")?,
            job: get(row, "job_key")?,
            attempt: get(row, "attempt")?,
            primary: get(row, "node_key")?,
            subtask: json_column(row, "life")?,
        })
    };
    // What cannot be read is said by whoever reads the task's subtasks.
    Ok(rows.iter().filter_map(|row| read(row).ok()).collect())
}

/// Takes the place of what earlier attempts of their tasks had.
pub async fn replace(conn: &mut Conn, tasks: &[i64], subtasks: &[(i64, Subtask)]) -> Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM subtasks WHERE task_key IN (SELECT value FROM json_each(?1))")
        .bind(convert::to_json(&tasks))
        .execute(&mut *conn)
        .await?;
    save(conn, subtasks).await
}

pub async fn save(conn: &mut Conn, subtasks: &[(i64, Subtask)]) -> Result<()> {
    if subtasks.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = subtasks.iter().map(|(task, s)| json!([task, s.id, s.node_key, convert::to_json(s)])).collect();
    sqlx::query(
        "INSERT INTO subtasks (task_key, id, node_key, life) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 \
         FROM json_each(?1) WHERE true ON CONFLICT (task_key, id) DO UPDATE SET node_key = excluded.node_key, life = excluded.life",
    )
    .bind(convert::to_json(&rows))
    .execute(conn)
    .await?;
    Ok(())
}

/// Their tasks have ended, and they with them. Chosen here: at once, for nothing that they still do counts.
pub async fn complete(conn: &mut Conn, tasks: &[i64], now: Timestamp) -> Result<()> {
    let mut ended = Vec::new();
    for (task, subtasks) in of_tasks(conn, tasks).await? {
        for mut subtask in subtasks {
            let exit = subtask.started.map(|_| 0);
            if subtask.ends(exit, None, now, now) {
                ended.push((task, subtask));
            }
        }
    }
    save(conn, &ended).await
}

/// One that cannot be read is logged and left out.
fn by_task(rows: &[SqliteRow]) -> HashMap<i64, Vec<Subtask>> {
    let mut found: HashMap<i64, Vec<Subtask>> = HashMap::default();
    for row in rows {
        let read = || -> Result<(i64, Subtask)> { Ok((get(row, "task_key")?, json_column(row, "life")?)) };
        match read() {
            Ok((task, subtask)) => found.entry(task).or_default().push(subtask),
            Err(error) => {
                let key: i64 = row.try_get("task_key").unwrap_or(-1);
                tracing::error!(task.key = key, %error, "a subtask cannot be read and is left out");
            }
        }
    }
    found
}
