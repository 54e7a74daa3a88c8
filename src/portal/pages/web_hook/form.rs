//! A web hook as it stands in the form.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::api::{ServiceEventType, WebHook, WebHookSettings};
use crate::domain::web_hook as rules;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;

/// Field names are the server's names of the properties.
pub const ID: &str = "id";
pub const URL: &str = "url";
pub const TYPES: &str = "eventTypes";
pub const PREFIX: &str = "jobIdPrefix";

/// What is proposed: what people want to hear of most.
const PROPOSED: [ServiceEventType; 2] = [ServiceEventType::JobTerminateComplete, ServiceEventType::TaskFail];

/// The fields, each with its signal.
#[derive(Clone, Copy)]
pub struct HookFields {
    pub id: RwSignal<String>,
    pub url: RwSignal<String>,
    pub types: RwSignal<BTreeSet<ServiceEventType>>,
    pub prefix: RwSignal<String>,
    pub enabled: RwSignal<bool>,
}

impl HookFields {
    pub fn new() -> HookFields {
        HookFields {
            id: RwSignal::default(),
            url: RwSignal::default(),
            types: RwSignal::new(PROPOSED.into()),
            prefix: RwSignal::default(),
            enabled: RwSignal::new(true),
        }
    }

    pub fn of(hook: &WebHook) -> HookFields {
        HookFields {
            id: RwSignal::new(hook.id.clone()),
            url: RwSignal::new(hook.url.clone()),
            types: RwSignal::new(hook.event_types.iter().copied().collect()),
            prefix: RwSignal::new(hook.job_id_prefix.clone()),
            enabled: RwSignal::new(hook.enabled),
        }
    }

    /// # Errors
    /// A sentence at the first field that does not fit.
    pub fn checked(self) -> Result<WebHookSettings, FieldErrors> {
        checked(WebHookSettings {
            id: self.id.get().trim().to_owned(),
            url: self.url.get().trim().to_owned(),
            event_types: self.types.get().into_iter().collect(),
            job_id_prefix: self.prefix.get().trim().to_owned(),
            enabled: self.enabled.get(),
        })
    }
}

fn checked(hook: WebHookSettings) -> Result<WebHookSettings, FieldErrors> {
    let mut errors = FieldErrors::default();
    for (field, text) in [(ID, &hook.id), (URL, &hook.url)] {
        if text.is_empty() {
            errors.add(field, msg::FIELD_REQUIRED);
        }
    }
    if errors.is_empty() {
        // What the operator allows besides, the server knows.
        let anywhere: Vec<_> = ["0.0.0.0/0", "::/0"].iter().filter_map(|range| range.parse().ok()).collect();
        if let Err(refused) = rules::check(&hook, &anywhere) {
            errors.add_refusal(&refused);
        }
    }
    errors.or(hook)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_stands_at_its_field() {
        let good = WebHookSettings {
            id: "h".into(),
            url: "http://10.0.0.1/x".into(),
            event_types: PROPOSED.into(),
            ..WebHookSettings::default()
        };
        assert_eq!(checked(good.clone()), Ok(good.clone()));
        let at = |hook: WebHookSettings| checked(hook).unwrap_err().first().map(|e| e.field.clone()).unwrap();
        assert_eq!(at(WebHookSettings { id: String::new(), ..good.clone() }), ID);
        assert_eq!(at(WebHookSettings { url: "ftp://h".into(), ..good.clone() }), URL);
        assert_eq!(at(WebHookSettings { event_types: Vec::new(), ..good }), TYPES);
    }
}
