//! What is written for the container program: variables and passwords, which must not stand in its arguments, for these are
//! everybody's to read.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::api::{ContainerRegistry, EnvironmentSetting};

/// Variables that an image knows better, unless the task's settings say them.
const OF_IMAGES: [&str; 2] = ["PATH", "LANG"];

/// The variables, one a line.
///
/// # Errors
/// The name of one that has more than a line, which the program could not be given.
pub fn environment_file(variables: &BTreeMap<String, String>, own: &[EnvironmentSetting]) -> Result<String, String> {
    let is_own = |name: &str| own.iter().any(|setting| setting.name == name);
    let mut text = String::new();
    for (name, value) in variables.iter().filter(|(name, _)| !OF_IMAGES.contains(&name.as_str()) || is_own(name)) {
        // A name that begins so would be a remark, or be read without its blanks.
        if name.contains(['\n', '\r']) || value.contains(['\n', '\r']) || name.starts_with(['#', ' ', '\t']) {
            return Err(name.clone());
        }
        text.push_str(&format!("{name}={value}\n"));
    }
    Ok(text)
}

/// As whom registries are asked, in the form of `auth.json`. The first of a server counts.
pub fn authentication(registries: &[&ContainerRegistry]) -> String {
    let mut all = serde_json::Map::new();
    for registry in registries {
        let server = registry.registry_server.as_deref().filter(|server| !server.is_empty()).unwrap_or("docker.io");
        let user = registry.user_name.as_deref().unwrap_or_default();
        let password = registry.password.as_ref().map_or("", |secret| secret.0.as_str());
        let text = BASE64_STANDARD.encode(format!("{user}:{password}"));
        all.entry(server.to_owned()).or_insert_with(|| json!({ "auth": text }));
    }
    json!({ "auths": all }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Secret;

    #[test]
    fn variables_stand_one_a_line_and_those_of_the_image_stay() {
        let variables = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect()
        };
        let all = variables(&[("A", "1=2 # '\""), ("LANG", "C"), ("PATH", "/bin")]);
        assert_eq!(environment_file(&all, &[]).unwrap(), "A=1=2 # '\"\n");
        let own = [EnvironmentSetting { name: "PATH".into(), value: Some("/bin".into()) }];
        assert_eq!(environment_file(&all, &own).unwrap(), "A=1=2 # '\"\nPATH=/bin\n");
        assert_eq!(environment_file(&variables(&[("B", "1\n2")]), &[]), Err("B".into()));
        assert_eq!(environment_file(&variables(&[("#C", "1")]), &[]), Err("#C".into()));
    }

    #[test]
    fn registries_are_asked_as_their_users() {
        let registry = |server: Option<&str>, password: &str| ContainerRegistry {
            registry_server: server.map(Into::into),
            user_name: Some("u".into()),
            password: Some(Secret(password.into())),
            identity_reference: None,
        };
        let (one, two, three) = (registry(None, "p"), registry(Some("r.io"), "q"), registry(Some("r.io"), "old"));
        let text = authentication(&[&one, &two, &three]);
        let expected = json!({ "auths": { "docker.io": { "auth": "dTpw" }, "r.io": { "auth": "dTpx" } } });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
    }
}
