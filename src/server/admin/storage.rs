//! `fournil admin storage …`: accounts of the built-in blob storage, and addresses that open what is in them.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::to_value;
use crate::api::{Duration, SasWish};
use crate::service::storage::account::{self, DEFAULT_NAME};
use crate::service::{Context, Result};

#[derive(Subcommand, Debug)]
pub enum StorageCommand {
    /// Makes a storage account with two new keys
    Create {
        /// 3–24 lower-case letters and digits
        name: String,
    },
    /// Lists storage accounts; the first, fournil, is there from the start
    List,
    /// Shows the keys of a storage account and the connection string for programs; the log says that it was done
    Key {
        #[arg(default_value = DEFAULT_NAME)]
        name: String,
    },
    /// Makes a URL that opens a container, or one blob of it, until it expires (a shared access signature)
    Sas {
        container: String,
        /// Only this blob
        #[arg(long, value_name = "NAME")]
        blob: Option<String>,
        #[arg(long, value_name = "NAME", default_value = DEFAULT_NAME)]
        account: String,
        /// What it lets do: letters of r (read), a, c (create), w (write), d (delete), l (list the container)
        #[arg(long, value_name = "LETTERS", default_value = "r")]
        permissions: String,
        /// Hours until it expires
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=87_600))]
        hours: i64,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum StorageRequest {
    Create { name: String },
    List,
    Keys { name: String },
    Sas { container: String, blob: Option<String>, account: String, permissions: String, life: Duration },
}

impl From<StorageCommand> for StorageRequest {
    fn from(command: StorageCommand) -> Self {
        match command {
            StorageCommand::Create { name } => StorageRequest::Create { name },
            StorageCommand::List => StorageRequest::List,
            StorageCommand::Key { name } => StorageRequest::Keys { name },
            StorageCommand::Sas { container, blob, account, permissions, hours } => {
                StorageRequest::Sas { container, blob, account, permissions, life: Duration::from_mins(60 * hours) }
            }
        }
    }
}

pub async fn perform(cx: &Context, request: StorageRequest) -> Result<Value> {
    // On the data of a server that has never run, too.
    account::storage_ensure_default(cx).await?;
    Ok(match request {
        StorageRequest::Create { name } => to_value(account::storage_create(cx, name).await?),
        StorageRequest::List => to_value(account::storage_list(cx).await?),
        StorageRequest::Keys { name } => to_value(account::storage_keys(cx, &name).await?),
        StorageRequest::Sas { container, blob, account, permissions, life } => {
            let wish = SasWish { account, container, blob, permissions, life };
            to_value(account::storage_sas(cx, wish).await?)
        }
    })
}

/// The outcome for people.
pub fn print(request: &StorageRequest, answer: &Value, text: impl Fn(&Value) -> String) -> String {
    match request {
        StorageRequest::Create { .. } => format!(
            "Made the storage account {} at {}. Its keys: fournil admin storage key {0}\n",
            text(&answer["name"]),
            text(&answer["blobEndpoint"])
        ),
        StorageRequest::List => {
            let rows = answer.as_array().map_or(&[][..], Vec::as_slice);
            rows.iter().map(|row| format!("{}  {}\n", text(&row["name"]), text(&row["blobEndpoint"]))).collect()
        }
        StorageRequest::Keys { .. } => format!(
            "primary            {}\nsecondary          {}\nconnection string  {}\n",
            text(&answer["primary"]),
            text(&answer["secondary"]),
            text(&answer["connectionString"])
        ),
        StorageRequest::Sas { .. } => {
            format!("{}\nIt expires {}.\n", text(&answer["url"]), text(&answer["expiryTime"]))
        }
    }
}
