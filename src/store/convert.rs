//! Between columns and types. What was stored by us and cannot be read is an error that names it, never a panic.

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Type, ValueRef};

use super::db::{Error, Result};
use crate::api::Timestamp;

/// A column of any type that SQLite has.
pub fn get<'r, T>(row: &'r SqliteRow, column: &'static str) -> Result<T>
where
    T: sqlx::Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(column).map_err(|e| Error::unreadable(column, e))
}

/// A column with the spelling of an enum, or an id.
pub fn name<T>(row: &SqliteRow, column: &'static str) -> Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: &str = get(row, column)?;
    text.parse().map_err(|e: T::Err| Error::unreadable(column, e))
}

/// As [`name`], for a column that may be empty.
pub fn opt_name<T>(row: &SqliteRow, column: &'static str) -> Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    if is_null(row, column)? { Ok(None) } else { name(row, column).map(Some) }
}

pub fn time(row: &SqliteRow, column: &'static str) -> Result<Timestamp> {
    get(row, column).map(Timestamp::from_micros)
}

pub fn opt_time(row: &SqliteRow, column: &'static str) -> Result<Option<Timestamp>> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp::from_micros))
}

/// A column with JSON.
pub fn json<T: DeserializeOwned>(row: &SqliteRow, column: &'static str) -> Result<T> {
    let text: &str = get(row, column)?;
    serde_json::from_str(text).map_err(|e| Error::unreadable(column, e))
}

/// As [`json`], for a column that may be empty.
pub fn opt_json<T: DeserializeOwned>(row: &SqliteRow, column: &'static str) -> Result<Option<T>> {
    if is_null(row, column)? { Ok(None) } else { json(row, column).map(Some) }
}

/// The text to store for a shape.
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("shapes have string keys and no failing serializer")
}

fn is_null(row: &SqliteRow, column: &'static str) -> Result<bool> {
    Ok(row.try_get_raw(column).map_err(|e| Error::unreadable(column, e))?.is_null())
}
