//! By which provider of OpenID Connect people sign in, as the operator decides.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

use crate::api::{Role, Secret};

#[derive(clap::Args, Clone, Debug, Default)]
pub struct OidcArgs {
    /// Lets people sign in to the portal by this provider of OpenID Connect; needs --oidc-client-id
    #[arg(long, env = "FOURNIL_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// As what this server is registered there, with the redirect URI …/portal/oidc/return
    #[arg(long, env = "FOURNIL_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// The secret of --oidc-client-id is in this file; without one it is a public client
    #[arg(long, env = "FOURNIL_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What people call the provider [default: the host of its URL]
    #[arg(long, env = "FOURNIL_OIDC_NAME", value_name = "NAME")]
    pub oidc_name: Option<String>,
    /// The claim that names users, as Owners enter them [default: email]
    #[arg(long, env = "FOURNIL_OIDC_USER_CLAIM", value_name = "CLAIM")]
    pub oidc_user_claim: Option<String>,
    /// What to ask the provider for, beside openid [default: profile,email]
    #[arg(long, env = "FOURNIL_OIDC_SCOPES", value_name = "SCOPE", value_delimiter = ',')]
    pub oidc_scopes: Option<Vec<String>>,
    /// Makes everybody a user whom the provider names, with this role; without it an Owner makes users before
    #[arg(long, env = "FOURNIL_OIDC_NEW_USERS", value_name = "ROLE")]
    pub oidc_new_users: Option<String>,
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcConfig {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<Secret>,
    pub secret_file: Option<PathBuf>,
    pub name: String,
    pub user_claim: String,
    pub scopes: Vec<String>,
    pub new_users: Option<Role>,
}

/// The settings in force; nothing when no issuer is said.
///
/// # Errors
/// When one is missing, cannot be read, or would let anybody on the way pass for the provider.
pub fn load(args: OidcArgs) -> anyhow::Result<Option<OidcConfig>> {
    let Some(issuer) = args.oidc_issuer else {
        ensure!(args.oidc_client_id.is_none(), "oidc-client-id is for a provider: say oidc-issuer as well");
        return Ok(None);
    };
    let (scheme, rest) = issuer.split_once("://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    match scheme {
        "https" if !host.is_empty() => {}
        "http" if is_this_machine(host) => {}
        "http" => bail!("oidc-issuer {issuer} is not https: anybody on the way could say who signs in"),
        _ => bail!("oidc-issuer is the URL of a provider, such as https://login.example.org, not {issuer:?}"),
    }
    let client_id =
        args.oidc_client_id.context("oidc-issuer needs oidc-client-id: as what this server is registered")?;
    let client_secret = args.oidc_client_secret_file.as_ref().map(|file| {
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        anyhow::Ok(Secret(text.trim().to_owned()))
    });
    let new_users = args.oidc_new_users.map(|text| {
        let role = text.parse::<Role>().ok().filter(|role| *role != Role::Owner);
        role.with_context(|| format!("oidc-new-users is a role below Owner, not {text:?}"))
    });
    Ok(Some(OidcConfig {
        name: args.oidc_name.unwrap_or_else(|| host.to_owned()),
        client_id,
        client_secret: client_secret.transpose()?,
        secret_file: args.oidc_client_secret_file,
        user_claim: args.oidc_user_claim.unwrap_or_else(|| "email".to_owned()),
        scopes: args.oidc_scopes.unwrap_or_else(|| vec!["profile".to_owned(), "email".to_owned()]),
        new_users: new_users.transpose()?,
        issuer,
    }))
}

/// As a file that `--config` would read.
pub fn write(config: Option<&OidcConfig>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let Some(config) = config else { return writeln!(f, "# oidc-issuer is not set") };
    let quote = |text: &str| toml::Value::from(text).to_string();
    writeln!(f, "oidc-issuer = {}", quote(&config.issuer))?;
    writeln!(f, "oidc-client-id = {}", quote(&config.client_id))?;
    if let Some(file) = &config.secret_file {
        writeln!(f, "oidc-client-secret-file = {}", quote(&file.to_string_lossy()))?;
    }
    writeln!(f, "oidc-name = {}", quote(&config.name))?;
    writeln!(f, "oidc-user-claim = {}", quote(&config.user_claim))?;
    writeln!(f, "oidc-scopes = {}", toml::Value::from(config.scopes.clone()))?;
    match config.new_users {
        Some(role) => writeln!(f, "oidc-new-users = {}", quote(role.as_str())),
        None => writeln!(f, "# oidc-new-users is not set"),
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(issuer: &str) -> OidcArgs {
        OidcArgs { oidc_issuer: Some(issuer.into()), oidc_client_id: Some("f".into()), ..Default::default() }
    }

    #[test]
    fn a_provider_is_reached_by_tls_or_on_this_machine() {
        for good in ["https://id.example.org/realm", "http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:1"]
        {
            assert!(load(args(good)).is_ok(), "{good}");
        }
        for bad in ["http://id.example.org", "id.example.org", "https://", "ftp://id", "http://localhost.example.org"] {
            assert!(load(args(bad)).is_err(), "{bad}");
        }
        assert_eq!(load(args("https://id.example.org/realm")).unwrap().unwrap().name, "id.example.org");
    }

    #[test]
    fn nobody_becomes_owner_by_a_setting_and_half_a_provider_is_none() {
        let with_role = |role: &str| load(OidcArgs { oidc_new_users: Some(role.into()), ..args("https://id") });
        assert_eq!(with_role("Reader").unwrap().unwrap().new_users, Some(Role::Reader));
        assert!(with_role("Owner").is_err() && with_role("Guest").is_err());
        assert!(load(OidcArgs { oidc_client_id: None, ..args("https://id") }).is_err());
        assert!(load(OidcArgs { oidc_issuer: None, ..args("") }).is_err());
        assert_eq!(load(OidcArgs::default()).unwrap(), None);
    }
}
