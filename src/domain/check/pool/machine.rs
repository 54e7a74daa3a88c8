//! The machine that a pool asks for. It is stored and given back; what is wrong in it is still an error, so that a program
//! that runs here runs in Azure too.

use std::collections::BTreeSet;

use super::super::{Check, container_configuration, missing};
use crate::api::{self, Error};

pub fn configuration(machine: &api::VirtualMachineConfiguration) -> Check {
    let path = "virtualMachineConfiguration";
    if let Some(containers) = &machine.container_configuration {
        container_configuration(&format!("{path}.containerConfiguration"), containers)?;
    }
    image(&format!("{path}.imageReference"), &machine.image_reference)?;
    if machine.node_agent_sku_id.is_empty() {
        return Err(missing(&format!("{path}.nodeAgentSKUId")));
    }
    let mut luns = BTreeSet::new();
    for (index, disk) in machine.data_disks.iter().flatten().enumerate() {
        let path = format!("{path}.dataDisks[{index}]");
        within(&format!("{path}.lun"), disk.lun, 0..=63)?;
        within(&format!("{path}.diskSizeGB"), disk.disk_size_gb, 1..=i32::MAX)?;
        if !luns.insert(disk.lun) {
            return Err(Error::invalid_property(&format!("{path}.lun"), disk.lun.to_string(), "each lun once"));
        }
    }
    if let Some(size) = machine.os_disk.as_ref().and_then(|disk| disk.disk_size_gb) {
        within(&format!("{path}.osDisk.diskSizeGB"), size, 1..=i32::MAX)?;
    }
    for (index, extension) in machine.extensions.iter().flatten().enumerate() {
        for (name, value) in [("name", &extension.name), ("publisher", &extension.publisher), ("type", &extension.kind)]
        {
            if value.is_empty() {
                return Err(missing(&format!("{path}.extensions[{index}].{name}")));
            }
        }
    }
    Ok(())
}

/// An image of the marketplace has three names; any other has one id.
fn image(path: &str, image: &api::ImageReference) -> Check {
    let ids = [
        ("virtualMachineImageId", &image.virtual_machine_image_id),
        ("sharedGalleryImageId", &image.shared_gallery_image_id),
        ("communityGalleryImageId", &image.community_gallery_image_id),
    ];
    let names = [("publisher", &image.publisher), ("offer", &image.offer), ("sku", &image.sku)];
    let is_given = |value: &Option<String>| value.as_ref().is_some_and(|value| !value.is_empty());
    let mut given = ids.iter().filter(|(_, id)| is_given(id));
    match (given.next(), given.next()) {
        (Some(_), Some((name, id))) => {
            let reason = "an image has one id";
            Err(Error::invalid_property(&format!("{path}.{name}"), (*id).clone().unwrap_or_default(), reason))
        }
        (Some((id, _)), None) => match names.iter().find(|(_, value)| is_given(value)) {
            Some((name, value)) => {
                let reason = format!("{id} names the image already");
                Err(Error::invalid_property(&format!("{path}.{name}"), (*value).clone().unwrap_or_default(), reason))
            }
            None => Ok(()),
        },
        (None, _) => match names.iter().find(|(_, value)| !is_given(value)) {
            Some((name, _)) => Err(missing(&format!("{path}.{name}"))),
            None => Ok(()),
        },
    }
}

pub fn upgrade(policy: &api::UpgradePolicy) -> Check {
    let Some(rolling) = &policy.rolling_upgrade_policy else { return Ok(()) };
    let percents = [
        ("maxBatchInstancePercent", rolling.max_batch_instance_percent, 5),
        ("maxUnhealthyInstancePercent", rolling.max_unhealthy_instance_percent, 5),
        ("maxUnhealthyUpgradedInstancePercent", rolling.max_unhealthy_upgraded_instance_percent, 0),
    ];
    for (name, percent, least) in percents {
        if let Some(percent) = percent {
            within(&format!("upgradePolicy.rollingUpgradePolicy.{name}"), percent, least..=100)?;
        }
    }
    Ok(())
}

pub(super) fn within(path: &str, number: i32, range: std::ops::RangeInclusive<i32>) -> Check {
    if range.contains(&number) {
        return Ok(());
    }
    let reason = match (range.start(), range.end()) {
        (least, &i32::MAX) => format!("at least {least}"),
        (least, most) => format!("between {least} and {most}"),
    };
    Err(Error::invalid_property(path, number.to_string(), reason))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::assert_refused;
    use super::*;
    use crate::api::Code;

    const MARKET: &str = r#"{"publisher":"p","offer":"o","sku":"s"}"#;

    fn machine(change: impl FnOnce(&mut Value)) -> Check {
        let mut machine =
            json!({ "nodeAgentSKUId": "n", "imageReference": serde_json::from_str::<Value>(MARKET).unwrap() });
        change(&mut machine);
        configuration(&serde_json::from_value(machine).unwrap())
    }

    fn check(change: impl FnOnce(&mut Value), code: Code, path: &str) {
        assert_refused(machine(change), code, &format!("virtualMachineConfiguration.{path}"));
    }

    #[test]
    fn an_image_has_three_names_or_one_id() {
        use Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing};
        assert_eq!(machine(|_| ()), Ok(()));
        assert_eq!(machine(|m| m["imageReference"] = json!({ "virtualMachineImageId": "/x" })), Ok(()));
        check(|m| m["imageReference"] = json!({}), Missing, "imageReference.publisher");
        check(|m| m["imageReference"] = json!({ "publisher": "p", "offer": "o" }), Missing, "imageReference.sku");
        let two = json!({ "virtualMachineImageId": "/x", "sharedGalleryImageId": "/y" });
        check(|m| m["imageReference"] = two, Invalid, "imageReference.sharedGalleryImageId");
        let both = json!({ "virtualMachineImageId": "/x", "offer": "o" });
        check(|m| m["imageReference"] = both, Invalid, "imageReference.offer");
        check(|m| m["nodeAgentSKUId"] = json!(""), Missing, "nodeAgentSKUId");
    }

    #[test]
    fn disks_extensions_and_containers_are_checked() {
        use Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing};
        let disk = |lun: i32, size: i32| json!({ "lun": lun, "diskSizeGB": size });
        assert_eq!(machine(|m| m["dataDisks"] = json!([disk(0, 1), disk(63, 1)])), Ok(()));
        check(|m| m["dataDisks"] = json!([disk(64, 1)]), Invalid, "dataDisks[0].lun");
        check(|m| m["dataDisks"] = json!([disk(1, 1), disk(1, 1)]), Invalid, "dataDisks[1].lun");
        check(|m| m["dataDisks"] = json!([disk(1, 0)]), Invalid, "dataDisks[0].diskSizeGB");
        check(|m| m["osDisk"] = json!({ "diskSizeGB": -1 }), Invalid, "osDisk.diskSizeGB");
        let extension = json!({ "name": "n", "publisher": "", "type": "t" });
        check(|m| m["extensions"] = json!([extension]), Missing, "extensions[0].publisher");
        let containers = |images: Value| json!({ "type": "dockerCompatible", "containerImageNames": images });
        assert_eq!(machine(|m| m["containerConfiguration"] = containers(json!(["busybox", "r.io/x:1"]))), Ok(()));
        let path = "containerConfiguration.containerImageNames[1]";
        check(|m| m["containerConfiguration"] = containers(json!(["busybox", "-x"])), Invalid, path);
    }

    #[test]
    fn upgrades_go_by_percents() {
        let policy = |percent: i32| {
            let rolling = json!({ "maxBatchInstancePercent": percent, "maxUnhealthyUpgradedInstancePercent": 0 });
            upgrade(&serde_json::from_value(json!({ "mode": "rolling", "rollingUpgradePolicy": rolling })).unwrap())
        };
        assert_eq!(policy(5), Ok(()));
        let path = "upgradePolicy.rollingUpgradePolicy.maxBatchInstancePercent";
        assert_refused(policy(4), Code::InvalidPropertyValue, path);
        assert_refused(policy(101), Code::InvalidPropertyValue, path);
    }
}
