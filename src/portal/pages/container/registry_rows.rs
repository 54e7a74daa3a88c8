//! Registries as a form holds them.

use crate::api::{ContainerRegistry, Secret};
use crate::domain::check;
use crate::portal::i18n::msg;
use crate::portal::pages::typed::Problem;

/// A row, as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegistryRow {
    /// Empty for `docker.io`.
    pub server: String,
    pub user: String,
    /// The server never tells it, so it is typed again where settings are copied.
    pub password: String,
}

impl RegistryRow {
    pub fn of(registry: &ContainerRegistry) -> Self {
        RegistryRow {
            server: registry.registry_server.clone().unwrap_or_default(),
            user: registry.user_name.clone().unwrap_or_default(),
            password: String::new(),
        }
    }

    pub fn is_said(&self) -> bool {
        [&self.server, &self.user, &self.password].iter().any(|text| !text.trim().is_empty())
    }

    /// # Errors
    /// What is missing or wrong.
    pub fn to_registry(&self) -> Result<ContainerRegistry, Problem> {
        let (server, user) = (self.server.trim(), self.user.trim());
        let named = |message| {
            Problem::with(message, vec![("server", if server.is_empty() { "docker.io" } else { server }.to_owned())])
        };
        if user.is_empty() || self.password.is_empty() {
            return Err(named(msg::REGISTRY_INCOMPLETE));
        }
        let registry = ContainerRegistry {
            registry_server: (!server.is_empty()).then(|| server.to_owned()),
            user_name: Some(user.to_owned()),
            password: Some(Secret(self.password.clone())),
            identity_reference: None,
        };
        check::container_registry("registry", &registry).map_err(|_| named(msg::REGISTRY_WRONG))?;
        Ok(registry)
    }
}

/// The registries; nothing where no row says anything.
///
/// # Errors
/// What is wrong with the first row that is.
pub fn registries(rows: &[RegistryRow]) -> Result<Option<Vec<ContainerRegistry>>, Problem> {
    let all = rows.iter().filter(|row| row.is_said()).map(RegistryRow::to_registry).collect::<Result<Vec<_>, _>>()?;
    Ok((!all.is_empty()).then_some(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(server: &str, user: &str, password: &str) -> RegistryRow {
        RegistryRow { server: server.into(), user: user.into(), password: password.into() }
    }

    #[test]
    fn rows_are_registries_and_empty_ones_are_none() {
        assert_eq!(registries(&[RegistryRow::default()]), Ok(None));
        let found = registries(&[row("", "u", "p"), row(" r.io:5000 ", "v", "q")]).unwrap().unwrap();
        assert_eq!(found.iter().map(|r| r.registry_server.as_deref()).collect::<Vec<_>>(), [None, Some("r.io:5000")]);
        assert_eq!(RegistryRow::of(&found[1]), row("r.io:5000", "v", ""));
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said() {
        let check = |row: RegistryRow, message| assert_eq!(registries(&[row]).unwrap_err().message, message);
        check(row("r.io", "", ""), msg::REGISTRY_INCOMPLETE);
        check(row("r.io", "u", ""), msg::REGISTRY_INCOMPLETE);
        check(row("https://r.io", "u", "p"), msg::REGISTRY_WRONG);
        check(row("r.io", "u:v", "p"), msg::REGISTRY_WRONG);
    }
}
