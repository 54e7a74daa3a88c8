//! Forward-only changes of the schema, each in one transaction. A database of a newer program is not touched.

use super::db::{Conn, Error, Result};

/// In order; a step never changes once it has been released.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_certificates.sql"),
    include_str!("migrations/0003_dependencies.sql"),
    include_str!("migrations/0004_job_schedules.sql"),
    include_str!("migrations/0005_job_tasks.sql"),
    include_str!("migrations/0006_storage.sql"),
    include_str!("migrations/0007_management.sql"),
    include_str!("migrations/0008_autoscale.sql"),
    include_str!("migrations/0009_node_users.sql"),
    include_str!("migrations/0010_applications.sql"),
    include_str!("migrations/0011_rules.sql"),
    include_str!("migrations/0014_activity.sql"),
    include_str!("migrations/0015_roles.sql"),
    include_str!("migrations/0016_kept_files.sql"),
    include_str!("migrations/0017_multi_instance.sql"),
    include_str!("migrations/0019_auto_pools.sql"),
    include_str!("migrations/0023_network_access.sql"),
    include_str!("migrations/0024_places.sql"),
    include_str!("migrations/0025_users.sql"),
    include_str!("migrations/0028_node_samples.sql"),
    include_str!("migrations/0029_graphs.sql"),
    include_str!("migrations/0032_external_users.sql"),
    include_str!("migrations/0033_containers.sql"),
    include_str!("migrations/0034_linked_storage.sql"),
    include_str!("migrations/0035_service_events.sql"),
    include_str!("migrations/0036_web_hooks.sql"),
    include_str!("migrations/0037_token_limits.sql"),
];

pub async fn run(conn: &mut Conn) -> Result<()> {
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *conn).await?;
    let known = STEPS.len() as i64;
    if found > known {
        return Err(Error::SchemaTooNew { found, known });
    }
    for (index, step) in STEPS.iter().enumerate().skip(found as usize) {
        // PRAGMA takes no parameters; the number is ours.
        let script = format!("BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {};\nCOMMIT;", index + 1);
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut *conn).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, SqliteConnection};

    use super::*;
    use crate::store;

    const OLD_ROWS: &str = "
        INSERT INTO accounts (key, name, subscription_id, resource_group, location, state, public_network_access, tags, quotas,
            primary_key, secondary_key, created, modified, etag, n_pools)
            VALUES (1, 'a', '', '', 'local', 'Succeeded', 'Enabled', '{}', '{}', '', '', 0, 0, 1, 1);
        INSERT INTO pools (key, account_key, id, settings, state, state_since, allocation_state, allocation_since,
            target_dedicated, target_low_priority, cores, created, modified, etag, n_dedicated, node_counts)
            VALUES (1, 1, 'p', '{\"id\":\"p\",\"vmSize\":\"s\"}', 'active', 0, 'steady', 0, 1, 0, 2, 0, 0, 1, 1, '{\"idle\":[1,0]}');
        INSERT INTO nodes (key, pool_key, id, dedicated, state, state_since, token, slots, allocated)
            VALUES (1, 1, 'n', 1, 'idle', 0, 't', 1, 0);";

    #[tokio::test]
    async fn a_database_of_the_first_version_is_carried_over() {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let first = sqlx::AssertSqlSafe(format!("{}\n{OLD_ROWS}\nPRAGMA user_version = 1;", STEPS[0]));
        sqlx::raw_sql(first).execute(&mut conn).await.unwrap();
        run(&mut conn).await.unwrap();
        run(&mut conn).await.unwrap();
        let pool = store::pool::with_key(&mut conn, 1).await.unwrap().unwrap();
        assert!(pool.usage_since > pool.created, "what it used before is not known, and not made up");
        let node = store::node::with_key(&mut conn, 1).await.unwrap().unwrap();
        assert_eq!((node.order, node.deallocated, node.word), (None, false, 0));
        assert_eq!(store::doctor::broken_rules(&mut conn).await.unwrap(), [] as [&str; 0]);
    }
}
