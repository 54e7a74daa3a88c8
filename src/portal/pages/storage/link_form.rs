//! The form that makes a storage account of a bucket, as typed.

use leptos::prelude::*;

use crate::api::{Bucket, BucketAccess, BucketKind, Secret, StorageLink};
use crate::domain::bucket as rules;
use crate::domain::storage::check_account_name;
use crate::portal::components::FieldErrors;
use crate::portal::components::field::required_text;
use crate::portal::i18n::msg;

// As the server names the properties.
pub const NAME: &str = "name";
pub const BUCKET: &str = "bucket";
pub const PREFIX: &str = "prefix";
pub const ENDPOINT: &str = "endpoint";
pub const REGION: &str = "region";
pub const IDENTITY: &str = "identity";
pub const SECRET: &str = "secret";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkForm {
    pub kind: BucketKind,
    pub name: String,
    pub bucket: String,
    pub prefix: String,
    pub endpoint: String,
    pub region: String,
    pub identity: String,
    pub secret: String,
}

impl LinkForm {
    pub fn to_link(&self) -> Result<StorageLink, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = required_text(&mut errors, NAME, &self.name);
        if !name.is_empty() && check_account_name(&name).is_err() {
            errors.add(NAME, msg::BUCKET_ACCOUNT_RULE);
        }
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let bucket = Bucket {
            kind: self.kind,
            name: required_text(&mut errors, BUCKET, &self.bucket),
            prefix: self.prefix.trim().to_owned(),
            endpoint: given(&self.endpoint),
            region: given(&self.region).filter(|_| self.kind == BucketKind::S3),
            identity: required_text(&mut errors, IDENTITY, &self.identity),
        };
        let secret = Secret(required_text(&mut errors, SECRET, &self.secret));
        let access = BucketAccess { bucket, secret };
        if errors.first().is_none()
            && let Err(refused) = rules::check(&access)
        {
            errors.add_refusal(&refused);
        }
        if errors.first().is_none() { Ok(StorageLink { name, access }) } else { Err(errors) }
    }
}

#[derive(Clone, Copy)]
pub struct LinkFields {
    pub kind: RwSignal<String>,
    pub name: RwSignal<String>,
    pub bucket: RwSignal<String>,
    pub prefix: RwSignal<String>,
    pub endpoint: RwSignal<String>,
    pub region: RwSignal<String>,
    pub identity: RwSignal<String>,
    pub secret: RwSignal<String>,
}

impl LinkFields {
    pub fn new() -> Self {
        let text = || RwSignal::new(String::new());
        LinkFields {
            kind: RwSignal::new(BucketKind::Azure.to_string()),
            name: text(),
            bucket: text(),
            prefix: text(),
            endpoint: text(),
            region: text(),
            identity: text(),
            secret: text(),
        }
    }

    pub fn kind(&self) -> BucketKind {
        self.kind.get().parse().unwrap_or(BucketKind::Azure)
    }

    pub fn get(&self) -> LinkForm {
        LinkForm {
            kind: self.kind(),
            name: self.name.get(),
            bucket: self.bucket.get(),
            prefix: self.prefix.get(),
            endpoint: self.endpoint.get(),
            region: self.region.get(),
            identity: self.identity.get(),
            secret: self.secret.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> LinkForm {
        LinkForm {
            kind: BucketKind::S3,
            name: " archive ".into(),
            bucket: "data".into(),
            prefix: String::new(),
            endpoint: String::new(),
            region: "eu-west-3".into(),
            identity: "AKIAEXAMPLE".into(),
            secret: "wJalr".into(),
        }
    }

    #[test]
    fn what_is_typed_becomes_a_link_or_is_refused_at_its_field() {
        let link = form().to_link().unwrap();
        assert_eq!((link.name.as_str(), link.access.bucket.endpoint), ("archive", None));
        let azure = LinkForm { kind: BucketKind::Azure, identity: "acc".into(), secret: "a2V5".into(), ..form() };
        assert_eq!(azure.to_link().unwrap().access.bucket.region, None);
        let first = |form: LinkForm| form.to_link().unwrap_err().first().unwrap().field.clone();
        assert_eq!(first(LinkForm { name: "No Name".into(), ..form() }), NAME);
        assert_eq!(first(LinkForm { secret: String::new(), ..form() }), SECRET);
        assert_eq!(first(LinkForm { endpoint: "minio".into(), ..form() }), ENDPOINT);
    }
}
