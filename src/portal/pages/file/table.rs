//! Files and folders of a task or a node, as a table.

use leptos::prelude::*;

use super::FileRef;
use crate::api::{FileProperties, NodeFile, Timestamp};
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
    view! { <FileTableFrame label end=msg::LOG_DOWNLOAD rows=shown/> {more} }
}

/// The table of whatever has a name, a size and an age, without its rows.
#[component]
pub fn FileTableFrame(
    label: Msg,
    /// What the last column is for.
    end: Msg,
    #[prop(into)] rows: ViewFn,
) -> impl IntoView {
    view! {
        <div class="simple-table" tabindex="0" role="region" aria-label=tx(label)>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{tx(msg::FILE_NAME)}</th>
                        <th scope="col" class="data-table__number">{tx(msg::FILE_SIZE)}</th>
                        <th scope="col">{tx(msg::FILE_MODIFIED)}</th>
                        <th scope="col"><span class="visually-hidden">{tx(end)}</span></th>
                    </tr>
                </thead>
                <tbody>{move || rows.run()}</tbody>
            </table>
        </div>
    }
}

/// A row of [`FileTableFrame`].
#[component]
pub fn FileTableRow(
    icon: Icon,
    name: AnyView,
    /// Absent for a folder: its size and age say nothing of what is in it.
    size_and_age: Option<(u64, Timestamp)>,
    /// What can be done with it.
    end: AnyView,
) -> impl IntoView {
    let (size, modified) = size_and_age.unzip();
    view! {
        <tr>
            <th scope="row"><Glyph icon/>" "{name}</th>
            <td class="data-table__number">{move || size.map(|size| format::bytes(language(), size))}</td>
            <td>{modified.map(|at| view! { <Time at/> })}</td>
            <td>{end}</td>
        </tr>
    }
}

fn row(FileRow { file, name, target }: FileRow) -> impl IntoView {
    let (icon, link, end) = match target {
        Target::Folder(href) => (Icon::Folder, view! { <a href=href>{name}</a> }.into_any(), ().into_any()),
        Target::File(href, file) => {
            let link = view! { <a href=href>{name.clone()}</a> }.into_any();
            (Icon::File, link, view! { <Download file name/> }.into_any())
        }
        Target::Gone => (Icon::File, name.into_any(), tx(msg::FILE_NOT_KEPT).into_any()),
    };
    let properties: Option<FileProperties> = file.properties.filter(|_| !file.is_directory);
    let size_and_age = properties.map(|properties| (properties.content_length, properties.last_modified));
    view! { <FileTableRow icon name=link size_and_age end/> }
}

/// Saves the file where the browser does.
#[component]
pub fn Download(file: FileRef, name: String) -> impl IntoView {
    let label = move || tf(msg::FILE_DOWNLOAD, &[("file", &name)]);
    view! {
        <a class="button button--subtle button--icon" href=file.download_url() download="" rel="external" aria-label=label.clone() title=label>
            <Glyph icon=Icon::Download/>
        </a>
    }
}
