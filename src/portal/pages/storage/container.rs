//! What is in a container, folder by folder: a folder is what names have in common up to a slash.

use leptos::prelude::*;

use super::place::{use_param, use_refusal};
use super::share::ShareButton;
use super::upload::UploadArea;
use crate::api::{Blob, BlobPage};
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, Confirmation, Empty, Icon, Loaded, PageHeader, ask, use_query_param,
};
use crate::portal::i18n::{msg, t, tf};
use crate::portal::pages::file::{Download, FileRef, FileTableFrame, FileTableRow};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_notifications;
use crate::server_fns::{blob_delete, blob_list};

/// Where a table of blobs is.
#[derive(Clone, Copy)]
struct Here {
    storage: Memo<String>,
    container: Memo<String>,
    folder: Memo<String>,
    page: Reading<BlobPage>,
}

#[component]
pub fn ContainerPage() -> impl IntoView {
    let (storage, container) = (use_param("storage"), use_param("container"));
    let (folder_param, from) = (use_query_param("folder"), use_query_param("from"));
    let folder = Memo::new(move |_| folder_param.get());
    let page = use_reading(
        move || (storage.get(), container.get(), folder.get(), from.get()),
        Signal::stored(0),
        |(storage, container, folder, from)| blob_list(storage, container, folder, from),
    );
    let here = Here { storage, container, folder, page };
    view! {
        <PageHeader title=container kind=Signal::derive(|| Some(t(msg::CONTAINER_KIND).to_owned())) icon=Icon::Folder/>
        <FolderPath here/>
        <div class="view-choice">
            <Button label=msg::REFRESH icon=Icon::Refresh on_press=move || page.reload()/>
            <ShareButton storage container blob=Signal::stored(None::<String>)/>
        </div>
        <UploadArea storage container folder on_done=move || page.reload()/>
        <Loaded reading=page let:found>
            <BlobTable here found/>
            {move || found.with(|found| found.next.clone()).map(|next| view! {
                <p><Button label=msg::NEXT_PAGE icon=Icon::ChevronRight on_press=move || from.push(next.clone())/></p>
            })}
        </Loaded>
    }
}

/// The folders above, as links.
#[component]
fn FolderPath(here: Here) -> impl IntoView {
    let links = move || {
        let folder = here.folder.get();
        let (storage, container) = (here.storage.get(), here.container.get());
        let root = view! { <a href=paths::container(&storage, &container)>{container.clone()}</a> };
        let ends = folder.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at + 1);
        let mut begin = 0;
        let steps: Vec<_> = ends
            .map(|end| {
                let (name, up_to) = (folder[begin..end - 1].to_owned(), folder[..end].to_owned());
                begin = end;
                let href = paths::folder(&storage, &container, &up_to);
                view! { " / "<a href=href>{if name.is_empty() { "/".to_owned() } else { name }}</a> }
            })
            .collect();
        view! { {root}{steps} }
    };
    view! { <p class="folder-path">{links}</p> }
}

#[component]
fn BlobTable(here: Here, found: Signal<BlobPage>) -> impl IntoView {
    let is_empty = move || found.with(|found| found.folders.is_empty() && found.blobs.is_empty());
    let rows = move || {
        let BlobPage { folders, blobs, .. } = found.get();
        let folders = folders.into_iter().map(|folder| view! { <FolderRow here folder/> }).collect_view();
        let blobs = blobs.into_iter().map(|blob| view! { <BlobRow here blob/> }).collect_view();
        view! { {folders}{blobs} }
    };
    let none = || view! { <Empty icon=Icon::File title=msg::BLOBS_NONE text=msg::BLOBS_NONE_TEXT/> };
    view! {
        <Show when=move || !is_empty() fallback=none>
            <FileTableFrame label=msg::BLOBS end=msg::BLOB_ACTIONS rows/>
        </Show>
    }
}

#[component]
fn FolderRow(here: Here, folder: String) -> impl IntoView {
    let name = folder.strip_prefix(&here.folder.get_untracked()).unwrap_or(&folder).to_owned();
    let href = move || paths::folder(here.storage.get(), here.container.get(), &folder);
    let name = view! { <a href=href>{name}</a> }.into_any();
    view! { <FileTableRow icon=Icon::Folder name size_and_age=None end=().into_any()/> }
}

#[component]
fn BlobRow(here: Here, blob: Blob) -> impl IntoView {
    let notifications = use_notifications();
    let refusal = use_refusal(Permission::StorageWrite);
    let (storage, container) = (here.storage.get_untracked(), here.container.get_untracked());
    let shown = blob.name.strip_prefix(&here.folder.get_untracked()).unwrap_or(&blob.name).to_owned();
    let file = FileRef::Blob { storage: storage.clone(), container: container.clone(), name: blob.name.clone() };
    let href = paths::blob(&storage, &container, &blob.name);
    let label = {
        let name = shown.clone();
        Signal::derive(move || tf(msg::DELETE_WHICH, &[("name", &name)]))
    };
    let delete = {
        let name = blob.name.clone();
        move || {
            let (storage, container, name) = (storage.clone(), container.clone(), name.clone());
            let text = |message| tf(message, &[("name", &name)]);
            let confirmation = Confirmation {
                title: text(msg::BLOB_DELETE_TITLE),
                effect: t(msg::BLOB_DELETE_EFFECT).to_owned(),
                button: t(msg::DELETE).to_owned(),
                typed: None,
            };
            let (doing, done) = (text(msg::BLOB_DELETING), text(msg::BLOB_DELETED));
            ask(confirmation, move || {
                notifications.run(doing, done, blob_delete(storage, container, name), move |()| here.page.reload());
            });
        }
    };
    let name = view! { <a href=href>{shown.clone()}</a> }.into_any();
    let end = view! {
        <Download file name=shown/>
        <Button label icon=Icon::Delete icon_only=true kind=ButtonKind::Subtle refusal on_press=delete/>
    };
    view! { <FileTableRow icon=Icon::File name size_and_age=Some((blob.length, blob.modified)) end=end.into_any()/> }
}
