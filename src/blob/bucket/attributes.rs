//! What is kept of a blob beside its bytes.

use std::collections::BTreeMap;

use object_store::{Attribute, Attributes};

use crate::api::BlobSettings;

/// Metadata of ours in which the bytes' MD5 is: not all services keep one that a writer says. Without a separator: Azure takes no
/// hyphen, and some proxies no underscore.
const MD5: &str = "fournilmd5";

pub fn of_settings(settings: &BlobSettings) -> Attributes {
    let mut attributes = Attributes::new();
    for (attribute, value) in [
        (Attribute::ContentType, &settings.content_type),
        (Attribute::ContentEncoding, &settings.content_encoding),
        (Attribute::ContentLanguage, &settings.content_language),
        (Attribute::ContentDisposition, &settings.content_disposition),
        (Attribute::CacheControl, &settings.cache_control),
        (Attribute::Metadata(MD5.into()), &settings.content_md5),
    ] {
        if let Some(value) = value {
            attributes.insert(attribute, value.clone().into());
        }
    }
    for (name, value) in settings.metadata.iter().filter(|(name, _)| *name != MD5) {
        attributes.insert(Attribute::Metadata(name.clone().into()), value.clone().into());
    }
    attributes
}

pub fn to_settings(attributes: &Attributes) -> BlobSettings {
    let of = |attribute: Attribute| {
        attributes.get(&attribute).map(|value| value.to_string()).filter(|value| !value.is_empty())
    };
    let mut metadata: BTreeMap<String, String> = BTreeMap::new();
    for (attribute, value) in attributes.iter() {
        if let Attribute::Metadata(name) = attribute {
            metadata.insert(name.to_ascii_lowercase(), value.to_string());
        }
    }
    BlobSettings {
        content_type: of(Attribute::ContentType),
        content_encoding: of(Attribute::ContentEncoding),
        content_language: of(Attribute::ContentLanguage),
        content_disposition: of(Attribute::ContentDisposition),
        cache_control: of(Attribute::CacheControl),
        content_md5: metadata.remove(MD5),
        metadata,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_go_there_and_back() {
        let settings = BlobSettings {
            content_type: Some("text/plain".into()),
            content_md5: Some("XUFAKrxLKna5cZ2REBfFkg==".into()),
            metadata: [("kind".to_owned(), "x".to_owned())].into(),
            ..BlobSettings::default()
        };
        assert_eq!(to_settings(&of_settings(&settings)), settings);
        assert_eq!(to_settings(&Attributes::new()), BlobSettings::default());
    }
}
