//! Containers of a pool and of a run, in words.

use leptos::prelude::*;

use crate::api::{
    ContainerConfiguration, ContainerHostBindMount, ContainerRegistry, ContainerSettings, ContainerWorkingDirectory,
    TaskContainerExecutionInformation,
};
use crate::portal::components::{Copy, Essential, Essentials};
use crate::portal::i18n::{msg, t, tf, tx};

/// Nothing for a pool whose tasks run in none.
#[component]
pub fn ContainerOfPool(#[prop(into)] containers: Signal<Option<ContainerConfiguration>>) -> impl IntoView {
    let list = |texts: Vec<String>| match texts {
        texts if texts.is_empty() => t(msg::NONE).into_any(),
        texts => {
            let item = |text: String| view! { <li><code>{text}</code></li> };
            view! { <ul class="plain-list">{texts.into_iter().map(item).collect_view()}</ul> }.into_any()
        }
    };
    let section = move |containers: ContainerConfiguration| {
        let registries = containers.container_registries.unwrap_or_default();
        view! {
            <section class="section">
                <h2 class="section__title">{tx(msg::POOL_CONTAINERS)}</h2>
                <Essentials>
                    <Essential label=msg::POOL_IMAGES>{list(containers.container_image_names.unwrap_or_default())}</Essential>
                    <Essential label=msg::POOL_REGISTRIES>{list(registries.iter().map(registry_text).collect())}</Essential>
                </Essentials>
            </section>
        }
    };
    move || containers.get().map(section)
}

/// The container that a command is to run in, and the one that it ran in. Nothing where it has none.
#[component]
pub fn ContainerOfRun(
    #[prop(optional, into)] settings: Signal<Option<ContainerSettings>>,
    #[prop(optional, into)] info: Signal<Option<TaskContainerExecutionInformation>>,
    /// Of a page that has other headings: only what is known, without one.
    #[prop(optional)]
    plain: bool,
) -> impl IntoView {
    let has_any = Memo::new(move |_| settings.with(Option::is_some) || info.with(Option::is_some));
    let facts = move || view! { <Essentials>{move || settings.get().map(settings_facts)}{move || info.get().map(info_facts)}</Essentials> };
    view! {
        <Show when=move || has_any.get()>
            {if plain {
                facts().into_any()
            } else {
                view! { <section class="section"><h2 class="section__title">{tx(msg::CONTAINER_SETTINGS)}</h2>{facts()}</section> }.into_any()
            }}
        </Show>
    }
}

fn settings_facts(settings: ContainerSettings) -> impl IntoView {
    let folder = match settings.working_directory {
        Some(ContainerWorkingDirectory::Image) => msg::CONTAINER_IN_FOLDER_OF_IMAGE,
        _ => msg::CONTAINER_IN_OWN_FOLDER,
    };
    let options = settings.container_run_options.filter(|text| !text.trim().is_empty());
    let mounts = settings.container_host_batch_bind_mounts.unwrap_or_default();
    let mounts = mounts.into_iter().filter_map(mount_text).collect::<Vec<_>>().join(", ");
    view! {
        <Essential label=msg::CONTAINER_IMAGE><code>{settings.image_name}</code></Essential>
        {options.map(|text| view! { <Essential label=msg::CONTAINER_OPTIONS><code>{text}</code></Essential> })}
        <Essential label=msg::CONTAINER_BEGINS_IN>{tx(folder)}</Essential>
        {settings.registry.map(|registry| view! {
            <Essential label=msg::CONTAINER_REGISTRY><code>{registry_text(&registry)}</code></Essential>
        })}
        {(!mounts.is_empty()).then(|| view! { <Essential label=msg::CONTAINER_SEES>{mounts}</Essential> })}
    }
}

fn info_facts(info: TaskContainerExecutionInformation) -> impl IntoView {
    let id = info.container_id.map(|id| {
        let text = Signal::stored(id.clone());
        // Programs that list containers show so much of an id.
        let short: String = id.chars().take(12).collect();
        view! { <Essential label=msg::CONTAINER_ID><code title=id>{short}</code>" "<Copy text what=msg::CONTAINER_ID/></Essential> }
    });
    let state = info.state.map(|state| match state.as_str() {
        "exited" => t(msg::CONTAINER_EXITED).to_owned(),
        _ => state,
    });
    view! {
        {id}
        {state.map(|state| view! { <Essential label=msg::CONTAINER_STATE>{state}</Essential> })}
        {info.error.map(|error| view! { <Essential label=msg::CONTAINER_ERROR>{error}</Essential> })}
    }
}

/// Passwords are not known here.
fn registry_text(registry: &ContainerRegistry) -> String {
    let server = registry.registry_server.as_deref().filter(|server| !server.is_empty()).unwrap_or("docker.io");
    match registry.user_name.as_deref() {
        Some(user) => tf(msg::REGISTRY_AS_USER, &[("server", server), ("user", user)]),
        None => server.to_owned(),
    }
}

fn mount_text(mount: ContainerHostBindMount) -> Option<String> {
    let source = mount.source?.to_string();
    Some(if mount.is_read_only == Some(true) {
        tf(msg::CONTAINER_SEES_READ_ONLY, &[("folder", &source)])
    } else {
        source
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_registry_is_named_with_its_user_and_never_with_its_password() {
        let text = |registry| registry_text(&serde_json::from_value(registry).unwrap());
        assert_eq!(text(json!({ "username": "u", "password": "S3CRET" })), "docker.io, as u");
        assert_eq!(text(json!({ "registryServer": "r.io:5000" })), "r.io:5000");
    }

    #[test]
    fn a_folder_of_the_node_says_whether_it_is_only_read() {
        let text = |mount| mount_text(serde_json::from_value(mount).unwrap());
        assert_eq!(text(json!({ "source": "Shared", "isReadOnly": true })).as_deref(), Some("Shared (to read)"));
        assert_eq!(text(json!({ "source": "Task" })).as_deref(), Some("Task"));
        assert_eq!(text(json!({})), None);
    }
}
