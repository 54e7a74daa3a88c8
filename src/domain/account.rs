//! What an account may be called and carry.

use std::collections::BTreeMap;

use super::ids::AccountName;
use crate::api::{Error, NameAvailability, NameUnavailableReason};

pub const MAX_TAGS: usize = 50;
const MAX_TAG_NAME: usize = 512;
const MAX_TAG_VALUE: usize = 256;

/// Why no account can ever have this name; nothing when one can.
pub fn name_refusal(name: &str) -> Option<NameAvailability> {
    let reason = name.parse::<AccountName>().err()?;
    Some(NameAvailability {
        name_available: false,
        reason: Some(NameUnavailableReason::Invalid),
        message: Some(reason.to_string()),
    })
}

/// At most 50 tags; a name has 1–512 characters without `<>%&\?/`, a value at most 256.
/// Source: Azure Resource Manager, limits of tags.
///
/// # Errors
/// `InvalidPropertyValue`.
pub fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > MAX_TAGS {
        let reason = format!("At most {MAX_TAGS} tags are possible.");
        return Err(Error::invalid_property("tags", tags.len().to_string(), reason));
    }
    for (name, value) in tags {
        let path = format!("tags.{name}");
        if !(1..=MAX_TAG_NAME).contains(&name.chars().count()) || name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
            let reason = format!("The name of a tag has 1 to {MAX_TAG_NAME} characters, none of them < > % & \\ ? /.");
            return Err(Error::invalid_property(&path, name, reason));
        }
        if value.chars().count() > MAX_TAG_VALUE {
            return Err(Error::invalid_property(
                &path,
                value,
                format!("The value of a tag has at most {MAX_TAG_VALUE} characters."),
            ));
        }
    }
    Ok(())
}

/// A subscription's id is a UUID with hyphens.
///
/// # Errors
/// `InvalidPropertyValue`.
pub fn check_subscription_id(id: &str) -> Result<(), Error> {
    let groups: Vec<_> = id.split('-').collect();
    let is_uuid = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_uuid {
        Ok(())
    } else {
        let reason = "A subscription id is a UUID such as 11111111-2222-3333-4444-555555555555.";
        Err(Error::invalid_property("subscriptionId", id, reason))
    }
}

/// 1–90 of letters, digits and `-_.()`, not ending in a period. Source: Azure Resource Manager, naming rules.
///
/// # Errors
/// `InvalidPropertyValue`.
pub fn check_resource_group(name: &str) -> Result<(), Error> {
    let legal = |c: char| c.is_alphanumeric() || "-_.()".contains(c);
    if (1..=90).contains(&name.chars().count()) && name.chars().all(legal) && !name.ends_with('.') {
        Ok(())
    } else {
        let reason = "A resource group's name has 1 to 90 letters, digits, hyphens, underscores, periods and parentheses, \
            and does not end with a period.";
        Err(Error::invalid_property("resourceGroup", name, reason))
    }
}

/// The name of a storage account (3–24 lower-case letters and digits), or the resource id that ends in it.
///
/// # Errors
/// `InvalidPropertyValue`.
pub fn check_storage_account_id(id: &str) -> Result<(), Error> {
    // The rule of names is the one of Batch accounts.
    if storage_account_name(id).parse::<AccountName>().is_ok() {
        Ok(())
    } else {
        let reason = "The name or the resource id of a storage account is needed; the name has 3 to 24 lower-case letters and digits.";
        Err(Error::invalid_property("autoStorage.storageAccountId", id, reason))
    }
}

/// Whether a storage account is linked that was not: taking one away and keeping it are no choice.
pub fn is_new_storage(now: Option<&str>, wanted: Option<&str>) -> bool {
    wanted.is_some() && wanted != now
}

/// The name in the id of a storage account; empty for an id of something else.
pub fn storage_account_name(id: &str) -> &str {
    const MARKER: &str = "/providers/microsoft.storage/storageaccounts/";
    if !id.starts_with('/') {
        return id;
    }
    id.to_ascii_lowercase().find(MARKER).map_or("", |at| &id[at + MARKER.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_breaks_the_rule_is_refused_with_the_rule() {
        assert_eq!(name_refusal("mybatch1"), None);
        let refusal = name_refusal("My-Batch").unwrap();
        assert_eq!(refusal.reason, Some(NameUnavailableReason::Invalid));
        assert!(refusal.message.unwrap().contains("3 to 24"));
    }

    #[test]
    fn tags_have_limits() {
        let tags = |n: usize| (0..n).map(|i| (format!("tag{i}"), String::new())).collect::<BTreeMap<_, _>>();
        assert!(check_tags(&tags(50)).is_ok());
        assert!(check_tags(&tags(51)).is_err());
        for (name, value, good) in [
            ("team", "ocean", true),
            ("Ünïcode name", "é", true),
            ("", "x", false),
            ("a/b", "x", false),
            (&*"n".repeat(513), "x", false),
            ("long", &*"v".repeat(257), false),
        ] {
            let tags = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            assert_eq!(check_tags(&tags).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn subscriptions_are_uuids() {
        assert!(check_subscription_id("11111111-2222-3333-4444-55555555555A").is_ok());
        for bad in ["", "default", "111111112222333344445555555555555555", "11111111-2222-3333-4444-55555555555g"] {
            assert!(check_subscription_id(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn resource_groups_follow_azures_rule() {
        for (name, good) in [("default", true), ("a.b-(c)_d", true), ("", false), ("a/b", false), ("end.", false)] {
            assert_eq!(check_resource_group(name).is_ok(), good, "{name}");
        }
        assert!(check_resource_group(&"x".repeat(91)).is_err());
    }

    #[test]
    fn storage_is_linked_by_name_or_resource_id() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/mystore";
        for (text, good) in
            [("mystore", true), (id, true), ("My Store", false), ("/subscriptions/s", false), ("", false)]
        {
            assert_eq!(check_storage_account_id(text).is_ok(), good, "{text}");
        }
    }
}
