//! `fournil admin storage link …`: which bucket, and its secret, which is no word of the command line: those are seen by
//! everybody on the machine.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};

use crate::api::{Bucket, BucketAccess, BucketKind, Secret, StorageLink};

#[derive(Subcommand, Debug)]
pub enum LinkCommand {
    /// A container of Azure Blob Storage
    Azure {
        /// What the storage account is called here
        name: String,
        /// What it is called in Azure
        #[arg(long, value_name = "NAME")]
        account: String,
        /// The container in it
        #[arg(long, value_name = "NAME")]
        container: String,
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        secret: SecretArg,
    },
    /// A bucket of S3, or of a service that speaks as S3 does
    S3 {
        /// What the storage account is called here
        name: String,
        #[arg(long, value_name = "NAME")]
        bucket: String,
        /// Default: us-east-1
        #[arg(long, value_name = "NAME")]
        region: Option<String>,
        #[arg(long, value_name = "ID")]
        access_key_id: String,
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        secret: SecretArg,
    },
}

#[derive(Args, Debug)]
pub struct PlaceArgs {
    /// A folder in the bucket; nothing outside it is touched
    #[arg(long, value_name = "FOLDER", default_value = "")]
    prefix: String,
    /// The service's address, if it is not the cloud's own
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
}

#[derive(Args, Debug)]
pub struct SecretArg {
    /// A file with the account's key or a shared access signature (Azure) or the secret access key (S3), or - for standard input
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
}

/// No secret is longer.
const LONGEST_SECRET: u64 = 64 * 1024;

impl SecretArg {
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self) -> anyhow::Result<Secret> {
        let mut text = String::new();
        if self.secret_file.as_os_str() == "-" {
            std::io::stdin().take(LONGEST_SECRET).read_to_string(&mut text).context("no secret could be read")?;
        } else {
            let path = self.secret_file.display();
            let file = std::fs::File::open(&self.secret_file).with_context(|| format!("{path} cannot be opened"))?;
            file.take(LONGEST_SECRET).read_to_string(&mut text).with_context(|| format!("{path} cannot be read"))?;
        }
        ensure!(!text.trim().is_empty(), "the secret is empty");
        Ok(Secret(text.trim().to_owned()))
    }
}

/// # Errors
/// When the secret cannot be read.
pub fn to_link(command: LinkCommand) -> anyhow::Result<StorageLink> {
    let (name, kind, bucket, region, identity, place, secret) = match command {
        LinkCommand::Azure { name, account, container, place, secret } => {
            (name, BucketKind::Azure, container, None, account, place, secret)
        }
        LinkCommand::S3 { name, bucket, region, access_key_id, place, secret } => {
            (name, BucketKind::S3, bucket, region, access_key_id, place, secret)
        }
    };
    let bucket = Bucket { kind, name: bucket, prefix: place.prefix, endpoint: place.endpoint, region, identity };
    Ok(StorageLink { name, access: BucketAccess { bucket, secret: secret.read()? } })
}
