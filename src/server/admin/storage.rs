//! `fournil admin storage …`: accounts of blob storage, built in or linked, and addresses that open what is in them.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::storage_link::{self, LinkCommand, SecretArg};
use super::to_value;
use crate::api::{BucketCredentials, Duration, SasWish, StorageLink};
use crate::service::storage::account::{self, DEFAULT_NAME};
use crate::service::storage::bucket::account as buckets;
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
    /// Makes a storage account of a container of Azure or a bucket of S3, which has to answer
    #[command(subcommand)]
    Link(LinkCommand),
    /// Gives a linked storage account other credentials
    Credentials {
        name: String,
        /// The access key id (S3) or storage account (Azure), if it is another one
        #[arg(long, value_name = "ID")]
        identity: Option<String>,
        #[command(flatten)]
        secret: SecretArg,
    },
    /// Gives a linked storage account up; what is in its bucket stays there
    Unlink { name: String },
    /// Asks the bucket of a linked storage account whether it answers
    Check { name: String },
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
    Link { link: StorageLink },
    Credentials { name: String, new: BucketCredentials },
    Unlink { name: String },
    Check { name: String },
    Sas { container: String, blob: Option<String>, account: String, permissions: String, life: Duration },
}

/// # Errors
/// When a secret cannot be read.
pub fn to_request(command: StorageCommand) -> anyhow::Result<StorageRequest> {
    Ok(match command {
        StorageCommand::Create { name } => StorageRequest::Create { name },
        StorageCommand::List => StorageRequest::List,
        StorageCommand::Key { name } => StorageRequest::Keys { name },
        StorageCommand::Link(command) => StorageRequest::Link { link: storage_link::to_link(command)? },
        StorageCommand::Credentials { name, identity, secret } => {
            StorageRequest::Credentials { name, new: BucketCredentials { identity, secret: secret.read()? } }
        }
        StorageCommand::Unlink { name } => StorageRequest::Unlink { name },
        StorageCommand::Check { name } => StorageRequest::Check { name },
        StorageCommand::Sas { container, blob, account, permissions, hours } => {
            StorageRequest::Sas { container, blob, account, permissions, life: Duration::from_mins(60 * hours) }
        }
    })
}

pub async fn perform(cx: &Context, request: StorageRequest) -> Result<Value> {
    // On the data of a server that has never run, too.
    account::storage_ensure_default(cx).await?;
    Ok(match request {
        StorageRequest::Create { name } => to_value(account::storage_create(cx, name).await?),
        StorageRequest::List => to_value(account::storage_list(cx).await?),
        StorageRequest::Keys { name } => to_value(account::storage_keys(cx, &name).await?),
        StorageRequest::Link { link } => to_value(buckets::storage_link(cx, link).await?),
        StorageRequest::Credentials { name, new } => to_value(buckets::storage_credentials_set(cx, &name, new).await?),
        StorageRequest::Unlink { name } => to_value(buckets::storage_unlink(cx, &name).await?),
        StorageRequest::Check { name } => to_value(buckets::storage_check(cx, &name).await?),
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
            rows.iter().map(|row| line(row, &text)).collect()
        }
        StorageRequest::Keys { .. } => format!(
            "primary            {}\nsecondary          {}\nconnection string  {}\n",
            text(&answer["primary"]),
            text(&answer["secondary"]),
            text(&answer["connectionString"])
        ),
        StorageRequest::Link { link } => {
            format!("Linked the storage account {} at {}.\n", link.name, text(&answer["blobEndpoint"]))
        }
        StorageRequest::Credentials { name, .. } => {
            format!("The bucket of {name} is entered by the new credentials.\n")
        }
        StorageRequest::Unlink { name } => {
            format!("{name} is a storage account no more. Its bucket was left as it is.\n")
        }
        StorageRequest::Check { name } => format!("The bucket of {name}: {}.\n", text(&answer["state"])),
        StorageRequest::Sas { .. } => {
            format!("{}\nIt expires {}.\n", text(&answer["url"]), text(&answer["expiryTime"]))
        }
    }
}

/// An account of the list, and where its blobs are.
fn line(row: &Value, text: &impl Fn(&Value) -> String) -> String {
    let bucket = &row["bucket"];
    let place = match bucket["kind"].as_str() {
        None => "built in".to_owned(),
        Some(kind) => format!("{kind} {} as {}", text(&bucket["name"]), text(&bucket["identity"])),
    };
    format!("{}  {}  {place}\n", text(&row["name"]), text(&row["blobEndpoint"]))
}
