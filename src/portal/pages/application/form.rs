//! The settings of an application, as typed.

use crate::api::{Application, ApplicationPatch};
use crate::domain::application as rules;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::typed::{self, Problem, form};

/// Field names are the server's names of the properties.
pub const ID: &str = "applicationName";
pub const DISPLAY_NAME: &str = "displayName";
pub const DEFAULT_VERSION: &str = "defaultVersion";
pub const VERSION: &str = "versionName";
pub const FILE: &str = "file";

form! {
    ApplicationForm, ApplicationFields {
        id: String,
        display_name: String,
        allow_updates: bool,
        /// Empty for none.
        default_version: String,
    }
}

impl Default for ApplicationForm {
    fn default() -> Self {
        let (id, display_name, default_version) = Default::default();
        ApplicationForm { id, display_name, allow_updates: true, default_version }
    }
}

impl ApplicationForm {
    pub fn of(application: &Application) -> Self {
        ApplicationForm {
            id: application.id.clone(),
            display_name: application.display_name.clone().unwrap_or_default(),
            allow_updates: application.allow_updates,
            default_version: application.default_version.clone().unwrap_or_default(),
        }
    }

    /// The id and what it has besides, of a new application.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn to_create(&self) -> Result<(String, ApplicationPatch), FieldErrors> {
        let mut errors = FieldErrors::default();
        let id = errors.take(ID, name(&self.id, rules::check_id, msg::FORM_BAD_ID)).unwrap_or_default();
        let display_name = errors.take(DISPLAY_NAME, typed::optional(&self.display_name, 1024)).flatten();
        errors
            .or((id, ApplicationPatch { display_name, allow_updates: Some(self.allow_updates), default_version: None }))
    }

    /// What there is to change: an empty text takes a name or a default version away.
    ///
    /// # Errors
    /// As [`Self::to_create`].
    pub fn to_patch(&self) -> Result<ApplicationPatch, FieldErrors> {
        let mut errors = FieldErrors::default();
        let display_name = errors.take(DISPLAY_NAME, typed::optional(&self.display_name, 1024)).flatten();
        errors.or(ApplicationPatch {
            display_name: Some(display_name.unwrap_or_default()),
            allow_updates: Some(self.allow_updates),
            default_version: Some(self.default_version.clone()),
        })
    }
}

/// A version's name.
pub fn version(text: &str) -> Result<String, Problem> {
    name(text, rules::check_version, msg::VERSION_RULE)
}

fn name(
    text: &str,
    check: fn(&str, &str) -> Result<(), crate::api::Error>,
    rule: crate::portal::i18n::Msg,
) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(msg::FIELD_REQUIRED.into());
    }
    check("", text).map(|()| text.to_owned()).map_err(|_| rule.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(change: impl FnOnce(&mut ApplicationForm)) -> ApplicationForm {
        let mut form = ApplicationForm { id: " blender ".into(), ..ApplicationForm::default() };
        change(&mut form);
        form
    }

    #[test]
    fn a_new_application_allows_updates_unless_it_is_said() {
        let (id, create) = form(|_| ()).to_create().unwrap();
        let expected = ApplicationPatch { allow_updates: Some(true), ..ApplicationPatch::default() };
        assert_eq!((id.as_str(), create), ("blender", expected));
    }

    #[test]
    fn errors_stand_at_their_fields() {
        for (id, display_name, field) in [("", "", ID), ("a b", "", ID), ("2.70", "", ID), ("a", "x", DISPLAY_NAME)] {
            let display_name = display_name.repeat(1025);
            let errors = ApplicationForm { id: id.into(), display_name, ..ApplicationForm::default() }.to_create();
            assert!(errors.unwrap_err().of(field).is_some(), "{id} {field}");
        }
        assert_eq!(version(" 2.70 "), Ok("2.70".to_owned()));
        for bad in ["", "..", "a/b"] {
            assert!(version(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_emptied_is_taken_away() {
        let patch = form(|f| f.allow_updates = false).to_patch().unwrap();
        let none = Some(String::new());
        let expected =
            ApplicationPatch { display_name: none.clone(), allow_updates: Some(false), default_version: none };
        assert_eq!(patch, expected);
    }
}
