//! Programs that connect to an account: they can be copied and run as they are, once the key is in them.

use leptos::prelude::*;

use crate::portal::components::{Snippet, Tab, Tabs};
use crate::portal::i18n::{msg, tx};

/// Stands for the key until one is shown.
const PLACEHOLDER: &str = "<key>";

/// What a program needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    pub account: String,
    pub url: String,
    /// While it is shown on the page.
    pub key: Option<String>,
}

#[component]
pub fn Snippets(connection: Signal<Connection>) -> impl IntoView {
    let snippet = move |text: fn(&Connection) -> String| move || view! { <Snippet code=Signal::derive(move || connection.with(text)) what=msg::KEYS_SNIPPET/> };
    let tabs = vec![
        Tab::new("python", msg::KEYS_PYTHON_15, snippet(python_15)),
        Tab::new("python14", msg::KEYS_PYTHON_14, snippet(python_14)),
        Tab::new("curl", msg::KEYS_CURL, snippet(curl)),
        Tab::new("az", msg::KEYS_AZ, snippet(az)),
    ];
    let is_tls = move || connection.with(|c| c.url.starts_with("https:"));
    view! {
        <p class="lead">{tx(msg::KEYS_CONNECT_LEAD)}</p>
        <Show when=is_tls><p class="lead">{tx(msg::KEYS_OWN_AUTHORITY)}</p></Show>
        <Tabs tabs label=msg::KEYS_CONNECT/>
    }
}

impl Connection {
    fn fill(&self, template: &str) -> String {
        let key = self.key.as_deref().unwrap_or(PLACEHOLDER);
        let url = self.url.trim_end_matches('/');
        template.replace("{account}", &self.account).replace("{url}", url).replace("{key}", key)
    }
}

fn python_15(connection: &Connection) -> String {
    connection.fill(
        r#"# pip install "azure-batch>=15.1,<16"
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

client = BatchClient(
    endpoint="{url}",
    credential=AzureNamedKeyCredential("{account}", "{key}"),
)
for pool in client.list_pools():
    print(pool.id, pool.state)
"#,
    )
}

fn python_14(connection: &Connection) -> String {
    connection.fill(
        r#"# pip install "azure-batch<15"
from azure.batch import BatchServiceClient
from azure.batch.batch_auth import SharedKeyCredentials

client = BatchServiceClient(
    SharedKeyCredentials("{account}", "{key}"),
    batch_url="{url}",
)
for pool in client.pool.list():
    print(pool.id, pool.state)
"#,
    )
}

fn curl(connection: &Connection) -> String {
    connection.fill(
        r#"# bash, openssl and curl
ACCOUNT='{account}'
KEY='{key}'
URL='{url}'
VERSION='2024-07-01.20.0'
DATE=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
HEX=$(printf %s "$KEY" | base64 -d | od -An -v -tx1 | tr -d ' \n')
TEXT="GET\n\n\n\n\n\n\n\n\n\n\n\nocp-date:$DATE\n/$ACCOUNT/pools\napi-version:$VERSION"
SIGNATURE=$(printf "$TEXT" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$HEX" -binary | base64)
curl "$URL/pools?api-version=$VERSION" \
  -H "ocp-date: $DATE" \
  -H "Authorization: SharedKey $ACCOUNT:$SIGNATURE"
"#,
    )
}

fn az(connection: &Connection) -> String {
    connection.fill(
        r#"az batch pool list \
  --account-name '{account}' \
  --account-endpoint '{url}' \
  --account-key '{key}' \
  --output table
"#,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(key: Option<&str>) -> Connection {
        Connection {
            account: "mybatch".into(),
            url: "http://mybatch.local.batch.localhost:8080/".into(),
            key: key.map(str::to_owned),
        }
    }

    #[test]
    fn account_and_endpoint_are_filled_in_and_nothing_is_left_open() {
        for snippet in [python_15, python_14, curl, az] {
            let text = snippet(&connection(Some("a2V5")));
            assert!(
                text.contains("mybatch")
                    && text.contains("mybatch.local.batch.localhost:8080")
                    && text.contains("a2V5"),
                "{text}"
            );
            for open in ["{account}", "{url}", "{key}", "8080/\"", PLACEHOLDER] {
                assert!(!text.contains(open), "{open} in {text}");
            }
        }
    }

    #[test]
    fn the_key_is_a_placeholder_until_it_is_shown() {
        for snippet in [python_15, python_14, curl, az] {
            assert!(snippet(&connection(None)).contains(PLACEHOLDER));
        }
    }
}
