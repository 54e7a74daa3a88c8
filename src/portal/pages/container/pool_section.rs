//! The controls of a new pool's containers.

use leptos::prelude::*;

use super::registry_editor::RegistryEditor;
use super::registry_rows::RegistryRow;
use crate::portal::components::{Checkbox, Field, TextArea};
use crate::portal::i18n::{Msg, msg, t};

/// Whether tasks run in containers, the images that nodes bring along, and as whom registries are asked.
#[component]
pub fn PoolContainers(
    has_containers: RwSignal<bool>,
    images: RwSignal<String>,
    registries: RwSignal<Vec<RegistryRow>>,
) -> impl IntoView {
    const PATH: &str = "virtualMachineConfiguration.containerConfiguration";
    let hint = |message: Msg| Signal::derive(move || Some(t(message).to_owned()));
    view! {
        <Checkbox value=has_containers label=msg::POOL_HAS_CONTAINERS hint=hint(msg::POOL_HAS_CONTAINERS_HINT)/>
        <Show when=move || has_containers.get()>
            <Field name=format!("{PATH}.containerImageNames") label=msg::POOL_IMAGES hint=hint(msg::POOL_IMAGES_HINT)>
                <TextArea value=images code=true rows=3/>
            </Field>
            <Field name=format!("{PATH}.containerRegistries") label=msg::POOL_REGISTRIES hint=hint(msg::POOL_REGISTRIES_HINT) group=true>
                <RegistryEditor registries/>
            </Field>
        </Show>
    }
}
