//! The query of a request: names without regard to case, each at most once, none that the operation does not know.

use std::time::Duration;

use crate::api::{self, Code};
use crate::auth::shared_key::percent_decode;
use crate::domain::odata::{Field, Filter};

/// The server takes at most so long for a request, whatever the caller asks for.
const LONGEST: u64 = 30;

/// Parameters of every operation.
const COMMON: &[&str] = &["api-version", "timeout"];

/// Parameters of a request; those with an empty value count as absent.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// # Errors
    /// `InvalidQueryParameterValue` for a name that is there twice.
    pub fn parse(raw: &str) -> Result<Query, api::Error> {
        let mut params: Vec<(String, String)> = Vec::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (percent_decode(name, true).to_ascii_lowercase(), percent_decode(value, true));
            if value.is_empty() {
                continue;
            }
            if params.iter().any(|(known, _)| *known == name) {
                return Err(invalid(&name, &value, "the parameter is there twice"));
            }
            params.push((name, value));
        }
        Ok(Query(params))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Refuses parameters that the operation does not have; those of every operation need not be named.
    pub fn allow(&self, names: &[&str]) -> Result<(), api::Error> {
        match self.0.iter().find(|(name, _)| !names.contains(&name.as_str()) && !COMMON.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => {
                Err(api::Error::new(Code::UnsupportedQueryParameter).with("QueryParameterName", name.as_str()))
            }
        }
    }

    /// The api-version: a date from 2019 on, with or without Batch's two numbers. Newer ones than we know are served as
    /// the newest that we know.
    pub fn api_version(&self) -> Result<&str, api::Error> {
        let name = "api-version";
        let missing = || api::Error::new(Code::MissingRequiredQueryParameter).with("QueryParameterName", name);
        let version = self.get(name).ok_or_else(missing)?;
        if !is_version(version) {
            return Err(invalid(name, version, "expected a version such as 2024-02-01.19.0 or 2025-06-01"));
        }
        if version < "2019" {
            let error = api::Error::new(Code::UnsupportedRequestVersion);
            return Err(error.with("QueryParameterName", name).with("QueryParameterValue", version));
        }
        Ok(version)
    }

    /// How long the server may take.
    pub fn timeout(&self) -> Result<Duration, api::Error> {
        let secs = match self.get("timeout") {
            None => LONGEST,
            Some(text) => text.parse().map_err(|_| invalid("timeout", text, "expected a number of seconds"))?,
        };
        if secs == 0 {
            return Err(out_of_range("timeout", "0", 1, LONGEST));
        }
        Ok(Duration::from_secs(secs.min(LONGEST)))
    }

    /// How many items a page has: 1 to `most`, by default `most`.
    pub fn max_results(&self, most: usize) -> Result<usize, api::Error> {
        let Some(text) = self.get("maxresults") else { return Ok(most) };
        let number: usize = text.parse().map_err(|_| invalid("maxresults", text, "expected a whole number"))?;
        if (1..=most).contains(&number) { Ok(number) } else { Err(out_of_range("maxresults", text, 1, most as u64)) }
    }

    pub fn flag(&self, name: &str) -> Result<bool, api::Error> {
        match self.get(name) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(invalid(name, text, "expected true or false")),
        }
    }

    pub fn filter(&self, fields: &[Field]) -> Result<Option<Filter>, api::Error> {
        let Some(text) = self.get("$filter") else { return Ok(None) };
        Filter::parse(text, fields).map(Some).map_err(|error| invalid("$filter", text, &error.to_string()))
    }

    /// The properties that the caller wants, of those that the resource can have; absent means all.
    pub fn select(&self, known: &'static [&'static str]) -> Result<Option<Vec<&'static str>>, api::Error> {
        let Some(text) = self.get("$select") else { return Ok(None) };
        let find = |name: &str| {
            let found = known.iter().copied().find(|k| *k == name.trim());
            found.ok_or_else(|| invalid("$select", text, &format!("`{}` is no property of the resource", name.trim())))
        };
        text.split(',').map(find).collect::<Result<_, _>>().map(Some)
    }

    /// Whether statistics are asked for.
    pub fn expands_stats(&self) -> bool {
        self.get("$expand").is_some()
    }

    /// `stats` is the only expansion.
    pub fn expand(&self) -> Result<(), api::Error> {
        match self.get("$expand") {
            None => Ok(()),
            Some(text) if text.split(',').all(|name| name.trim() == "stats") => Ok(()),
            Some(text) => Err(invalid("$expand", text, "only `stats` can be expanded")),
        }
    }
}

fn is_version(text: &str) -> bool {
    let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split('.');
    let date: Vec<&str> = parts.next().unwrap_or_default().split('-').collect();
    let numbers: Vec<&str> = parts.collect();
    let [year, month, day] = date[..] else { return false };
    let number = |part: &&str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
    digits(year, 4)
        && digits(month, 2)
        && digits(day, 2)
        && matches!(numbers.len(), 0 | 2)
        && numbers.iter().all(number)
}

pub fn invalid(name: &str, value: &str, reason: &str) -> api::Error {
    let value: String = value.chars().take(200).collect();
    api::Error::new(Code::InvalidQueryParameterValue)
        .with("QueryParameterName", name)
        .with("QueryParameterValue", value)
        .with("Reason", reason)
}

fn out_of_range(name: &str, value: &str, least: u64, most: u64) -> api::Error {
    api::Error::new(Code::OutOfRangeQueryParameterValue)
        .with("QueryParameterName", name)
        .with("QueryParameterValue", value)
        .with("MinimumAllowed", least.to_string())
        .with("MaximumAllowed", most.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(raw: &str) -> Query {
        Query::parse(raw).unwrap()
    }

    fn code<T: std::fmt::Debug>(result: Result<T, api::Error>) -> (Code, String) {
        let error = result.unwrap_err();
        (error.code, error.value("QueryParameterName").unwrap_or_default().to_owned())
    }

    #[test]
    fn names_are_read_without_regard_to_case_and_values_decoded() {
        let q = query("API-Version=2025-06-01&timeOut=5&$FILTER=id%20eq%20%27a+b%27&maxresults=");
        assert_eq!(q.api_version(), Ok("2025-06-01"));
        assert_eq!(q.timeout(), Ok(Duration::from_secs(5)));
        assert_eq!(q.get("$filter"), Some("id eq 'a b'"));
        assert_eq!(q.max_results(1000), Ok(1000));
        assert_eq!(code(Query::parse("a=1&A=2")), (Code::InvalidQueryParameterValue, "a".to_owned()));
    }

    #[test]
    fn versions_are_dates_and_newer_ones_are_served() {
        for good in ["2019-06-01.9.0", "2024-02-01.19.0", "2025-06-01", "2026-10-01", "2999-01-01.99.0"] {
            assert_eq!(query(&format!("api-version={good}")).api_version(), Ok(good));
        }
        for bad in
            ["latest", "2024", "2024-02-01.19", "2024-2-1", "2024-02-01.19.0.1", "2024-02-01.x.0", "2024-02-01-preview"]
        {
            let found = code(query(&format!("api-version={bad}")).api_version());
            assert_eq!(found, (Code::InvalidQueryParameterValue, "api-version".to_owned()), "{bad}");
        }
        assert_eq!(code(query("").api_version()).0, Code::MissingRequiredQueryParameter);
        assert_eq!(code(query("api-version=2018-12-01.8.0").api_version()).0, Code::UnsupportedRequestVersion);
    }

    #[test]
    fn unknown_parameters_are_named() {
        assert_eq!(query("api-version=x&timeout=1&$select=id").allow(&["$select"]), Ok(()));
        assert_eq!(code(query("$top=5").allow(&["$select"])), (Code::UnsupportedQueryParameter, "$top".to_owned()));
    }

    #[test]
    fn numbers_and_flags_have_their_range() {
        assert_eq!(query("timeout=90").timeout(), Ok(Duration::from_secs(30)));
        assert_eq!(code(query("timeout=0").timeout()).0, Code::OutOfRangeQueryParameterValue);
        assert_eq!(code(query("timeout=x").timeout()).0, Code::InvalidQueryParameterValue);
        assert_eq!(query("maxresults=10").max_results(1000), Ok(10));
        assert_eq!(code(query("maxresults=0").max_results(1000)).0, Code::OutOfRangeQueryParameterValue);
        assert_eq!(code(query("maxresults=1001").max_results(1000)).0, Code::OutOfRangeQueryParameterValue);
        assert_eq!(code(query("maxresults=-1").max_results(1000)).0, Code::InvalidQueryParameterValue);
        assert_eq!(query("recursive=True").flag("recursive"), Ok(true));
        assert_eq!(code(query("recursive=1").flag("recursive")).0, Code::InvalidQueryParameterValue);
    }

    #[test]
    fn only_known_properties_can_be_selected() {
        assert_eq!(query("$select=id,%20state").select(&["state", "id"]), Ok(Some(vec!["id", "state"])));
        assert_eq!(query("").select(&["id"]), Ok(None));
        assert_eq!(code(query("$select=id,colour").select(&["id"])).1, "$select");
        assert_eq!(query("$expand=stats").expand(), Ok(()));
        assert_eq!(code(query("$expand=tasks").expand()).1, "$expand");
    }
}
