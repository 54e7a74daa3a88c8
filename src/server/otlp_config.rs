//! Where spans go, as the operator decides.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, ensure};

#[derive(clap::Args, Clone, Debug, Default)]
pub struct OtlpArgs {
    /// Sends spans of requests and of the scheduler to this collector of OpenTelemetry's, by OTLP over HTTP (URL/v1/traces); off
    /// unless said
    #[arg(long, env = "FOURNIL_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// Which part of all traces is sent, from 0 to 1; callers that say so themselves decide for their own [default: 1]
    #[arg(long, env = "FOURNIL_OTLP_SAMPLE_RATIO", value_name = "RATIO")]
    pub otlp_sample_ratio: Option<Ratio>,
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpConfig {
    /// Without a slash at its end.
    pub endpoint: String,
    /// Where it is not said, OTEL_TRACES_SAMPLER may say it.
    pub sample_ratio: Option<Ratio>,
}

/// From 0 to 1, both included.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(try_from = "f64")]
pub struct Ratio(f64);

/// It is never NaN.
impl Eq for Ratio {}

impl Ratio {
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Ratio {
    type Error = &'static str;

    fn try_from(ratio: f64) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&ratio) { Ok(Ratio(ratio)) } else { Err("otlp-sample-ratio is a number from 0 to 1") }
    }
}

impl FromStr for Ratio {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().unwrap_or(f64::NAN).try_into()
    }
}

/// The settings in force; nothing when no collector is said.
///
/// # Errors
/// When the URL is none, or holds what would be printed with it and is secret.
pub fn load(args: OtlpArgs) -> anyhow::Result<Option<OtlpConfig>> {
    let Some(url) = args.otlp_endpoint else {
        ensure!(args.otlp_sample_ratio.is_none(), "otlp-sample-ratio is for a collector: say otlp-endpoint as well");
        return Ok(None);
    };
    let endpoint = url.trim_end_matches('/').to_owned();
    // The URL is not repeated before it is known to hold no password.
    let parsed = endpoint.parse::<axum::http::Uri>().ok().context("otlp-endpoint is no URL")?;
    let authority = parsed.authority().context("otlp-endpoint is a URL, such as http://127.0.0.1:4318")?;
    ensure!(
        !authority.as_str().contains('@') && parsed.query().is_none() && !endpoint.contains('#'),
        "otlp-endpoint holds no password and no parameters: say what the collector wants of you in OTEL_EXPORTER_OTLP_HEADERS"
    );
    ensure!(
        matches!(parsed.scheme_str(), Some("http" | "https")),
        "otlp-endpoint is a URL, such as http://127.0.0.1:4318, not {endpoint:?}"
    );
    ensure!(
        !endpoint.ends_with("/v1/traces"),
        "otlp-endpoint is what comes before /v1/traces: {:?}",
        endpoint.trim_end_matches("/v1/traces")
    );
    Ok(Some(OtlpConfig { endpoint, sample_ratio: args.otlp_sample_ratio }))
}

/// As a file that `--config` would read.
pub fn write(config: Option<&OtlpConfig>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(config) = config else { return writeln!(f, "# otlp-endpoint is not set") };
    writeln!(f, "otlp-endpoint = {}", toml::Value::from(config.endpoint.clone()))?;
    match config.sample_ratio {
        Some(ratio) => writeln!(f, "otlp-sample-ratio = {}", toml::Value::from(ratio.0)),
        None => writeln!(f, "# otlp-sample-ratio is not set"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> anyhow::Result<String> {
        let args = OtlpArgs { otlp_endpoint: Some(url.to_owned()), ..OtlpArgs::default() };
        Ok(load(args)?.unwrap().endpoint)
    }

    #[test]
    fn a_collector_is_a_url_without_secrets() {
        assert_eq!(endpoint("http://127.0.0.1:4318/").unwrap(), "http://127.0.0.1:4318");
        assert_eq!(endpoint("https://otlp.example.org/otlp").unwrap(), "https://otlp.example.org/otlp");
        for bad in ["", "collector", "collector:4318", "grpc://h:4317", "/v1", "http://h/v1/traces"] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
        for secret in ["http://u:hush@h", "http://h/?token=hush", "http://h/#hush", "ftp://u:hush@h"] {
            let refused = format!("{:#}", endpoint(secret).unwrap_err());
            assert!(!refused.contains("hush"), "{refused}");
        }
    }

    #[test]
    fn a_ratio_is_from_nothing_to_all() {
        for (text, good) in [("0", true), ("1", true), ("0.25", true), ("1.01", false), ("-0.1", false), ("NaN", false)]
        {
            assert_eq!(text.parse::<Ratio>().is_ok(), good, "{text}");
        }
        let alone = OtlpArgs { otlp_sample_ratio: Some(Ratio(0.5)), ..OtlpArgs::default() };
        assert!(load(alone).is_err());
    }
}
