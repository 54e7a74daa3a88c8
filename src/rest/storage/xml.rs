//! The XML of blob storage: what is written by hand, and the list of blocks that is read.

use serde::Deserialize;

use super::Result;
use crate::api::{Blob, BlobPart, Container, StorageCode, StorageError};
use crate::service::storage::blob::Entry;
use crate::service::storage::write::BlockRef;

pub const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

pub fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// `<name>text</name>`
pub fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

fn optional(name: &str, text: Option<&str>) -> String {
    text.map(|text| element(name, text)).unwrap_or_default()
}

pub fn container(container: &Container, with_metadata: bool) -> String {
    format!(
        "<Container>{}<Properties>{}{}<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>\
         <HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold></Properties>{}</Container>",
        element("Name", &container.name),
        element("Last-Modified", &container.modified.to_http_date()),
        element("Etag", &format!("\"{}\"", container.etag)),
        metadata(&container.metadata, with_metadata),
    )
}

fn metadata(metadata: &std::collections::BTreeMap<String, String>, is_wanted: bool) -> String {
    if !is_wanted {
        return String::new();
    }
    let pairs: String = metadata.iter().map(|(name, value)| element(name, value)).collect();
    format!("<Metadata>{pairs}</Metadata>")
}

pub fn entry(entry: &Entry, with_metadata: bool) -> String {
    match entry {
        Entry::Folder(name) => format!("<BlobPrefix>{}</BlobPrefix>", element("Name", name)),
        Entry::Blob(it) => blob(it, with_metadata),
    }
}

fn blob(blob: &Blob, with_metadata: bool) -> String {
    let settings = &blob.settings;
    format!(
        "<Blob>{}<Properties>{}{}{}{}{}{}{}{}{}{}<BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus>\
         <LeaseState>available</LeaseState><ServerEncrypted>false</ServerEncrypted></Properties>{}</Blob>",
        element("Name", &blob.name),
        element("Creation-Time", &blob.created.to_http_date()),
        element("Last-Modified", &blob.modified.to_http_date()),
        // Without quotes: that is how the service writes it in lists of blobs.
        element("Etag", &blob.etag),
        element("Content-Length", &blob.length.to_string()),
        element("Content-Type", settings.content_type.as_deref().unwrap_or("application/octet-stream")),
        optional("Content-Encoding", settings.content_encoding.as_deref()),
        optional("Content-Language", settings.content_language.as_deref()),
        optional("Content-MD5", settings.content_md5.as_deref()),
        optional("Cache-Control", settings.cache_control.as_deref()),
        optional("Content-Disposition", settings.content_disposition.as_deref()),
        metadata(&settings.metadata, with_metadata),
    )
}

pub fn block_list(committed: &[BlobPart], uncommitted: &[BlobPart]) -> String {
    let blocks = |parts: &[BlobPart]| -> String {
        let block = |part: &BlobPart| {
            format!("<Block>{}{}</Block>", element("Name", &part.id), element("Size", &part.length.to_string()))
        };
        parts.iter().map(block).collect()
    };
    format!(
        "{HEAD}<BlockList><CommittedBlocks>{}</CommittedBlocks><UncommittedBlocks>{}</UncommittedBlocks></BlockList>",
        blocks(committed),
        blocks(uncommitted)
    )
}

#[derive(Deserialize)]
struct BlockList {
    #[serde(rename = "$value", default)]
    blocks: Vec<Block>,
}

#[derive(Deserialize)]
enum Block {
    Committed(String),
    Uncommitted(String),
    Latest(String),
}

/// The blocks that a blob is to consist of, in order.
pub fn read_block_list(text: &str) -> Result<Vec<BlockRef>> {
    let list: BlockList = quick_xml::de::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| StorageError::new(StorageCode::InvalidXmlDocument, error.to_string()))?;
    let blocks = list.blocks.into_iter().map(|block| match block {
        Block::Committed(id) => BlockRef::Committed(id.trim().to_owned()),
        Block::Uncommitted(id) => BlockRef::Uncommitted(id.trim().to_owned()),
        Block::Latest(id) => BlockRef::Latest(id.trim().to_owned()),
    });
    Ok(blocks.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_blocks_keeps_its_order() {
        let text = "<?xml version='1.0' encoding='utf-8'?>\n<BlockList><Latest>YQ==</Latest>\n<Committed>Yg==</Committed>\
                    <Uncommitted>Yw==</Uncommitted><Latest>ZA==</Latest></BlockList>";
        let blocks = read_block_list(text).unwrap();
        assert_eq!(
            blocks,
            [
                BlockRef::Latest("YQ==".into()),
                BlockRef::Committed("Yg==".into()),
                BlockRef::Uncommitted("Yw==".into()),
                BlockRef::Latest("ZA==".into())
            ]
        );
        assert!(read_block_list("<BlockList></BlockList>").unwrap().is_empty());
        assert!(read_block_list("<BlockList />").unwrap().is_empty());
        for bad in ["", "<BlockList><Latest>", "<BlockList><Other>YQ==</Other></BlockList>", "{}"] {
            assert!(read_block_list(bad).is_err(), "{bad}");
        }
    }
}
