//! A part of the page's state that lives in the URL's query.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::portal::paths;

#[derive(Clone, Copy)]
pub struct QueryParam {
    value: Memo<String>,
    write: Callback<(Vec<(String, String)>, bool)>,
    name: StoredValue<String>,
}

impl QueryParam {
    /// The empty string when the URL does not say.
    pub fn get(self) -> String {
        self.value.get()
    }

    pub fn get_untracked(self) -> String {
        self.value.get_untracked()
    }

    /// Takes the place of the current entry of the history: for typing and sorting.
    pub fn replace(self, value: impl Into<String>) {
        self.write.run((vec![(self.name.get_value(), value.into())], true));
    }

    /// Adds to the history, so that «back» undoes it: for tabs and panels.
    pub fn push(self, value: impl Into<String>) {
        self.write.run((vec![(self.name.get_value(), value.into())], false));
    }
}

/// The query parameter of this name; writing the empty string removes it.
pub fn use_query_param(name: impl Into<String>) -> QueryParam {
    let name = StoredValue::new(name.into());
    let search = use_location().search;
    let navigate = use_navigate();
    let write = Callback::new(move |(changes, replace): (Vec<(String, String)>, bool)| {
        let location = window().location();
        let search = changed_query(&location.search().unwrap_or_default(), &changes);
        let url = [location.pathname().unwrap_or_default(), search, location.hash().unwrap_or_default()].concat();
        navigate(&url, NavigateOptions { resolve: false, replace, scroll: false, ..Default::default() });
    });
    QueryParam { value: Memo::new(move |_| search.with(|search| value_of(search, &name.get_value()))), write, name }
}

/// The router's own map of the query decodes twice: a value that holds `%41` would come out as `A`.
fn value_of(search: &str, name: &str) -> String {
    let pairs = search.trim_start_matches('?').split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .filter(|(key, _)| paths::decode(key) == name)
        .map(|(_, value)| paths::decode(&value.replace('+', " ")))
        .next()
        .unwrap_or_default()
}

/// The query with some parameters changed, the others as they are.
fn changed_query(search: &str, changes: &[(String, String)]) -> String {
    let is_changed = |pair: &&str| {
        let key = paths::decode(pair.split('=').next().unwrap_or_default());
        changes.iter().any(|(name, _)| *name == key)
    };
    let kept = search
        .trim_start_matches('?')
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_changed(pair))
        .map(str::to_owned);
    let new = changes
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{}={}", paths::encode(name), paths::encode(value)));
    let all: Vec<_> = kept.chain(new).collect();
    if all.is_empty() { String::new() } else { format!("?{}", all.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_once() {
        assert_eq!(value_of("a=1&q=x%2541+y%20z", "q"), "x%41 y z");
        assert_eq!(value_of("?q=", "q"), "");
        assert_eq!(value_of("qq=1", "q"), "");
    }

    #[test]
    fn other_parameters_stay_and_empty_ones_go() {
        let check = |search: &str, name: &str, value: &str, expected: &str| {
            assert_eq!(changed_query(search, &[(name.into(), value.into())]), expected, "{search} {name} {value}");
        };
        check("", "q", "a b", "?q=a%20b");
        check("?q=x&tab=1", "q", "", "?tab=1");
        check("?q=x", "q", "", "");
        check("?a=1&q=x", "q", "y&z", "?a=1&q=y%26z");
    }
}
