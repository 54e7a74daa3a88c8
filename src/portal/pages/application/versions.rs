//! The versions of an application.

use leptos::prelude::*;

use super::page::ApplicationContext;
use super::upload_panel::UploadList;
use super::version_commands::{VersionFacts, version_commands};
use crate::api::{Application, ApplicationPackage, PackageState};
use crate::portal::components::{CommandMenu, Empty, Glyph, Icon, Loaded, StateBadge, Time, Tone};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tx};

#[component]
pub fn Versions(application: Signal<Application>) -> impl IntoView {
    let context = expect_context::<ApplicationContext>();
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::VERSIONS)}</h2>
            <UploadList/>
            <Loaded reading=context.packages let:packages><VersionTable application packages/></Loaded>
        </section>
    }
}

#[component]
fn VersionTable(application: Signal<Application>, packages: Signal<Vec<ApplicationPackage>>) -> impl IntoView {
    let default = Memo::new(move |_| application.with(|a| a.default_version.clone()));
    let allow_updates = Memo::new(move |_| application.with(|a| a.allow_updates));
    let rows = move || {
        let (default, allow_updates) = (default.get(), allow_updates.get());
        let row = |package: ApplicationPackage| {
            let is_default = default.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&package.version));
            view! { <Row package is_default allow_updates/> }
        };
        packages.get().into_iter().map(row).collect_view()
    };
    let none = || view! { <Empty icon=Icon::Package title=msg::VERSIONS_EMPTY text=msg::VERSIONS_EMPTY_TEXT/> };
    view! {
        <Show when=move || !packages.with(Vec::is_empty) fallback=none>
            <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::VERSIONS)>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{tx(msg::VERSION)}</th>
                            <th scope="col">{tx(msg::STATE)}</th>
                            <th scope="col" class="data-table__number">{tx(msg::FILE_SIZE)}</th>
                            <th scope="col">{tx(msg::VERSION_ACTIVATED_AT)}</th>
                            <th scope="col">{tx(msg::CREATED)}</th>
                            <th scope="col">{tx(msg::BLOB_ACTIONS)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Show>
    }
}

#[component]
fn Row(package: ApplicationPackage, is_default: bool, allow_updates: bool) -> impl IntoView {
    let context = expect_context::<ApplicationContext>();
    let here = context.here.get_untracked();
    let facts = VersionFacts { version: package.version.clone(), state: package.state, is_default, allow_updates };
    let commands = here.map(|here| version_commands(here, facts, context)).unwrap_or_default();
    let version = package.version.clone();
    let label = Signal::derive(move || tf(msg::VERSION_COMMANDS, &[("version", &version)]));
    let (tone, state) = match package.state {
        PackageState::Active => (Tone::Good, msg::VERSION_ACTIVE),
        PackageState::Pending => (Tone::Warning, msg::VERSION_PENDING),
    };
    let size = move || {
        let length = package.content_length.and_then(|length| u64::try_from(length).ok());
        length.map(|length| format::bytes(language(), length))
    };
    view! {
        <tr>
            <th scope="row"><Glyph icon=Icon::Package/>" "<code>{package.version.clone()}</code></th>
            <td>
                <StateBadge tone label=state/>
                {is_default.then(|| view! { " "<StateBadge tone=Tone::Neutral label=Signal::derive(|| t(msg::VERSION_IS_DEFAULT).to_owned())/> })}
            </td>
            <td class="data-table__number">{size}</td>
            <td>{package.last_activation_time.map(|at| view! { <Time at/> })}</td>
            <td><Time at=package.creation_time/></td>
            <td><CommandMenu commands label/></td>
        </tr>
    }
}
