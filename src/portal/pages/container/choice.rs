//! The container of a command, as a form holds it.

use super::registry_rows::RegistryRow;
use crate::api::{ContainerSettings, ContainerWorkingDirectory};
use crate::domain::container::{image, options};
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::typed::Problem;

/// What the screen holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerChoice {
    /// Empty: the command runs in no container.
    pub image: String,
    pub options: String,
    /// It begins in the folder that the image says, not in its own.
    pub in_folder_of_image: bool,
    pub registry: RegistryRow,
    /// What the screen has no place for goes through unchanged.
    pub base: Option<ContainerSettings>,
}

impl ContainerChoice {
    pub fn of(settings: Option<&ContainerSettings>) -> Self {
        let Some(settings) = settings else { return ContainerChoice::default() };
        ContainerChoice {
            image: settings.image_name.clone(),
            options: settings.container_run_options.clone().unwrap_or_default(),
            in_folder_of_image: settings.working_directory == Some(ContainerWorkingDirectory::Image),
            registry: settings.registry.as_ref().map(RegistryRow::of).unwrap_or_default(),
            base: Some(settings.clone()),
        }
    }

    pub fn has_image(&self) -> bool {
        !self.image.trim().is_empty()
    }

    /// Nothing for a command without a container. Problems stand at the properties below `path`.
    pub fn to_settings(&self, path: &str, errors: &mut FieldErrors) -> Option<ContainerSettings> {
        let at = |name: &str| format!("{path}.{name}");
        if !self.has_image() {
            if !self.options.trim().is_empty() || self.registry.is_said() {
                errors.add(&at("imageName"), msg::CONTAINER_NO_IMAGE);
            }
            return None;
        }
        let image_name = self.image.trim().to_owned();
        let is_image: Result<(), Problem> = image::check(&image_name).map_err(|_| msg::CONTAINER_IMAGE_WRONG.into());
        errors.take(&at("imageName"), is_image);
        let are_options = options::split(&self.options).map(drop);
        errors.take(&at("containerRunOptions"), are_options.map_err(|_| msg::CONTAINER_OPTIONS_WRONG.into()));
        let registry = self.registry.is_said().then(|| errors.take(&at("registry"), self.registry.to_registry()));
        let base = self.base.clone().unwrap_or_else(|| ContainerSettings::of_image(""));
        let is_usual = !self.in_folder_of_image && base.working_directory != Some(ContainerWorkingDirectory::Image);
        Some(ContainerSettings {
            image_name,
            container_run_options: Some(self.options.trim().to_owned()).filter(|text| !text.is_empty()),
            registry: registry.flatten(),
            working_directory: match (is_usual, self.in_folder_of_image) {
                (true, _) => base.working_directory,
                (false, true) => Some(ContainerWorkingDirectory::Image),
                (false, false) => Some(ContainerWorkingDirectory::Task),
            },
            ..base
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(choice: &ContainerChoice) -> Result<Option<ContainerSettings>, FieldErrors> {
        let mut errors = FieldErrors::default();
        let settings = choice.to_settings("c", &mut errors);
        errors.or(settings)
    }

    #[test]
    fn without_an_image_there_is_no_container() {
        assert_eq!(settings(&ContainerChoice::default()), Ok(None));
        let options = ContainerChoice { options: "--rm".into(), ..ContainerChoice::default() };
        assert!(settings(&options).unwrap_err().of("c.imageName").is_some());
    }

    #[test]
    fn what_was_there_comes_back_and_the_password_is_typed_again() {
        let there: ContainerSettings = serde_json::from_value(json!({
            "imageName": "r.io/x:1", "containerRunOptions": "--rm -e A=1", "workingDirectory": "containerImageDefault",
            "registry": { "registryServer": "r.io", "username": "u" },
            "containerHostBatchBindMounts": [{ "source": "Task", "isReadOnly": true }],
        }))
        .unwrap();
        let mut choice = ContainerChoice::of(Some(&there));
        assert!(settings(&choice).unwrap_err().of("c.registry").is_some());
        choice.registry.password = "p".into();
        let again = settings(&choice).unwrap().unwrap();
        assert_eq!(again.registry.as_ref().and_then(|r| r.password.as_ref()).map(|p| p.0.as_str()), Some("p"));
        assert_eq!(again.without_secrets(), there);
        choice.in_folder_of_image = false;
        assert_eq!(settings(&choice).unwrap().unwrap().working_directory, Some(ContainerWorkingDirectory::Task));
    }

    #[test]
    fn errors_stand_at_their_fields() {
        let check = |image: &str, options: &str, field: &str| {
            let choice = ContainerChoice { image: image.into(), options: options.into(), ..ContainerChoice::default() };
            assert!(settings(&choice).unwrap_err().of(field).is_some(), "{field}");
        };
        check("--privileged", "", "c.imageName");
        check("busybox", "-e 'A=1", "c.containerRunOptions");
        let plain = ContainerChoice { image: "busybox".into(), ..ContainerChoice::default() };
        assert_eq!(settings(&plain), Ok(Some(ContainerSettings::of_image("busybox"))));
    }
}
