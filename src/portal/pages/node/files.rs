//! The files of a node, folder by folder from its root.

use leptos::prelude::*;

use crate::api::{Code, NodeFile};
use crate::portal::components::{Button, Empty, Icon, Loaded, PageHeader, use_query_param};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::pages::file::{FileRef, FileRow, FileTable, FileView, Target};
use crate::portal::pages::route_ids::{NodeRef, use_node_ref};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::server_fns::node_file_list;
use leptos_router::hooks::use_params_map;

#[component]
pub fn NodeFilesPage() -> impl IntoView {
    let here = use_node_ref();
    let folder_param = use_query_param("folder");
    let folder = Memo::new(move |_| folder_param.get().trim_matches('/').to_owned());
    let reading = use_reading(
        move || (here.get(), folder.get()),
        Signal::stored(0),
        |(here, folder)| async move {
            let NodeRef { account, pool, node } = here.ok_or(Code::NodeNotFound)?;
            node_file_list(account, pool, node, folder).await
        },
    );
    let title = Signal::derive(move || here.get().map(|here| here.node.to_string()).unwrap_or_default());
    view! {
        <PageHeader title kind=Signal::derive(|| Some(t(msg::NODE_FILES).to_owned())) icon=Icon::Folder/>
        {move || here.get().map(|here| view! { <FolderPath here folder=folder.get()/> })}
        <div class="view-choice"><Button label=msg::REFRESH icon=Icon::Refresh on_press=move || reading.reload()/></div>
        <Loaded reading let:files>
            {move || here.get().map(|here| view! { <FolderTable here folder=folder.get() files=files.get()/> })}
        </Loaded>
    }
}

/// The folders above, as links.
#[component]
fn FolderPath(here: NodeRef, folder: String) -> impl IntoView {
    let at = |folder: &str| paths::node_folder(&here.account, &here.pool, &here.node, folder);
    let mut so_far = String::new();
    let steps: Vec<_> = folder
        .split('/')
        .filter(|name| !name.is_empty())
        .map(|name| {
            so_far = if so_far.is_empty() { name.to_owned() } else { format!("{so_far}/{name}") };
            view! { " / "<a href=at(&so_far)>{name.to_owned()}</a> }
        })
        .collect();
    view! { <p class="folder-path"><a href=at("")>{tx(msg::NODE_ROOT)}</a>{steps}</p> }
}

#[component]
fn FolderTable(here: NodeRef, folder: String, mut files: Vec<NodeFile>) -> impl IntoView {
    files.sort_by(|a, b| (!a.is_directory, &a.name).cmp(&(!b.is_directory, &b.name)));
    if files.is_empty() {
        return view! { <Empty icon=Icon::Folder title=msg::NODE_FOLDER_EMPTY text=msg::NODE_FOLDER_EMPTY_TEXT/> }
            .into_any();
    }
    let row = move |file: NodeFile| {
        let path = if folder.is_empty() { file.name.clone() } else { format!("{folder}/{}", file.name) };
        let NodeRef { account, pool, node } = here.clone();
        let target = if file.is_directory {
            Target::Folder(paths::node_folder(&account, &pool, &node, &path))
        } else {
            Target::File(paths::node_file(&account, &pool, &node, &path), FileRef::Node { account, pool, node, path })
        };
        FileRow { name: file.name.clone(), file, target }
    };
    let rows: Vec<FileRow> = files.into_iter().map(row).collect();
    view! { <FileTable label=msg::NODE_FILES rows=Signal::stored(rows)/> }.into_any()
}

/// One file of a node.
#[component]
pub fn NodeFilePage() -> impl IntoView {
    let here = use_node_ref();
    let params = use_params_map();
    let path = Memo::new(move |_| params.with(|params| params.get("path").unwrap_or_default()));
    let file = Signal::derive(move || {
        let NodeRef { account, pool, node } = here.get()?;
        Some(FileRef::Node { account, pool, node, path: path.get() })
    });
    let folder =
        move || path.with(|path| path.rsplit_once('/').map(|(folder, _)| folder.to_owned())).unwrap_or_default();
    let back = move || {
        here.get().map(|here| {
            let href = paths::node_folder(&here.account, &here.pool, &here.node, folder());
            view! { <a href=href>{move || tf(msg::FILE_OF_NODE, &[("node", here.node.as_str())])}</a> }
        })
    };
    view! {
        <PageHeader title=path icon=Icon::File/>
        <p>{back}</p>
        <FileView file/>
    }
}
