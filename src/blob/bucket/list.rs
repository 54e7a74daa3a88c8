//! Lists of what is in a bucket, a page of its own at a time: where the next one begins is the bucket's word.

use object_store::list::{PaginatedListOptions, PaginatedListResult};

use super::{Kind, OpenBucket, Result, to_blob};
use crate::api::{Blob, BlobSettings, BucketKind};

/// Of one request. Source: ListObjectsV2 (S3), which gives no more; List Blobs (Azure) gives up to 5000.
const MOST: usize = 1000;
/// Chosen here: of a bucket with more folders at its top, the first ones are containers.
const MOST_FOLDERS: usize = 10_000;

/// Names are relative to the container.
#[derive(Debug, Default)]
pub struct Entries {
    pub blobs: Vec<Blob>,
    /// Up to and including the delimiter.
    pub folders: Vec<String>,
}

#[derive(Debug)]
pub struct ListPage {
    pub entries: Entries,
    /// Says to the bucket where to go on.
    pub next: Option<String>,
}

impl OpenBucket {
    /// Entries of a container. Lists say neither types nor metadata of blobs.
    ///
    /// # Errors
    /// `BadName` when the page holds a name that no blob here can have; what makes the bucket useless.
    pub async fn list(
        &self,
        container: &str,
        prefix: &str,
        delimiter: &str,
        from: &str,
        limit: usize,
    ) -> Result<ListPage> {
        let root = format!("{}{container}/", self.prefix);
        let found = self.page(&format!("{root}{prefix}"), delimiter, from, limit.min(MOST)).await?;
        let name = |path: &object_store::path::Path| path.as_ref().strip_prefix(&root).map(str::to_owned);
        let blobs = found.result.objects.iter().filter_map(|meta| {
            let name = name(&meta.location).filter(|name| name.starts_with(prefix))?;
            Some(to_blob(&name, meta, BlobSettings::default()))
        });
        let mut blobs: Vec<Blob> = blobs.collect();
        // Lists of Azure leave out the blob that has the whole prefix as its name.
        if self.kind == BucketKind::Azure && from.is_empty() && !prefix.is_empty() && !prefix.ends_with('/') {
            match self.head(container, prefix).await {
                Ok(blob) => blobs.insert(0, Blob { settings: BlobSettings::default(), ..blob }),
                Err(failure) if matches!(failure.kind, Kind::NotFound | Kind::BadName) => {}
                Err(failure) => return Err(failure),
            }
        }
        // Paths lose the slash at their end.
        let end = if delimiter == "/" { "/" } else { "" };
        let folders = found.result.common_prefixes.iter().filter_map(name).map(|name| name + end).collect();
        Ok(ListPage { entries: Entries { blobs, folders }, next: found.page_token })
    }

    /// Folders at the top: each is a container, if its name is one's.
    ///
    /// # Errors
    /// What makes the bucket useless.
    pub async fn top_folders(&self) -> Result<Vec<String>> {
        let (mut folders, mut from) = (Vec::new(), String::new());
        loop {
            let found = self.page(&self.prefix, "/", &from, MOST).await?;
            let names = found.result.common_prefixes.iter().filter_map(|path| path.as_ref().strip_prefix(&self.prefix));
            folders.extend(names.map(str::to_owned));
            match found.page_token {
                Some(token) if folders.len() < MOST_FOLDERS => from = token,
                _ => return Ok(folders),
            }
        }
    }

    /// Whether anything is in a container.
    ///
    /// # Errors
    /// What makes the bucket useless.
    pub async fn is_any(&self, container: &str) -> Result<bool> {
        let found = self.page(&format!("{}{container}/", self.prefix), "", "", 1).await?;
        Ok(!found.result.objects.is_empty())
    }

    /// Asks for what anybody who uses the bucket has to be able to ask.
    ///
    /// # Errors
    /// What makes the bucket useless.
    pub async fn is_any_at_all(&self) -> Result<bool> {
        Ok(!self.page(&self.prefix, "", "", 1).await?.result.objects.is_empty())
    }

    pub(super) async fn page(
        &self,
        prefix: &str,
        delimiter: &str,
        from: &str,
        limit: usize,
    ) -> Result<PaginatedListResult> {
        let options = PaginatedListOptions {
            delimiter: (!delimiter.is_empty()).then(|| delimiter.to_owned().into()),
            max_keys: Some(limit),
            page_token: (!from.is_empty()).then(|| from.to_owned()),
            ..PaginatedListOptions::default()
        };
        Ok(self.lists.list_paginated((!prefix.is_empty()).then_some(prefix), options).await?)
    }
}
