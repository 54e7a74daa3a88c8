//! Forward-only changes of the schema, each in one transaction. A database of a newer program is not touched.

use super::db::{Conn, Error, Result};

/// In order; a step never changes once it has been released.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_certificates.sql"),
    include_str!("migrations/0004_job_schedules.sql"),
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
