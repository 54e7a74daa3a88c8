//! How the portal asks for a page of a list, and gets it.

use serde::{Deserialize, Serialize};

/// What to list. Lives in the page's URL, so that a link shows the same rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListQuery {
    /// Ids (or names) that begin with this text.
    pub search: String,
    /// Only these states, in Batch's spelling; empty is all.
    pub states: Vec<String>,
    /// Only tasks that failed.
    pub failed_only: bool,
    /// Only tasks of this node.
    pub node: String,
    /// Column to sort by: `id`, `creationTime`, or one that the list names; empty is the list's own order.
    pub sort: String,
    pub descending: bool,
    /// Where to go on: `next` of the page before.
    pub cursor: String,
    /// Rows a page, 1–1000; 0 is 100.
    pub limit: u32,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Opaque; absent on the last page.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Rows of the whole list, where a counter knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

fn none() -> Option<String> {
    None
}
