//! Containers of pools and tasks. Which run options are allowed is the operator's word, which the server knows.

use super::*;
use crate::api::{ContainerConfiguration, ContainerRegistry, ContainerSettings};
use crate::domain::container::{Allowed, Mismatch, image, options};

/// Chosen here: more than any pool needs.
const MOST_IMAGES: usize = 100;
const MOST_REGISTRIES: usize = 20;

/// Of a pool.
pub(super) fn container_configuration(path: &str, configuration: &ContainerConfiguration) -> Check {
    let images = configuration.container_image_names.as_deref().unwrap_or_default();
    let registries = configuration.container_registries.as_deref().unwrap_or_default();
    at_most(&format!("{path}.containerImageNames"), images.len(), MOST_IMAGES)?;
    at_most(&format!("{path}.containerRegistries"), registries.len(), MOST_REGISTRIES)?;
    for (index, name) in images.iter().enumerate() {
        image_name(&format!("{path}.containerImageNames[{index}]"), name)?;
    }
    for (index, one) in registries.iter().enumerate() {
        container_registry(&format!("{path}.containerRegistries[{index}]"), one)?;
    }
    Ok(())
}

/// Of a command. Options are read here and allowed by [`container_options`].
pub(super) fn container_settings(path: &str, settings: Option<&ContainerSettings>) -> Check {
    let Some(settings) = settings else { return Ok(()) };
    image_name(&format!("{path}.imageName"), &settings.image_name)?;
    settings.registry.as_ref().map_or(Ok(()), |one| container_registry(&format!("{path}.registry"), one))?;
    let text = settings.container_run_options.as_deref().unwrap_or_default();
    let path_of_options = format!("{path}.containerRunOptions");
    no_nul(&path_of_options, text)?;
    options::split(text)
        .map(drop)
        .map_err(|reason| Error::invalid_property(&path_of_options, shortened(text), reason.to_string()))?;
    for (index, mount) in settings.container_host_batch_bind_mounts.iter().flatten().enumerate() {
        if mount.source.is_none() {
            return Err(missing(&format!("{path}.containerHostBatchBindMounts[{index}].source")));
        }
    }
    Ok(())
}

/// Fails for options that the operator does not let commands have.
pub fn container_options(path: &str, settings: Option<&ContainerSettings>, allowed: Allowed) -> Check {
    let text = settings.and_then(|settings| settings.container_run_options.as_deref()).unwrap_or_default();
    options::arguments(text, allowed).map(drop).map_err(|reason| {
        Error::invalid_property(&format!("{path}.containerRunOptions"), shortened(text), reason.to_string())
    })
}

/// The error of a task whose container does not fit its pool.
pub fn container_mismatch(path: &str, settings: Option<&ContainerSettings>, mismatch: Mismatch) -> Error {
    match (mismatch, settings) {
        (Mismatch::TaskHasNone, _) => missing(path).with("Reason", mismatch.to_string()),
        (Mismatch::PoolHasNone, settings) => {
            let image = settings.map(|settings| settings.image_name.clone()).unwrap_or_default();
            Error::invalid_property(path, image, mismatch.to_string())
        }
    }
}

/// The program that runs containers is given its variables line by line.
pub(super) fn one_line_each(path: &str, settings: Option<&[EnvironmentSetting]>) -> Check {
    for (index, setting) in settings.unwrap_or_default().iter().enumerate() {
        let value = setting.value.as_deref().unwrap_or_default();
        if setting.name.contains(['\n', '\r']) || value.contains(['\n', '\r']) {
            let path = format!("{path}[{index}].value");
            return Err(Error::invalid_property(&path, shortened(value), "one line: the command runs in a container"));
        }
    }
    Ok(())
}

fn image_name(path: &str, name: &str) -> Check {
    if name.is_empty() {
        return Err(missing(path));
    }
    image::check(name).map_err(|reason| Error::invalid_property(path, shortened(name), reason.to_string()))
}

/// Of a pool or of a command.
pub fn container_registry(path: &str, registry: &ContainerRegistry) -> Check {
    if registry.identity_reference.is_some() {
        return Err(not_built(&format!("{path}.identityReference")));
    }
    if let Some(server) = registry.registry_server.as_deref().filter(|server| !image::is_server(server)) {
        let reason = "a host name, perhaps with a port";
        return Err(Error::invalid_property(&format!("{path}.registryServer"), shortened(server), reason));
    }
    let is_given = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    let (user, password) = (registry.user_name.as_deref(), registry.password.as_ref().map(|secret| secret.0.as_str()));
    match (is_given(user), is_given(password)) {
        (true, true) if user.is_some_and(|user| user.contains(':')) => Err(Error::invalid_property(
            &format!("{path}.username"),
            user.unwrap_or_default(),
            "a name without a colon",
        )),
        (true, true) => Ok(()),
        (false, _) => Err(missing(&format!("{path}.username"))),
        (true, false) => Err(missing(&format!("{path}.password"))),
    }
}

fn at_most(path: &str, n: usize, most: usize) -> Check {
    if n > most {
        return Err(Error::invalid_property(path, n.to_string(), format!("at most {most}")));
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::assert_refused as check;
    use super::*;

    fn settings(change: impl FnOnce(&mut Value)) -> Check {
        let mut settings = json!({ "imageName": "busybox" });
        change(&mut settings);
        container_settings("c", Some(&serde_json::from_value(settings).unwrap()))
    }

    #[test]
    fn settings_are_checked_property_by_property() {
        use Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing, UnsupportedProperty};
        assert_eq!(settings(|_| ()), Ok(()));
        check(settings(|s| s["imageName"] = json!("")), Missing, "c.imageName");
        check(settings(|s| s["imageName"] = json!("--privileged")), Invalid, "c.imageName");
        check(settings(|s| s["containerRunOptions"] = json!("'open")), Invalid, "c.containerRunOptions");
        check(settings(|s| s["containerRunOptions"] = json!("a\0b")), Invalid, "c.containerRunOptions");
        let mounts = json!([{ "source": "Task" }, { "isReadOnly": true }]);
        let path = "c.containerHostBatchBindMounts[1].source";
        check(settings(|s| s["containerHostBatchBindMounts"] = mounts), Missing, path);
        let registry = json!({ "username": "u", "password": "p", "registryServer": "r.io:5000" });
        assert_eq!(settings(|s| s["registry"] = registry), Ok(()));
        check(settings(|s| s["registry"] = json!({ "username": "u" })), Missing, "c.registry.password");
        check(settings(|s| s["registry"] = json!({})), Missing, "c.registry.username");
        let registry = json!({ "username": "u:v", "password": "p" });
        check(settings(|s| s["registry"] = registry), Invalid, "c.registry.username");
        let registry = json!({ "username": "u", "password": "p", "registryServer": "https://r.io" });
        check(settings(|s| s["registry"] = registry), Invalid, "c.registry.registryServer");
        let identity = json!({ "identityReference": { "resourceId": "x" } });
        check(settings(|s| s["registry"] = identity), UnsupportedProperty, "c.registry.identityReference");
    }

    #[test]
    fn options_are_the_operators_word() {
        let mut settings = ContainerSettings::of_image("busybox");
        settings.container_run_options = Some("--privileged".into());
        let refused = container_options("c", Some(&settings), Allowed::Safe);
        check(refused.clone(), Code::InvalidPropertyValue, "c.containerRunOptions");
        assert!(refused.unwrap_err().value("Reason").unwrap().contains("--privileged"));
        assert_eq!(container_options("c", Some(&settings), Allowed::Any), Ok(()));
        assert_eq!(container_options("c", None, Allowed::Safe), Ok(()));
    }
}
