//! The containers of a new pool, as its form holds them.

use super::registry_rows::{RegistryRow, registries};
use crate::api::{ContainerConfiguration, ContainerType, ImageReference, VirtualMachineConfiguration};
use crate::domain::container::image;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::typed::Problem;

const PATH: &str = "virtualMachineConfiguration.containerConfiguration";

/// The image of a virtual machine that Batch asks for with each container configuration: publisher, offer, SKU and agent.
/// Nodes run on the machine's own system whatever it says; programs read it back.
const SYSTEM: [&str; 4] = ["canonical", "ubuntu-24_04-lts", "server", "batch.node.ubuntu 24.04"];

/// The machine of a pool whose tasks run in containers.
pub fn machine(images: &str, rows: &[RegistryRow], errors: &mut FieldErrors) -> VirtualMachineConfiguration {
    let names = errors.take(&format!("{PATH}.containerImageNames"), image_names(images)).flatten();
    let containers = ContainerConfiguration {
        kind: ContainerType::Docker,
        container_image_names: names,
        container_registries: errors.take(&format!("{PATH}.containerRegistries"), registries(rows)).flatten(),
    };
    let [publisher, offer, sku, agent] = SYSTEM.map(str::to_owned);
    VirtualMachineConfiguration {
        image_reference: ImageReference {
            publisher: Some(publisher),
            offer: Some(offer),
            sku: Some(sku),
            ..ImageReference::default()
        },
        node_agent_sku_id: agent,
        container_configuration: Some(containers),
        ..VirtualMachineConfiguration::default()
    }
}

/// One a line; nothing for none.
fn image_names(text: &str) -> Result<Option<Vec<String>>, Problem> {
    let names: Vec<String> = text.lines().map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned).collect();
    if let Some(name) = names.iter().find(|name| image::check(name).is_err()) {
        return Err(Problem::with(msg::POOL_IMAGES_WRONG, vec![("name", name.clone())]));
    }
    Ok((!names.is_empty()).then_some(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_stand_one_a_line() {
        let mut errors = FieldErrors::default();
        let found = machine(" busybox \n\nr.io/x:1\n", &[], &mut errors).container_configuration.unwrap();
        assert!(errors.is_empty());
        assert_eq!(found.container_image_names.unwrap(), ["busybox", "r.io/x:1"]);
        assert_eq!(found.container_registries, None);
        machine("busybox\n--privileged", &[], &mut errors);
        assert!(errors.of(&format!("{PATH}.containerImageNames")).is_some());
    }
}
