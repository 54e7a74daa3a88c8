//! Pages of lists: how many rows, and where the next page begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Result;
use crate::api::{Code, Error, ListQuery, Page};
use crate::store::listing::Listing;

const USUAL: u32 = 100;
const MOST: u32 = 1000;

/// Rows that the page holds at most.
pub fn limit(query: &ListQuery) -> i64 {
    i64::from(if query.limit == 0 { USUAL } else { query.limit.min(MOST) })
}

/// The place that a cursor names; nothing at the start of a list.
///
/// # Errors
/// `InvalidQueryParameterValue` when it is none of this list's.
pub fn after<T: DeserializeOwned>(cursor: &str) -> Result<Option<T>> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let place = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
    place.map(Some).ok_or_else(|| invalid("cursor", cursor, "It is no place in this list.").into())
}

/// The rows of a page and one more, of a table whose columns are called as most are: `id`, `key` and `state`.
///
/// # Errors
/// As [`after`].
pub fn listing<'q>(
    query: &'q ListQuery,
    select: &'static str,
    owner: (&'static str, i64),
    sort_column: &'static str,
) -> Result<Listing<'q>> {
    Ok(Listing {
        select,
        owner_column: owner.0,
        owner: owner.1,
        id_column: "id",
        key_column: "key",
        prefix: &query.search,
        states: &query.states,
        state_column: "state",
        also: "",
        equals: None,
        sort_column,
        descending: query.descending,
        after: after(&query.cursor)?,
        limit: limit(query) + 1,
    })
}

/// A cursor to go on after this place.
pub fn cursor(place: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).expect("places are plain values"))
}

/// A parameter of the list that means nothing.
pub fn invalid(parameter: &str, value: &str, reason: &str) -> Error {
    Error::new(Code::InvalidQueryParameterValue)
        .with("QueryParameterName", parameter)
        .with("QueryParameterValue", value)
        .with("Reason", reason)
}

/// Makes a page of rows of which one more than `limit` was read, to know whether there is a next page.
pub fn page<R, T, P: Serialize>(
    mut rows: Vec<R>,
    limit: i64,
    place: impl Fn(&R) -> P,
    item: impl Fn(R) -> T,
) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(|row| cursor(&place(row))) } else { None };
    Page { items: rows.into_iter().map(item).collect(), next, total: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_there_and_back_and_junk_is_refused() {
        let place = ("my job".to_owned(), 7i64);
        assert_eq!(after::<(String, i64)>(&cursor(&place)).unwrap(), Some(place));
        assert_eq!(after::<i64>("").unwrap(), None);
        assert!(after::<i64>("***").is_err());
        assert!(after::<i64>(&cursor(&"text")).is_err());
    }

    #[test]
    fn only_a_full_page_with_more_behind_it_has_a_next() {
        let at = |n: i64, limit| page((0..n).collect(), limit, |row| *row, |row| row);
        assert_eq!(at(3, 3).next, None);
        let first = at(4, 3);
        assert_eq!((first.items, first.next.map(|c| after::<i64>(&c).unwrap())), (vec![0, 1, 2], Some(Some(2))));
    }
}
