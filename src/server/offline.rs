//! Nodes out of reach: for the admin program on a stopped server's data.

use futures_util::future::BoxFuture;

use crate::api::Code;
use crate::api::agent::{FileAsk, FileReply};
use crate::service::Result;
use crate::service::context::{FileWatch, NodeFiles};

pub struct NoNodes;

impl NodeFiles for NoNodes {
    fn ask(&self, _: i64, _: FileAsk) -> BoxFuture<'_, Result<(FileReply, Vec<u8>)>> {
        Box::pin(async { Err(Code::NodeNotReady.into()) })
    }

    fn watch(&self, _: i64, _: FileWatch) {}
}
