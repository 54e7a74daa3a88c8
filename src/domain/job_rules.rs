//! Rules that a job may ask for beyond Batch's, off unless asked for: programs rely on Azure's way. They are items of the
//! job's metadata, which every client can send: a name below, with the value `true` or `false`.
//!
//! Chosen here. Names that begin with `fournil:` and are none of these are refused, so that no rule is asked for in vain.

use crate::api::{Error, JobCreate, MetadataItem};

const OURS: &str = "fournil:";

/// Tasks that depend on a task which failed fail too, instead of waiting for ever.
pub const FAIL_DEPENDENTS: &str = "fournil:failDependents";
/// Tasks begin in the order in which they were added: a task that finds no room now is not overtaken by smaller ones.
pub const STRICT_ORDER: &str = "fournil:strictOrder";

const RULES: [&str; 2] = [FAIL_DEPENDENTS, STRICT_ORDER];

pub fn fails_dependents(job: &JobCreate) -> bool {
    job.has_dependencies() && is_on(job.metadata.as_deref(), FAIL_DEPENDENTS)
}

pub fn keeps_order(job: &JobCreate) -> bool {
    is_on(job.metadata.as_deref(), STRICT_ORDER)
}

/// Whether the metadata asks for a rule.
pub fn is_on(metadata: Option<&[MetadataItem]>, rule: &str) -> bool {
    metadata.unwrap_or_default().iter().any(|item| item.name == rule && item.value == "true")
}

/// Whether a user may name an item so; the names of rules are not for other ends.
pub fn is_ours(name: &str) -> bool {
    name.starts_with(OURS)
}

/// The metadata of a job asks for rules that there are, each once, with a word that says yes or no.
pub fn check(metadata: Option<&[MetadataItem]>) -> Result<(), Error> {
    let items = metadata.unwrap_or_default();
    for (index, item) in items.iter().enumerate().filter(|(_, item)| is_ours(&item.name)) {
        let path = |part: &str| format!("metadata[{index}].{part}");
        if !RULES.contains(&item.name.as_str()) {
            let reason = format!("of the names that begin with {OURS} there are {}", RULES.join(" and "));
            return Err(Error::invalid_property(&path("name"), &*item.name, reason));
        }
        if !matches!(item.value.as_str(), "true" | "false") {
            return Err(Error::invalid_property(&path("value"), &*item.value, "true or false"));
        }
        if items[..index].iter().any(|other| other.name == item.name) {
            return Err(Error::invalid_property(&path("name"), &*item.name, "each rule once"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Code;

    fn items(items: &[(&str, &str)]) -> Vec<MetadataItem> {
        items.iter().map(|(name, value)| MetadataItem { name: (*name).into(), value: (*value).into() }).collect()
    }

    #[test]
    fn a_rule_is_off_unless_it_is_asked_for() {
        let with = |list: &[(&str, &str)]| JobCreate {
            metadata: Some(items(list)),
            uses_task_dependencies: Some(true),
            ..JobCreate::default()
        };
        assert!(!fails_dependents(&JobCreate::default()) && !keeps_order(&JobCreate::default()));
        let both = with(&[(FAIL_DEPENDENTS, "true"), (STRICT_ORDER, "true")]);
        assert!(fails_dependents(&both) && keeps_order(&both));
        assert!(!fails_dependents(&with(&[(FAIL_DEPENDENTS, "false")])));
        assert!(!fails_dependents(&JobCreate { uses_task_dependencies: None, ..both }), "nothing depends on anything");
    }

    #[test]
    fn what_no_rule_is_called_is_refused() {
        let check = |list: &[(&str, &str)], expected: Option<(Code, &str)>| {
            let found = check(Some(&items(list))).err();
            let found = found.as_ref().map(|error| (error.code, error.value("PropertyName").unwrap_or_default()));
            assert_eq!(found, expected, "{list:?}");
        };
        check(&[("colour", "blue"), (STRICT_ORDER, "false")], None);
        check(&[("a", ""), ("fournil:fifo", "true")], Some((Code::InvalidPropertyValue, "metadata[1].name")));
        check(&[(STRICT_ORDER, "yes")], Some((Code::InvalidPropertyValue, "metadata[0].value")));
        let twice = [(STRICT_ORDER, "true"), (STRICT_ORDER, "false")];
        check(&twice, Some((Code::InvalidPropertyValue, "metadata[1].name")));
    }
}
