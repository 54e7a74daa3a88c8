//! The controls with which a form says in which container a command runs.

use leptos::prelude::*;

use super::choice::ContainerChoice;
use super::registry_rows::RegistryRow;
use crate::portal::components::{Checkbox, Field, PasswordInput, TextInput};
use crate::portal::i18n::{Msg, msg, t, tx};

/// Edits `choice`; without an image the command runs in no container.
#[component]
pub fn ContainerField(
    /// The property, e.g. `containerSettings`.
    name: &'static str,
    label: Msg,
    hint: Msg,
    choice: RwSignal<ContainerChoice>,
) -> impl IntoView {
    let ContainerChoice { image, options, in_folder_of_image, registry, base } = choice.get_untracked();
    let has_registry = registry.is_said();
    let (image, options) = (RwSignal::new(image), RwSignal::new(options));
    let in_folder_of_image = RwSignal::new(in_folder_of_image);
    let RegistryRow { server, user, password } = registry;
    let (server, user, password) = (RwSignal::new(server), RwSignal::new(user), RwSignal::new(password));
    let base = StoredValue::new(base);
    Effect::new(move || {
        choice.set(ContainerChoice {
            image: image.get(),
            options: options.get(),
            in_folder_of_image: in_folder_of_image.get(),
            registry: RegistryRow { server: server.get(), user: user.get(), password: password.get() },
            base: base.get_value(),
        });
    });
    let text = |message: Msg| Signal::derive(move || Some(t(message).to_owned()));
    let example = |text: &str| Signal::stored(Some(text.to_owned()));
    let property = move |property: &str| format!("{name}.{property}");
    view! {
        <Field name label hint=text(hint) group=true>
            <Field name=property("imageName") label=msg::CONTAINER_IMAGE>
                <TextInput value=image code=true placeholder=example("docker.io/library/busybox:1.36")/>
            </Field>
            <Field name=property("containerRunOptions") label=msg::CONTAINER_OPTIONS hint=text(msg::CONTAINER_OPTIONS_HINT)>
                <TextInput value=options code=true placeholder=example("--shm-size 1g -e NAME=VALUE")/>
            </Field>
            <Checkbox value=in_folder_of_image label=msg::CONTAINER_FOLDER_OF_IMAGE hint=text(msg::CONTAINER_FOLDER_HINT)/>
            <details class="fold" prop:open=has_registry>
                <summary>{tx(msg::CONTAINER_REGISTRY)}</summary>
                <Field name=property("registry") label=msg::CONTAINER_REGISTRY hint=text(msg::CONTAINER_REGISTRY_HINT) group=true>
                    <div class="pairs__row pairs__row--wide">
                        <TextInput value=server code=true label=text(msg::CONTAINER_REGISTRY_SERVER) placeholder=example("docker.io")/>
                        <TextInput value=user code=true label=text(msg::CONTAINER_REGISTRY_USER) placeholder=text(msg::CONTAINER_REGISTRY_USER)/>
                        <PasswordInput value=password label=text(msg::CONTAINER_REGISTRY_PASSWORD) toggle=text(msg::CONTAINER_REGISTRY_SHOW)/>
                    </div>
                </Field>
            </details>
        </Field>
    }
}

/// The same where few have one: folded while there is no image.
#[component]
pub fn ContainerFold(name: &'static str, label: Msg, hint: Msg, choice: RwSignal<ContainerChoice>) -> impl IntoView {
    let is_open = choice.with_untracked(ContainerChoice::has_image);
    view! {
        <details class="fold" prop:open=is_open>
            <summary>{tx(label)}</summary>
            <ContainerField name label hint choice/>
        </details>
    }
}
