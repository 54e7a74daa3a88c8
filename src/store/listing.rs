//! A page of a list for the portal: filter, sort and keyset paging as one statement.

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::db::{Conn, Result};

/// What to list, in columns of the table. Column names are ours, values are bound.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    /// `SELECT … FROM … WHERE`, up to the condition on the owner.
    pub select: &'static str,
    /// The owner's key, compared with `owner_column`.
    pub owner_column: &'static str,
    pub owner: i64,
    pub id_column: &'static str,
    pub key_column: &'static str,
    /// Ids that begin so.
    pub prefix: &'a str,
    /// Spellings of `state_column`; empty is all.
    pub states: &'a [String],
    pub state_column: &'static str,
    /// A further condition without parameters.
    pub also: &'static str,
    /// A further condition `column = value`.
    pub equals: Option<(&'static str, i64)>,
    pub sort_column: &'static str,
    pub descending: bool,
    pub after: Option<(Place, i64)>,
    pub limit: i64,
}

/// The value of the sort column in the last row of a page; its key follows, since values may repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    Number(i64),
    Text(String),
}

pub async fn rows(conn: &mut Conn, listing: &Listing<'_>) -> Result<Vec<SqliteRow>> {
    let mut sql = QueryBuilder::<Sqlite>::new(listing.select);
    sql.push(format_args!(" {} = ", listing.owner_column)).push_bind(listing.owner);
    if !listing.prefix.is_empty() {
        // Ids are ASCII: `{` is the first character after all that they may hold, and their column knows no case.
        sql.push(format_args!(" AND {} >= ", listing.id_column)).push_bind(listing.prefix.to_owned());
        sql.push(format_args!(" AND {} < ", listing.id_column)).push_bind(format!("{}{{", listing.prefix));
    }
    if !listing.states.is_empty() {
        sql.push(format_args!(" AND {} IN (", listing.state_column));
        let mut states = sql.separated(", ");
        for state in listing.states {
            states.push_bind(state.to_ascii_lowercase());
        }
        sql.push(")");
    }
    if !listing.also.is_empty() {
        sql.push(format_args!(" AND {}", listing.also));
    }
    if let Some((column, value)) = listing.equals {
        sql.push(format_args!(" AND {column} = ")).push_bind(value);
    }
    let (order, beyond) = if listing.descending { ("DESC", "<") } else { ("ASC", ">") };
    if let Some((place, key)) = &listing.after {
        sql.push(format_args!(" AND ({}, {}) {beyond} (", listing.sort_column, listing.key_column));
        match place {
            Place::Number(number) => sql.push_bind(*number),
            Place::Text(text) => sql.push_bind(text.clone()),
        };
        sql.push(", ").push_bind(*key).push(")");
    }
    sql.push(format_args!(" ORDER BY {} {order}", listing.sort_column));
    if listing.sort_column != listing.key_column {
        sql.push(format_args!(", {} {order}", listing.key_column));
    }
    sql.push(" LIMIT ").push_bind(listing.limit);
    Ok(sql.build().fetch_all(conn).await?)
}
