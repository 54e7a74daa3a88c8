//! Files and folders of a task or a node, as a table.

use leptos::prelude::*;

use super::FileRef;
use crate::api::{FileProperties, NodeFile};
use crate::portal::components::{Glyph, Icon, Time};
use crate::portal::format;
use crate::portal::i18n::{Msg, language, msg, tf, tx};

/// More rows than this are counted, not shown.
const MOST_ROWS: usize = 1000;

/// Where a row leads.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A folder's page.
    Folder(String),
    /// A file's page, and the file itself for its download.
    File(String, FileRef),
    /// Only its name is kept.
    Gone,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FileRow {
    pub file: NodeFile,
    /// As it is shown.
    pub name: String,
    pub target: Target,
}

#[component]
pub fn FileTable(label: Msg, #[prop(into)] rows: Signal<Vec<FileRow>>) -> impl IntoView {
    let n_rows = Memo::new(move |_| rows.with(Vec::len));
    let shown = move || rows.with(|rows| rows.iter().take(MOST_ROWS).cloned().map(row).collect_view());
    let more = move || {
        let (shown, all) = (MOST_ROWS.to_string(), n_rows.get().to_string());
        (n_rows.get() > MOST_ROWS).then(
            || view! { <p class="form__note">{tf(msg::TASK_FILES_MORE, &[("shown", &shown), ("all", &all)])}</p> },
        )
    };
    view! {
        <div class="simple-table" tabindex="0" role="region" aria-label=tx(label)>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{tx(msg::FILE_NAME)}</th>
                        <th scope="col" class="data-table__number">{tx(msg::FILE_SIZE)}</th>
                        <th scope="col">{tx(msg::FILE_MODIFIED)}</th>
                        <th scope="col"><span class="visually-hidden">{tx(msg::LOG_DOWNLOAD)}</span></th>
                    </tr>
                </thead>
                <tbody>{shown}</tbody>
            </table>
        </div>
        {more}
    }
}

fn row(FileRow { file, name, target }: FileRow) -> impl IntoView {
    let (icon, link, end) = match target {
        Target::Folder(href) => (Icon::Folder, view! { <a href=href>{name}</a> }.into_any(), None),
        Target::File(href, file) => {
            let link = view! { <a href=href>{name.clone()}</a> }.into_any();
            (Icon::File, link, Some(view! { <Download file name/> }.into_any()))
        }
        Target::Gone => (Icon::File, name.into_any(), Some(tx(msg::FILE_NOT_KEPT).into_any())),
    };
    // A folder's size and age say nothing of what is in it.
    let properties: Option<FileProperties> = file.properties.filter(|_| !file.is_directory);
    let size = properties.as_ref().map(|properties| properties.content_length);
    let modified = properties.map(|properties| properties.last_modified);
    view! {
        <tr>
            <th scope="row"><Glyph icon/>" "{link}</th>
            <td class="data-table__number">{move || size.map(|size| format::bytes(language(), size))}</td>
            <td>{modified.map(|at| view! { <Time at/> })}</td>
            <td>{end}</td>
        </tr>
    }
}

#[component]
fn Download(file: FileRef, name: String) -> impl IntoView {
    let label = move || tf(msg::FILE_DOWNLOAD, &[("file", &name)]);
    view! {
        <a class="button button--subtle button--icon" href=file.download_url() download="" rel="external" aria-label=label.clone() title=label>
            <Glyph icon=Icon::Download/>
        </a>
    }
}
