//! Conditions of a request: do it only if the resource is still as the caller knows it, or is not.

use crate::api::Timestamp;

/// At most one; Batch refuses several at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    #[default]
    None,
    Match(Tags),
    NoneMatch(Tags),
    ModifiedSince(Timestamp),
    UnmodifiedSince(Timestamp),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    Any,
    These(Vec<String>),
}

impl Tags {
    /// Reads `*` or a list of ETags: quoted, not quoted, or marked as weak. Clients send all of these.
    pub fn parse(text: &str) -> Tags {
        let bare = |tag: &str| {
            let tag = tag.trim();
            tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').to_owned()
        };
        if text.trim() == "*" { Tags::Any } else { Tags::These(text.split(',').map(bare).collect()) }
    }

    fn holds(&self, e_tag: &str) -> bool {
        match self {
            Tags::Any => true,
            Tags::These(tags) => tags.iter().any(|tag| tag == e_tag),
        }
    }
}

impl Condition {
    /// Whether a resource in this version meets it. HTTP dates have whole seconds: a change within the second that the
    /// caller names is not later than it.
    pub fn holds(&self, e_tag: &str, modified: Timestamp) -> bool {
        let changed_after = |time: &Timestamp| modified.millis().div_euclid(1000) > time.millis().div_euclid(1000);
        match self {
            Condition::None => true,
            Condition::Match(tags) => tags.holds(e_tag),
            Condition::NoneMatch(tags) => !tags.holds(e_tag),
            Condition::ModifiedSince(time) => changed_after(time),
            Condition::UnmodifiedSince(time) => !changed_after(time),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_holds_by_tag_or_time() {
        let modified = Timestamp::from_micros(100_500_000);
        let check = |condition: Condition, expected: bool| {
            assert_eq!(condition.holds("0x8D1", modified), expected, "{condition:?}");
        };
        check(Condition::None, true);
        for same in ["0x8D1", "\"0x8D1\"", "W/\"0x8D1\"", "*", " * ", "\"0x8D0\", \"0x8D1\""] {
            check(Condition::Match(Tags::parse(same)), true);
            check(Condition::NoneMatch(Tags::parse(same)), false);
        }
        for other in ["0x8D2", "\"0x8D\"", "", "0x8d1"] {
            check(Condition::Match(Tags::parse(other)), false);
            check(Condition::NoneMatch(Tags::parse(other)), true);
        }
        for (secs, changed) in [(99, true), (100, false), (101, false)] {
            check(Condition::ModifiedSince(Timestamp::from_secs(secs)), changed);
            check(Condition::UnmodifiedSince(Timestamp::from_secs(secs)), !changed);
        }
    }
}
