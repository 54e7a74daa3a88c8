//! Filters of lists as SQL. Values are always bound; field names never reach the statement, only columns of ours.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::convert::get;
use super::db::{Conn, Result};
use crate::api::Timestamp;
use crate::domain::odata::{Filter, Operator, Slice, Stretch, Value};

/// Where a list keeps a field.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub field: &'static str,
    pub sql: &'static str,
    pub kept: Kept,
}

#[derive(Clone, Copy, Debug)]
pub enum Kept {
    Text,
    Flag,
    Number,
    /// Microseconds since 1970.
    Micros,
    /// Text inside JSON, without its `Z`: then a time with a fraction sorts behind the one without.
    Iso,
}

const fn text(field: &'static str, sql: &'static str) -> Column {
    Column { field, sql, kept: Kept::Text }
}

const fn micros(field: &'static str, sql: &'static str) -> Column {
    Column { field, sql, kept: Kept::Micros }
}

const fn number(field: &'static str, sql: &'static str) -> Column {
    Column { field, sql, kept: Kept::Number }
}

const fn flag(field: &'static str, sql: &'static str) -> Column {
    Column { field, sql, kept: Kept::Flag }
}

const fn iso(field: &'static str, sql: &'static str) -> Column {
    Column { field, sql, kept: Kept::Iso }
}

pub const POOL_COLUMNS: &[Column] = &[
    text("id", "id"),
    text("state", "state"),
    micros("stateTransitionTime", "state_since"),
    text("allocationState", "allocation_state"),
    micros("allocationStateTransitionTime", "allocation_since"),
    micros("creationTime", "created"),
    micros("lastModified", "modified"),
    flag("enableAutoScale", "coalesce(settings ->> '$.enableAutoScale', 0)"),
    flag("enableInterNodeCommunication", "coalesce(settings ->> '$.enableInterNodeCommunication', 0)"),
    text("vmSize", "(settings ->> '$.vmSize') COLLATE NOCASE"),
];

pub const NODE_COLUMNS: &[Column] = &[
    text("id", "id"),
    text("state", "state"),
    micros("stateTransitionTime", "state_since"),
    micros("lastBootTime", "booted"),
    micros("allocationTime", "allocated"),
    text("startTaskInfo/state", "(start_task_info ->> '$.state')"),
    text("startTaskInfo/result", "(start_task_info ->> '$.result')"),
    number("startTaskInfo/exitCode", "(start_task_info ->> '$.exitCode')"),
    iso("startTaskInfo/startTime", "rtrim(start_task_info ->> '$.startTime', 'Z')"),
    iso("startTaskInfo/endTime", "rtrim(start_task_info ->> '$.endTime', 'Z')"),
];

pub const CERTIFICATE_COLUMNS: &[Column] = &[text("state", "state"), micros("stateTransitionTime", "state_since")];

pub const JOB_COLUMNS: &[Column] = &[
    text("id", "id"),
    text("state", "state"),
    micros("stateTransitionTime", "state_since"),
    micros("creationTime", "created"),
    micros("lastModified", "modified"),
    micros("executionInfo/startTime", "created"),
    micros("executionInfo/endTime", "ended"),
    text("executionInfo/poolId", "pool_id"),
];

pub const JOB_SCHEDULE_COLUMNS: &[Column] = &[
    text("id", "id"),
    text("state", "state"),
    micros("stateTransitionTime", "state_since"),
    micros("creationTime", "created"),
    micros("lastModified", "modified"),
    micros("executionInfo/endTime", "ended"),
    iso("schedule/doNotRunUntil", "rtrim(settings ->> '$.schedule.doNotRunUntil', 'Z')"),
    iso("schedule/doNotRunAfter", "rtrim(settings ->> '$.schedule.doNotRunAfter', 'Z')"),
];

pub const TASK_COLUMNS: &[Column] = &[
    text("id", "id"),
    text("state", "state"),
    micros("stateTransitionTime", "state_since"),
    micros("creationTime", "created"),
    micros("lastModified", "modified"),
    micros("executionInfo/startTime", "started"),
    micros("executionInfo/endTime", "ended"),
    number("executionInfo/exitCode", "exit_code"),
    text("executionInfo/result", "result"),
];

pub const JOB_NODE_COLUMNS: &[Column] = &[
    text("poolId", "pool_id"),
    text("nodeId", "id"),
    text("jobPreparationTaskExecutionInfo/state", PREPARATION_STATE),
    iso("jobPreparationTaskExecutionInfo/startTime", "rtrim(preparation ->> '$.started', 'Z')"),
    iso("jobPreparationTaskExecutionInfo/endTime", "rtrim(preparation ->> '$.ended', 'Z')"),
    number("jobPreparationTaskExecutionInfo/exitCode", "(preparation ->> '$.exitCode')"),
    text("jobPreparationTaskExecutionInfo/result", PREPARATION_RESULT),
    text("jobReleaseTaskExecutionInfo/state", RELEASE_STATE),
    iso("jobReleaseTaskExecutionInfo/startTime", "rtrim(release ->> '$.started', 'Z')"),
    iso("jobReleaseTaskExecutionInfo/endTime", "rtrim(release ->> '$.ended', 'Z')"),
    number("jobReleaseTaskExecutionInfo/exitCode", "(release ->> '$.exitCode')"),
    text("jobReleaseTaskExecutionInfo/result", RELEASE_RESULT),
];

/// A run that a node has, or had, is running until it is completed; one that was never sent has no state.
macro_rules! state_of {
    ($run:literal) => {
        concat!(
            "CASE WHEN ",
            $run,
            " ->> '$.phase' = 'completed' THEN 'completed' WHEN ",
            $run,
            " ->> '$.attempt' > 0 THEN 'running' END"
        )
    };
}

macro_rules! result_of {
    ($run:literal) => {
        concat!(
            "CASE WHEN ",
            $run,
            " ->> '$.phase' = 'completed' THEN CASE WHEN ",
            $run,
            " ->> '$.failure' IS NULL THEN 'success' ELSE 'failure' END END"
        )
    };
}

const PREPARATION_STATE: &str = concat!("(", state_of!("preparation"), ")");
const PREPARATION_RESULT: &str = concat!("(", result_of!("preparation"), ")");
const RELEASE_STATE: &str = concat!("(", state_of!("release"), ")");
const RELEASE_RESULT: &str = concat!("(", result_of!("release"), ")");

/// Most rows that one call looks at in search of those that fit: where few fit, a list is answered in short pages, and
/// none takes long. Chosen here.
const MOST_LOOKED_AT: i64 = 20_000;

/// A list that can be filtered. Both statements end with a `WHERE` on the owner's column.
pub struct Table {
    pub select: &'static str,
    pub select_id: &'static str,
    pub columns: &'static [Column],
}

/// The rows of a slice of what belongs to `owner`.
pub async fn rows(conn: &mut Conn, table: &Table, owner: i64, slice: &Slice) -> Result<Stretch<SqliteRow>> {
    let end = end_of_search(conn, table, owner, slice, MOST_LOOKED_AT).await?;
    rows_until(conn, table, owner, slice, end).await
}

/// The last id that the search looks at; nothing when it goes to the end.
async fn end_of_search(conn: &mut Conn, table: &Table, owner: i64, slice: &Slice, most: i64) -> Result<Option<String>> {
    let Some(filter) = &slice.filter else { return Ok(None) };
    let mut query = QueryBuilder::new(table.select_id);
    query.push(" = ").push_bind(owner);
    push_after(&mut query, slice);
    // What the filter says of ids is found by the index: only what lies there counts as looked at.
    let parts = if let Filter::All(parts) = filter { parts.as_slice() } else { std::slice::from_ref(filter) };
    for part in parts.iter().filter(|part| is_range_of_ids(part)) {
        query.push(" AND ");
        push_filter(&mut query, table.columns, part);
    }
    query.push(" ORDER BY id LIMIT 1 OFFSET ").push_bind(most - 1);
    Ok(query.build_query_scalar().fetch_optional(conn).await?)
}

fn is_range_of_ids(filter: &Filter) -> bool {
    match filter {
        Filter::StartsWith { field, .. } => *field == "id",
        Filter::Compare { field, operator, .. } => *field == "id" && *operator != Operator::Ne,
        Filter::All(_) | Filter::Any(_) => false,
    }
}

async fn rows_until(
    conn: &mut Conn,
    table: &Table,
    owner: i64,
    slice: &Slice,
    end: Option<String>,
) -> Result<Stretch<SqliteRow>> {
    let mut query = QueryBuilder::new(table.select);
    query.push(" = ").push_bind(owner);
    push_after(&mut query, slice);
    if let Some(end) = &end {
        query.push(" AND id <= ").push_bind(end.clone());
    }
    if let Some(filter) = &slice.filter {
        query.push(" AND ");
        push_filter(&mut query, table.columns, filter);
    }
    // One more than wanted tells whether there are more.
    let limit = i64::try_from(slice.limit).unwrap_or(i64::MAX).saturating_add(1);
    query.push(" ORDER BY id LIMIT ").push_bind(limit);
    let mut items = query.build().fetch_all(conn).await?;
    if items.len() <= slice.limit {
        return Ok(Stretch { items, next: end });
    }
    items.truncate(slice.limit);
    let next = items.last().map(|row| get(row, "id")).transpose()?;
    Ok(Stretch { items, next })
}

fn push_after(query: &mut QueryBuilder<Sqlite>, slice: &Slice) {
    if let Some(after) = &slice.after {
        query.push(" AND id > ").push_bind(after.clone());
    }
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, columns: &[Column], filter: &Filter) {
    match filter {
        Filter::All(parts) => push_joined(query, columns, parts, " AND "),
        Filter::Any(parts) => push_joined(query, columns, parts, " OR "),
        Filter::Compare { field, operator, value } => push_compare(query, column(columns, field), *operator, value),
        Filter::StartsWith { field, prefix } => push_prefix(query, column(columns, field), prefix),
    }
}

fn push_joined(query: &mut QueryBuilder<Sqlite>, columns: &[Column], parts: &[Filter], word: &str) {
    for (index, part) in parts.iter().enumerate() {
        query.push(if index == 0 { "(" } else { word });
        push_filter(query, columns, part);
    }
    query.push(")");
}

fn push_compare(query: &mut QueryBuilder<Sqlite>, column: Column, operator: Operator, value: &Value) {
    // What is absent is unequal to everything.
    let operator = match operator {
        Operator::Eq => " = ",
        Operator::Ne => " IS NOT ",
        Operator::Gt => " > ",
        Operator::Ge => " >= ",
        Operator::Lt => " < ",
        Operator::Le => " <= ",
    };
    query.push(column.sql).push(operator);
    match value {
        Value::Text(text) => query.push_bind(text.clone()),
        Value::Bool(flag) => query.push_bind(*flag),
        Value::Int(number) => query.push_bind(*number),
        Value::Time(time) if matches!(column.kept, Kept::Iso) => query.push_bind(iso_text(*time)),
        Value::Time(time) => query.push_bind(time.micros()),
    };
}

fn iso_text(time: Timestamp) -> String {
    time.to_string().trim_end_matches('Z').to_owned()
}

/// A range, so that an index serves it.
fn push_prefix(query: &mut QueryBuilder<Sqlite>, column: Column, prefix: &str) {
    query.push("(").push(column.sql).push(" >= ").push_bind(prefix.to_owned());
    if let Some(end) = behind_prefix(prefix) {
        query.push(" AND ").push(column.sql).push(" < ").push_bind(end);
    }
    query.push(")");
}

/// The first text behind all that begin with the prefix, in the order of NOCASE; nothing when there is none.
fn behind_prefix(prefix: &str) -> Option<String> {
    let mut text = prefix.to_ascii_lowercase();
    while let Some(last) = text.pop() {
        // NOCASE has no capitals: behind `@` comes `[`.
        let next = match last {
            '@' => Some('['),
            '\u{d7ff}' => Some('\u{e000}'),
            c => char::from_u32(u32::from(c) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

fn column(columns: &[Column], field: &str) -> Column {
    let found = columns.iter().find(|column| column.field == field);
    *found.expect("a filter was read with the fields of its list, and each has a column (tested)")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sqlx::{Connection, SqliteConnection};

    use super::*;
    use crate::domain::odata::{
        Field, JOB_FIELDS, JOB_SCHEDULE_FIELDS, NODE_FIELDS, POOL_FIELDS, SCHEDULE_JOB_FIELDS, TASK_FIELDS,
    };

    #[test]
    fn every_field_has_a_column() {
        let check = |fields: &[Field], columns: &[Column]| {
            let fields: Vec<_> = fields.iter().map(|f| f.name).collect();
            let columns: Vec<_> = columns.iter().map(|c| c.field).collect();
            assert_eq!(fields, columns);
        };
        check(POOL_FIELDS, POOL_COLUMNS);
        check(NODE_FIELDS, NODE_COLUMNS);
        check(JOB_FIELDS, JOB_COLUMNS);
        check(SCHEDULE_JOB_FIELDS, &JOB_COLUMNS[1..]);
        check(JOB_SCHEDULE_FIELDS, JOB_SCHEDULE_COLUMNS);
        check(TASK_FIELDS, TASK_COLUMNS);
    }

    #[test]
    fn a_prefix_ends_before_the_next_text() {
        assert_eq!(behind_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(behind_prefix("aZ").as_deref(), Some("a{"));
        assert_eq!(behind_prefix("a@").as_deref(), Some("a["));
        assert_eq!(behind_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(behind_prefix(""), None);
    }

    /// A few tasks: id, state, exit code, end.
    const TASKS: &[(&str, &str, Option<i64>, Option<i64>)] = &[
        ("a", "active", None, None),
        ("B", "running", None, None),
        ("b1", "completed", Some(0), Some(1_000_000)),
        ("B2", "completed", Some(1), Some(2_500_000)),
        ("z_9", "completed", Some(-1), Some(3_000_000)),
        ("Z-@", "active", None, None),
    ];

    fn by_memory(filter: &Filter) -> Vec<&'static str> {
        let fits = |(id, state, exit, ended): &(&'static str, &'static str, Option<i64>, Option<i64>)| {
            filter.matches(&|field| match field {
                "id" => Some(Value::Text((*id).to_owned())),
                "state" => Some(Value::Text((*state).to_owned())),
                "executionInfo/exitCode" => exit.map(Value::Int),
                "executionInfo/endTime" => ended.map(|micros| Value::Time(Timestamp::from_micros(micros))),
                _ => None,
            })
        };
        let mut ids: Vec<_> = TASKS.iter().filter(|task| fits(task)).map(|(id, ..)| *id).collect();
        ids.sort_by_key(|id| id.to_ascii_lowercase());
        ids
    }

    const TABLE: Table = Table {
        select: "SELECT id FROM tasks WHERE owner",
        select_id: "SELECT id FROM tasks WHERE owner",
        columns: TASK_COLUMNS,
    };

    async fn by_sql(slice: &Slice, most: i64) -> Stretch<String> {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let table =
            "CREATE TABLE tasks (owner INTEGER, id TEXT COLLATE NOCASE, state TEXT, exit_code INTEGER, ended INTEGER)";
        sqlx::query(table).execute(&mut conn).await.unwrap();
        for (id, state, exit, ended) in TASKS {
            let insert = sqlx::query("INSERT INTO tasks VALUES (7, ?, ?, ?, ?)");
            insert.bind(id).bind(state).bind(exit).bind(ended).execute(&mut conn).await.unwrap();
        }
        let end = end_of_search(&mut conn, &TABLE, 7, slice, most).await.unwrap();
        let rows = rows_until(&mut conn, &TABLE, 7, slice, end).await.unwrap();
        rows.map(|rows| rows.iter().map(|row| get(row, "id").unwrap()).collect())
    }

    fn run(slice: &Slice, most: i64) -> Stretch<String> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(by_sql(slice, most))
    }

    #[test]
    fn a_slice_goes_on_behind_an_id_in_any_case() {
        let slice = Slice { after: Some("B1".to_owned()), limit: 2, filter: None };
        let stretch = run(&slice, 100);
        assert_eq!(
            (stretch.items.as_slice(), stretch.next.as_deref()),
            (&["B2".into(), "Z-@".into()][..], Some("Z-@"))
        );
        let last = run(&Slice { after: stretch.next, ..slice }, 100);
        assert_eq!((last.items, last.next), (vec!["z_9".to_owned()], None));
    }

    #[test]
    fn a_search_that_looks_at_enough_goes_on_in_the_next_page() {
        let filter = Filter::parse("state eq 'completed'", TASK_FIELDS).unwrap();
        let mut slice = Slice { filter: Some(filter), after: None, limit: 10 };
        let mut pages = Vec::new();
        loop {
            let stretch = run(&slice, 2);
            pages.push(stretch.items.join(" "));
            match stretch.next {
                Some(next) => slice.after = Some(next),
                None => break,
            }
        }
        assert_eq!(pages, ["", "b1 B2", "z_9", ""]);
    }

    #[test]
    fn a_search_begins_where_the_filters_ids_begin() {
        let filter = Filter::parse("startswith(id,'Z') and state eq 'completed'", TASK_FIELDS).unwrap();
        let stretch = run(&Slice { filter: Some(filter), after: None, limit: 10 }, 3);
        assert_eq!((stretch.items, stretch.next), (vec!["z_9".to_owned()], None));
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let operator = || prop::sample::select(Operator::ALL);
        let id = || prop::sample::select(&["", "a", "A", "b", "B1", "b2", "z", "Z-", "Z-@", "z_", "'; --"][..]);
        let compare = |field| move |(operator, value)| Filter::Compare { field, operator, value };
        let leaf = prop_oneof![
            (operator(), id().prop_map(|t| Value::Text(t.to_owned()))).prop_map(compare("id")),
            (operator(), (-2..3i64).prop_map(Value::Int)).prop_map(compare("executionInfo/exitCode")),
            (operator(), (0..8i64).prop_map(|n| Value::Time(Timestamp::from_micros(n * 500_000))))
                .prop_map(compare("executionInfo/endTime")),
            id().prop_map(|prefix| Filter::StartsWith { field: "id", prefix: prefix.to_owned() }),
        ];
        leaf.prop_recursive(2, 6, 3, |inner| {
            let parts = prop::collection::vec(inner, 2..4);
            prop_oneof![parts.clone().prop_map(Filter::All), parts.prop_map(Filter::Any)]
        })
    }

    proptest! {
        #[test]
        fn sql_and_memory_find_the_same(filter in any_filter()) {
            let slice = Slice { filter: Some(filter.clone()), after: None, limit: 100 };
            prop_assert_eq!(run(&slice, 100).items, by_memory(&filter));
        }
    }
}
