//! One blob: what it is, and its content as far as it can be shown.

use leptos::prelude::*;

use super::place::use_param;
use super::share::ShareButton;
use crate::api::Blob;
use crate::portal::components::{Copy, Essential, Essentials, Glyph, Icon, Loaded, PageHeader, Time};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tx};
use crate::portal::pages::file::{FileRef, FileView};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::server_fns::blob_get;

#[component]
pub fn BlobPage() -> impl IntoView {
    let (storage, container, name) = (use_param("storage"), use_param("container"), use_param("blob"));
    let blob = use_reading(
        move || (storage.get(), container.get(), name.get()),
        Signal::stored(0),
        |(storage, container, name)| blob_get(storage, container, name),
    );
    let file = Signal::derive(move || {
        Some(FileRef::Blob { storage: storage.get(), container: container.get(), name: name.get() })
    });
    let folder = move || name.with(|name| name.rfind('/').map_or_else(String::new, |at| name[..=at].to_owned()));
    let back = move || tf(msg::BLOB_OF_CONTAINER, &[("name", &container.get())]);
    view! {
        <PageHeader title=name icon=Icon::File/>
        <p><a href=move || paths::folder(storage.get(), container.get(), folder())>{back}</a></p>
        <Loaded reading=blob let:blob>
            <BlobFacts blob/>
            <div class="view-choice">
                <a class="button" href=move || file.get().map(|file| file.download_url()) download="" rel="external">
                    <Glyph icon=Icon::Download/><span>{tx(msg::LOG_DOWNLOAD)}</span>
                </a>
                <ShareButton storage container blob=Signal::derive(move || Some(name.get()))/>
            </div>
            <FileView file/>
        </Loaded>
    }
}

#[component]
fn BlobFacts(blob: Signal<Blob>) -> impl IntoView {
    let kind = move || blob.with(|blob| blob.settings.content_type.clone()).unwrap_or_else(|| t(msg::NONE).to_owned());
    let md5 = Signal::derive(move || blob.with(|blob| blob.settings.content_md5.clone()).unwrap_or_default());
    let metadata = move || {
        let pairs = blob.with(|blob| blob.settings.metadata.clone());
        pairs
            .into_iter()
            .map(|(key, value)| view! { <div><code>{key}</code>" = "<code>{value}</code></div> })
            .collect_view()
    };
    view! {
        <Essentials>
            <Essential label=msg::FILE_SIZE>{move || format::bytes(language(), blob.with(|blob| blob.length))}</Essential>
            <Essential label=msg::FILE_MODIFIED><Time at=Signal::derive(move || blob.with(|blob| blob.modified))/></Essential>
            <Essential label=msg::BLOB_TYPE><code>{kind}</code></Essential>
            <Show when=move || !md5.with(String::is_empty)>
                <Essential label=msg::BLOB_MD5><code>{md5}</code>" "<Copy text=md5 what=msg::BLOB_MD5/></Essential>
            </Show>
            <Show when=move || blob.with(|blob| !blob.settings.metadata.is_empty())>
                <Essential label=msg::BLOB_METADATA>{metadata}</Essential>
            </Show>
        </Essentials>
    }
}
