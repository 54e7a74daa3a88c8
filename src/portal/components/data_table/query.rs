//! What a table lists, as its page's URL says.

use leptos::prelude::*;

use super::plan::{FilterKind, Head};
use crate::api::ListQuery;
use crate::portal::components::query::{QueryParam, use_query_param};

/// The parameters of a table. All of them are rewritten in place: sorting is no step of the history.
#[derive(Clone, Copy)]
pub(super) struct TableUrl {
    pub search: QueryParam,
    state: QueryParam,
    failed: QueryParam,
    pub node: QueryParam,
    sort: QueryParam,
    columns: QueryParam,
}

impl TableUrl {
    pub fn new(prefix: &str) -> TableUrl {
        let param = |name: &str| use_query_param(format!("{prefix}{name}"));
        TableUrl {
            search: param("q"),
            state: param("state"),
            failed: param("failed"),
            node: param("node"),
            sort: param("sort"),
            columns: param("cols"),
        }
    }

    pub fn query(self) -> ListQuery {
        let sort = self.sort.get();
        let (sort, descending) = sort.strip_prefix('-').map_or((sort.as_str(), false), |key| (key, true));
        ListQuery {
            search: self.search.get(),
            states: words(&self.state.get()),
            failed_only: self.failed.get() == "1",
            node: self.node.get(),
            sort: sort.to_owned(),
            descending,
            ..ListQuery::default()
        }
    }

    /// Something hides rows.
    pub fn is_filtered(self) -> bool {
        [self.search, self.state, self.failed, self.node].into_iter().any(|param| !param.get().is_empty())
    }

    pub fn clear_filters(self) {
        for param in [self.search, self.state, self.failed, self.node] {
            if !param.get_untracked().is_empty() {
                param.replace("");
            }
        }
    }

    pub fn has(self, filter: FilterKind) -> bool {
        match filter {
            FilterKind::State(state) => words(&self.state.get()).iter().any(|s| s == state),
            FilterKind::Failed => self.failed.get() == "1",
        }
    }

    pub fn toggle(self, filter: FilterKind) {
        match filter {
            FilterKind::State(state) => self.state.replace(toggled(&self.state.get_untracked(), state)),
            FilterKind::Failed => self.failed.replace(if self.failed.get_untracked() == "1" { "" } else { "1" }),
        }
    }

    /// Up, down, and back to the list's own order.
    pub fn sort_by(self, key: &str) {
        let now = self.sort.get_untracked();
        self.sort.replace(match now.strip_prefix('-') {
            Some(down) if down == key => String::new(),
            _ if now == key => format!("-{key}"),
            _ => key.to_owned(),
        });
    }

    /// Which columns are shown, in the caller's order; the first always is.
    pub fn columns(self, heads: &[Head]) -> Vec<usize> {
        let chosen = words(&self.columns.get());
        let is_shown = |i: usize, head: &Head| {
            i == 0 || if chosen.is_empty() { head.is_shown_first } else { chosen.iter().any(|c| c == head.key) }
        };
        heads.iter().enumerate().filter(|(i, head)| is_shown(*i, head)).map(|(i, _)| i).collect()
    }

    pub fn toggle_column(self, heads: &[Head], key: &str) {
        let shown = untrack(|| self.columns(heads));
        let is_on = |i: usize| shown.contains(&i) != (heads[i].key == key);
        let keys: Vec<_> = (0..heads.len()).filter(|i| *i == 0 || is_on(*i)).map(|i| heads[i].key).collect();
        let first: Vec<_> =
            heads.iter().enumerate().filter(|(i, h)| *i == 0 || h.is_shown_first).map(|(_, h)| h.key).collect();
        self.columns.replace(if keys == first { String::new() } else { keys.join(",") });
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn toggled(list: &str, word: &str) -> String {
    let mut all = words(list);
    match all.iter().position(|w| w == word) {
        Some(i) => drop(all.remove(i)),
        None => all.push(word.to_owned()),
    }
    all.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_list_are_switched_on_and_off() {
        assert_eq!(toggled("", "idle"), "idle");
        assert_eq!(toggled("idle,running", "idle"), "running");
        assert_eq!(toggled("idle", "running"), "idle,running");
    }
}
