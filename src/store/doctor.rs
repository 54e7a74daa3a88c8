//! What must always hold of the rows. Counters are counted again; states are compared with the names that there are.

use sqlx::AssertSqlSafe;

use super::db::{Conn, Result};
use crate::api::{
    AllocationState, CertificateState, JobScheduleState, JobState, NodeState, PoolState, ProvisioningState,
    TaskExecutionResult, TaskState,
};

/// At most so many examples of one broken rule.
const EXAMPLES: usize = 20;

/// A rule and the rows that break it, each as a text that names it.
struct Rule {
    text: &'static str,
    broken: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        text: "an account counts its pools and jobs right",
        broken: "SELECT name FROM accounts AS a WHERE n_pools <> (SELECT COUNT(*) FROM pools WHERE account_key = a.key) \
                 OR n_jobs <> (SELECT COUNT(*) FROM jobs WHERE account_key = a.key) \
                 OR n_active_jobs <> (SELECT COUNT(*) FROM jobs WHERE account_key = a.key AND state <> 'completed')",
    },
    Rule {
        text: "an account counts its job schedules right",
        broken: "SELECT name FROM accounts AS a WHERE \
                 n_job_schedules <> (SELECT COUNT(*) FROM job_schedules WHERE account_key = a.key) \
                 OR n_active_job_schedules <> \
                 (SELECT COUNT(*) FROM job_schedules WHERE account_key = a.key AND state <> 'completed')",
    },
    Rule {
        text: "a job schedule counts its jobs right",
        broken: "SELECT id FROM job_schedules AS s WHERE n_jobs <> (SELECT COUNT(*) FROM jobs WHERE schedule_key = s.key)",
    },
    Rule {
        text: "a job schedule that is not being deleted has at most one active job",
        broken: "SELECT id FROM job_schedules AS s WHERE state <> 'deleting' AND 1 < \
                 (SELECT COUNT(*) FROM jobs WHERE schedule_key = s.key AND state NOT IN ('completed', 'deleting'))",
    },
    Rule {
        text: "a job of a schedule is in the schedule's account and named after it",
        broken: "SELECT j.id FROM jobs AS j JOIN job_schedules AS s ON s.key = j.schedule_key \
                 WHERE j.account_key <> s.account_key OR j.id NOT LIKE s.id || ':job-%'",
    },
    Rule {
        text: "a job schedule and a job have no id in common",
        broken: "SELECT s.id FROM job_schedules AS s JOIN jobs AS j ON j.account_key = s.account_key AND j.id = s.id",
    },
    Rule {
        text: "a pool counts its nodes, their tasks and their slots right",
        broken: "SELECT id FROM pools AS p WHERE \
                 n_dedicated <> (SELECT COUNT(*) FROM nodes WHERE pool_key = p.key AND dedicated = 1) \
                 OR n_low_priority <> (SELECT COUNT(*) FROM nodes WHERE pool_key = p.key AND dedicated = 0) \
                 OR running_slots <> (SELECT COALESCE(SUM(running_slots), 0) FROM nodes WHERE pool_key = p.key) \
                 OR running_tasks <> (SELECT COALESCE(SUM(running_tasks), 0) FROM nodes WHERE pool_key = p.key)",
    },
    Rule {
        text: "a pool counts its nodes by state right",
        broken: "SELECT p.id || ' (' || n.state || ')' FROM pools AS p JOIN \
                 (SELECT pool_key, state, SUM(dedicated) AS d, SUM(1 - dedicated) AS l FROM nodes GROUP BY pool_key, state) AS n \
                 ON n.pool_key = p.key WHERE COALESCE(p.node_counts ->> ('$.' || n.state || '[0]'), 0) <> n.d \
                 OR COALESCE(p.node_counts ->> ('$.' || n.state || '[1]'), 0) <> n.l",
    },
    Rule {
        text: "a pool with autoscale knows when its formula is run next, and no other does",
        broken: "SELECT id FROM pools WHERE json_valid(settings) \
                 AND COALESCE(settings ->> '$.enableAutoScale', 0) <> (auto_scale_next IS NOT NULL)",
    },
    Rule {
        text: "a node counts its running tasks right",
        broken: "SELECT id FROM nodes AS n WHERE running_tasks <> (SELECT COUNT(*) FROM tasks \
                 WHERE node_key = n.key AND assigned = 1 AND state = 'running') \
                 OR running_slots <> (SELECT COALESCE(SUM(slots), 0) FROM tasks \
                 WHERE node_key = n.key AND assigned = 1 AND state = 'running')",
    },
    Rule {
        text: "a node runs no more than its slots",
        broken: "SELECT id FROM nodes WHERE running_slots > slots OR running_slots < 0",
    },
    Rule {
        // The tasks of a job that is being deleted go piece by piece, and nobody is told how many are left.
        text: "a job counts its tasks right",
        broken: "SELECT j.id FROM jobs AS j LEFT JOIN (SELECT job_key, SUM(state = 'active') AS a, \
                 SUM(state IN ('preparing', 'running')) AS r, SUM(state = 'completed' AND result = 'success') AS s, \
                 SUM(state = 'completed' AND result = 'failure') AS f FROM tasks GROUP BY job_key) AS t ON t.job_key = j.key \
                 WHERE j.state <> 'deleting' AND (n_active <> COALESCE(a, 0) OR n_running <> COALESCE(r, 0) \
                 OR n_succeeded <> COALESCE(s, 0) OR n_failed <> COALESCE(f, 0))",
    },
    Rule {
        text: "a job counts its slots right",
        broken: "SELECT j.id FROM jobs AS j LEFT JOIN (SELECT job_key, SUM(slots * (state = 'active')) AS a, \
                 SUM(slots * (state IN ('preparing', 'running'))) AS r, \
                 SUM(slots * (state = 'completed' AND result = 'success')) AS s, \
                 SUM(slots * (state = 'completed' AND result = 'failure')) AS f FROM tasks GROUP BY job_key) AS t \
                 ON t.job_key = j.key WHERE j.state <> 'deleting' AND (s_active <> COALESCE(a, 0) OR s_running <> COALESCE(r, 0) \
                 OR s_succeeded <> COALESCE(s, 0) OR s_failed <> COALESCE(f, 0))",
    },
    Rule {
        text: "a job's tasks took no more than the job counted",
        broken: "SELECT j.id FROM jobs AS j JOIN (SELECT job_key, SUM(wall) AS w, SUM(user_time) AS u, SUM(kernel_time) AS k, \
                 SUM(retries) AS r FROM tasks GROUP BY job_key) AS t ON t.job_key = j.key \
                 WHERE j.wall < w OR j.user_time < u OR j.kernel_time < k OR j.n_retries < r",
    },
    Rule {
        text: "a task that a node has is on a node that exists",
        broken: "SELECT t.id FROM tasks AS t LEFT JOIN nodes AS n ON n.key = t.node_key WHERE t.assigned = 1 AND n.key IS NULL",
    },
    Rule {
        text: "a task that runs has a node and an attempt",
        broken: "SELECT id FROM tasks WHERE state IN ('preparing', 'running') AND (assigned <> 1 OR attempt < 1)",
    },
    Rule {
        text: "a completed task has ended once, with a result, and no node has it",
        broken: "SELECT id FROM tasks WHERE state = 'completed' AND (result IS NULL OR ended IS NULL OR assigned = 1)",
    },
    Rule {
        text: "a task that is not completed has no result",
        broken: "SELECT id FROM tasks WHERE state <> 'completed' AND result IS NOT NULL",
    },
    Rule {
        text: "a completed job has no task that waits or runs",
        broken: "SELECT id FROM jobs WHERE state = 'completed' AND (n_running > 0 OR ended IS NULL)",
    },
    Rule {
        text: "a task is retried no more often than it may be",
        broken: "SELECT t.id FROM tasks AS t JOIN jobs AS j ON j.key = t.job_key WHERE t.retries > 0 \
                 AND json_valid(t.settings) AND json_valid(j.settings) \
                 AND COALESCE(t.settings ->> '$.constraints.maxTaskRetryCount', j.settings ->> '$.constraints.maxTaskRetryCount', 0) >= 0 \
                 AND t.retries > COALESCE(t.settings ->> '$.constraints.maxTaskRetryCount', \
                 j.settings ->> '$.constraints.maxTaskRetryCount', 0)",
    },
    Rule {
        text: "a task counts what it waits for right",
        broken: "SELECT id FROM tasks AS t WHERE n_waits <> (SELECT COUNT(*) FROM task_waits WHERE task_key = t.key)",
    },
    Rule {
        text: "a task that waits for others does not run",
        broken: "SELECT id FROM tasks WHERE n_waits > 0 AND (assigned = 1 OR state IN ('preparing', 'running'))",
    },
    Rule {
        text: "a completed job runs no preparation or release task",
        broken: "SELECT n.id FROM job_nodes AS n JOIN jobs AS j ON j.key = n.job_key WHERE j.state = 'completed' AND \
                 (n.preparation ->> '$.phase' IN ('assigned', 'running') OR n.release ->> '$.phase' IN ('assigned', 'running'))",
    },
    Rule {
        text: "nothing waits for a task that has ended well",
        broken: "SELECT d.id FROM task_waits AS w JOIN tasks AS d ON d.job_key = w.job_key AND d.id = w.id \
                 WHERE w.id IS NOT NULL AND d.satisfied = 1 AND NOT EXISTS \
                 (SELECT 1 FROM task_releases AS r WHERE r.job_key = w.job_key AND r.id = w.id) \
                 UNION SELECT d.id FROM task_waits AS w JOIN tasks AS d ON d.job_key = w.job_key AND d.number = w.number \
                 AND d.number IS NOT NULL WHERE w.number IS NOT NULL AND d.satisfied = 1 AND NOT EXISTS \
                 (SELECT 1 FROM task_releases AS r WHERE r.job_key = w.job_key AND r.number = w.number)",
    },
    Rule { text: "the settings of a pool can be read", broken: "SELECT id FROM pools WHERE NOT json_valid(settings)" },
    Rule { text: "the settings of a job can be read", broken: "SELECT id FROM jobs WHERE NOT json_valid(settings)" },
    Rule {
        text: "the settings of a job schedule can be read",
        broken: "SELECT id FROM job_schedules WHERE NOT json_valid(settings)",
    },
    Rule { text: "the settings of a task can be read", broken: "SELECT id FROM tasks WHERE NOT json_valid(settings)" },
    Rule {
        text: "a deallocated node has no order and no tasks",
        broken: "SELECT id FROM nodes WHERE deallocated = 1 AND (order_kind IS NOT NULL OR running_tasks > 0)",
    },
    Rule {
        text: "only low-priority nodes are taken away",
        broken: "SELECT id FROM nodes WHERE dedicated = 1 AND (away_until IS NOT NULL OR order_kind = 'preempt')",
    },
    Rule {
        text: "a certificate whose deletion failed says why",
        broken: "SELECT id FROM certificates WHERE (state = 'deletefailed') <> (delete_error IS NOT NULL)",
    },
    Rule {
        text: "a disabled user has no sessions and tokens",
        broken: "SELECT name FROM users AS u WHERE disabled = 1 AND (EXISTS (SELECT 1 FROM sessions WHERE user_key = u.key) \
                 OR EXISTS (SELECT 1 FROM tokens WHERE user_key = u.key))",
    },
    Rule {
        text: "a row that is referred to exists",
        broken: "SELECT \"table\" || ' ' || rowid FROM pragma_foreign_key_check",
    },
];

/// The rules that rows break, with examples.
pub async fn broken_rules(conn: &mut Conn) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for Rule { text, broken } in RULES {
        let rows: Vec<String> = sqlx::query_scalar(*broken).fetch_all(&mut *conn).await?;
        found.extend(describe(text, &rows));
    }
    for (table, column, names) in names() {
        let legal: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
        let sql = format!("SELECT CAST(key AS TEXT) FROM {table} WHERE {column} NOT IN ({})", legal.join(", "));
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *conn).await?;
        found.extend(describe(&format!("the {column} of a row of {table} is one that there is"), &rows));
    }
    Ok(found)
}

fn describe(rule: &str, rows: &[String]) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let examples: Vec<_> = rows.iter().take(EXAMPLES).map(String::as_str).collect();
    let more = if rows.len() > EXAMPLES { format!(" and {} more", rows.len() - EXAMPLES) } else { String::new() };
    Some(format!("it does not hold that {rule}: {}{more}", examples.join(", ")))
}

type Names = Vec<&'static str>;

fn names() -> Vec<(&'static str, &'static str, Names)> {
    macro_rules! all {
        ($name:ident) => {
            $name::ALL.iter().map(|one| one.as_str()).collect()
        };
    }
    vec![
        ("accounts", "state", all!(ProvisioningState)),
        ("pools", "state", all!(PoolState)),
        ("pools", "allocation_state", all!(AllocationState)),
        ("nodes", "state", all!(NodeState)),
        ("certificates", "state", all!(CertificateState)),
        ("jobs", "state", all!(JobState)),
        ("job_schedules", "state", all!(JobScheduleState)),
        ("tasks", "state", all!(TaskState)),
        ("tasks", "result", all!(TaskExecutionResult)),
    ]
}
