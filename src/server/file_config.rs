//! The file of settings.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::otlp_config::Ratio;

/// What a file may say. Names are those of the flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct FileConfig {
    pub data_dir: Option<PathBuf>,
    pub listen: Option<String>,
    pub public_url: Option<String>,
    pub allowed_hosts: Option<Vec<String>>,
    pub trusted_proxies: Option<Vec<String>>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub tls_self_signed: Option<bool>,
    pub allow_public_http: Option<bool>,
    pub forbid_download_to: Option<Vec<String>>,
    pub keep_files: Option<String>,
    pub keep_files_bytes: Option<u64>,
    pub keep_files_days: Option<u32>,
    pub keep_files_total_bytes: Option<u64>,
    pub metrics_listen: Option<String>,
    pub activity_days: Option<i64>,
    pub service_event_days: Option<i64>,
    pub web_hook_allow: Option<Vec<String>>,
    pub otlp_endpoint: Option<String>,
    pub otlp_sample_ratio: Option<Ratio>,
    pub oidc_issuer: Option<String>,
    pub oidc_client_id: Option<String>,
    pub oidc_client_secret_file: Option<PathBuf>,
    pub oidc_name: Option<String>,
    pub oidc_user_claim: Option<String>,
    pub oidc_scopes: Option<Vec<String>>,
    pub oidc_new_users: Option<String>,
    pub remote_listen: Option<String>,
    pub remote_login_address: Option<String>,
    pub map_ssh: Option<String>,
    pub container_runtime: Option<String>,
    pub container_options: Option<String>,
    pub limit_tasks: Option<bool>,
    pub log: Option<String>,
    pub log_format: Option<String>,
}

const FILE_KEYS: &[&str] = &[
    "data-dir",
    "listen",
    "public-url",
    "allowed-hosts",
    "trusted-proxies",
    "tls-cert",
    "tls-key",
    "tls-self-signed",
    "allow-public-http",
    "forbid-download-to",
    "limit-tasks",
    "keep-files",
    "keep-files-bytes",
    "keep-files-days",
    "keep-files-total-bytes",
    "metrics-listen",
    "activity-days",
    "service-event-days",
    "web-hook-allow",
    "otlp-endpoint",
    "otlp-sample-ratio",
    "oidc-issuer",
    "oidc-client-id",
    "oidc-client-secret-file",
    "oidc-name",
    "oidc-user-claim",
    "oidc-scopes",
    "oidc-new-users",
    "remote-listen",
    "remote-login-address",
    "map-ssh",
    "container-runtime",
    "container-options",
    "log",
    "log-format",
];

impl FileConfig {
    /// # Errors
    /// When it cannot be read, or says what there is not.
    pub(super) fn read(path: &Path) -> anyhow::Result<FileConfig> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the settings in {} cannot be read", path.display()))?;
        FileConfig::parse(&text).with_context(|| format!("the settings in {} are not valid", path.display()))
    }

    pub(super) fn parse(text: &str) -> anyhow::Result<FileConfig> {
        let table: toml::Table = text.parse()?;
        if let Some(key) = table.keys().find(|key| !FILE_KEYS.contains(&key.as_str())) {
            let nearest = FILE_KEYS.iter().min_by_key(|known| distance(key, known)).expect("there are settings");
            bail!("there is no setting {key:?}; the nearest one is {nearest:?}");
        }
        Ok(table.try_into()?)
    }
}

/// How many letters must be added, removed or changed to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_setting_in_the_file_names_the_nearest_known_one() {
        let error = FileConfig::parse("lisen = '127.0.0.1:1'").unwrap_err().to_string();
        assert!(error.contains("\"lisen\"") && error.contains("\"listen\""), "{error}");
        assert!(FileConfig::parse("listen = 3").is_err());
        assert!(FileConfig::parse("listen = ").is_err());
    }

    #[test]
    fn words_have_distances() {
        for (a, b, expected) in [("", "abc", 3), ("listen", "listen", 0), ("lisen", "listen", 1), ("log", "logs", 1)] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
