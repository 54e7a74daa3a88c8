//! Images that pools can name. Tasks run on the machine's own system whatever image its pool names; the list is there
//! for programs that pick theirs from it.

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};

use super::call::{Call, PAGE};
use super::error::Result;
use crate::domain::odata::{self, IMAGE_FIELDS};
use crate::service::{Context, pool};

/// Node agent, publisher, offer, sku.
const IMAGES: &[[&str; 4]] = &[
    ["batch.node.debian 11", "debian", "debian-11", "11"],
    ["batch.node.debian 12", "debian", "debian-12", "12"],
    ["batch.node.el 8", "almalinux", "almalinux-hpc", "8-hpc-gen2"],
    ["batch.node.el 8", "almalinux", "almalinux", "8-gen2"],
    ["batch.node.el 9", "almalinux", "almalinux-x86_64", "9-gen2"],
    ["batch.node.ubuntu 20.04", "canonical", "0001-com-ubuntu-server-focal", "20_04-lts"],
    ["batch.node.ubuntu 20.04", "microsoft-azure-batch", "ubuntu-server-container", "20-04-lts"],
    ["batch.node.ubuntu 20.04", "microsoft-dsvm", "ubuntu-hpc", "2004"],
    ["batch.node.ubuntu 22.04", "canonical", "0001-com-ubuntu-server-jammy", "22_04-lts"],
    ["batch.node.ubuntu 22.04", "microsoft-dsvm", "ubuntu-hpc", "2204"],
    ["batch.node.ubuntu 24.04", "canonical", "ubuntu-24_04-lts", "server"],
    ["batch.node.ubuntu 24.04", "microsoft-dsvm", "ubuntu-hpc", "2404"],
];

pub fn routes() -> Router<Context> {
    Router::new().route("/supportedimages", get(image_list))
}

async fn image_list(call: Call) -> Result {
    pool::may_look(&call.caller, &call.account)?;
    let list = call.list_query(IMAGE_FIELDS, &[], PAGE)?;
    let fits = |image: &&[&str; 4]| {
        let property = |field| match field {
            "osType" => Some(text("linux")),
            "verificationType" => Some(text("verified")),
            _ => Some(text(image[0])),
        };
        list.slice.filter.as_ref().is_none_or(|filter| filter.matches(&property))
    };
    let images = list.slice.cut(IMAGES.iter().filter(fits), |image| name(image));
    Ok(call.list_reply("supportedimages", &list, images.map(|images| images.into_iter().map(to_json).collect())))
}

/// The table is in the order of these names.
fn name(image: &[&str; 4]) -> String {
    image.join("/")
}

fn text(value: &str) -> odata::Value {
    odata::Value::Text(value.to_owned())
}

fn to_json([agent, publisher, offer, sku]: &[&str; 4]) -> Value {
    json!({
        "nodeAgentSKUId": agent,
        "imageReference": { "publisher": publisher, "offer": offer, "sku": sku, "version": "latest" },
        "osType": "linux",
        "verificationType": "verified",
        // Chosen here: of all, for it is the machine that runs containers. Programs look for the word.
        "capabilities": ["DockerCompatible"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_its_names() {
        assert!(IMAGES.is_sorted_by(|a, b| name(a) < name(b)));
    }
}
