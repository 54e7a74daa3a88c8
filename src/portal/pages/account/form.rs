//! The form of a new account: what is typed, and what the server gets.

use std::collections::BTreeMap;

use crate::api::{AccountCreate, PublicNetworkAccess};
use crate::domain::account as rules;
use crate::domain::ids::AccountName;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;

/// Field names are the server's names of the properties.
pub const NAME: &str = "name";
pub const SUBSCRIPTION: &str = "subscriptionId";
pub const RESOURCE_GROUP: &str = "resourceGroup";
pub const LOCATION: &str = "location";
pub const STORAGE: &str = "autoStorage.storageAccountId";
pub const ACCESS: &str = "publicNetworkAccess";
pub const TAGS: &str = "tags";

/// What is typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountForm {
    pub name: String,
    pub subscription: String,
    pub resource_group: String,
    pub location: String,
    pub storage: String,
    pub public_access: bool,
    pub tags: Vec<(String, String)>,
}

impl AccountForm {
    pub fn to_create(&self) -> Result<AccountCreate, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = self.name.trim();
        if name.is_empty() {
            errors.add(NAME, msg::FIELD_REQUIRED);
        } else if name.parse::<AccountName>().is_err() {
            errors.add(NAME, msg::ACCOUNT_NAME_RULE);
        }
        if self.location.is_empty() {
            errors.add(LOCATION, msg::FIELD_REQUIRED);
        }
        let subscription_id = given(&self.subscription);
        if subscription_id.as_deref().is_some_and(|id| rules::check_subscription_id(id).is_err()) {
            errors.add(SUBSCRIPTION, msg::SUBSCRIPTION_RULE);
        }
        let resource_group = given(&self.resource_group);
        if resource_group.as_deref().is_some_and(|group| rules::check_resource_group(group).is_err()) {
            errors.add(RESOURCE_GROUP, msg::RESOURCE_GROUP_RULE);
        }
        let storage_account_id = given(&self.storage);
        if storage_account_id.as_deref().is_some_and(|id| rules::check_storage_account_id(id).is_err()) {
            errors.add(STORAGE, msg::STORAGE_RULE);
        }
        let tags = to_tags(&self.tags, &mut errors);
        let access = if self.public_access { PublicNetworkAccess::Enabled } else { PublicNetworkAccess::Disabled };
        let create = AccountCreate {
            name: name.to_owned(),
            subscription_id,
            resource_group,
            location: self.location.clone(),
            public_network_access: Some(access),
            storage_account_id,
            tags,
            ..AccountCreate::default()
        };
        errors.or(create)
    }
}

/// Rows of the tag editor as a map; rows that are empty altogether are left out.
pub fn to_tags(rows: &[(String, String)], errors: &mut FieldErrors) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for (name, value) in rows {
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() && value.is_empty() {
            continue;
        }
        if tags.insert(name.to_owned(), value.to_owned()).is_some() {
            errors.add(TAGS, msg::TAG_TWICE);
        }
    }
    if rules::check_tags(&tags).is_err() {
        errors.add(TAGS, msg::TAG_RULE);
    }
    tags
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> AccountForm {
        AccountForm { name: "mybatch".into(), location: "local".into(), public_access: true, ..AccountForm::default() }
    }

    #[test]
    fn empty_settings_are_left_to_the_server() {
        let create = AccountForm { resource_group: "  ".into(), ..form() }.to_create().unwrap();
        assert_eq!(
            create,
            AccountCreate {
                name: "mybatch".into(),
                location: "local".into(),
                public_network_access: Some(PublicNetworkAccess::Enabled),
                ..AccountCreate::default()
            }
        );
    }

    #[test]
    fn what_is_wrong_stands_at_its_field() {
        let check = |form: AccountForm, field: &str| {
            let errors = form.to_create().unwrap_err();
            assert_eq!(errors.first().map(|e| e.field.as_str()), Some(field), "{errors:?}");
        };
        check(AccountForm { name: String::new(), ..form() }, NAME);
        check(AccountForm { name: "My-Batch".into(), ..form() }, NAME);
        check(AccountForm { location: String::new(), ..form() }, LOCATION);
        check(AccountForm { subscription: "x".into(), ..form() }, SUBSCRIPTION);
        check(AccountForm { resource_group: "a/b".into(), ..form() }, RESOURCE_GROUP);
        check(AccountForm { storage: "No!".into(), ..form() }, STORAGE);
        check(AccountForm { tags: vec![("a<".into(), "1".into())], ..form() }, TAGS);
        check(AccountForm { tags: vec![("a".into(), "1".into()), ("a ".into(), "2".into())], ..form() }, TAGS);
    }

    #[test]
    fn empty_rows_of_tags_are_left_out() {
        let tags = vec![(String::new(), " ".into()), ("team".into(), "ocean".into())];
        let create = AccountForm { tags, ..form() }.to_create().unwrap();
        assert_eq!(create.tags, BTreeMap::from([("team".to_owned(), "ocean".to_owned())]));
    }
}
