//! The files of a task's folder.

use leptos::prelude::*;

use super::page::TaskContext;
use crate::api::{Code, KeptFiles, NodeFile, TaskFiles};
use crate::portal::components::{Button, Empty, Glyph, Icon, Loaded, Time};
use crate::portal::format;
use crate::portal::i18n::{language, msg, tf, tx};
use crate::portal::pages::file::FileRef;
use crate::portal::pages::route_ids::TaskRef;
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::server_fns::task_file_list;

/// More files than this are counted, not shown.
const MOST_FILES: usize = 1000;

#[component]
pub fn FilesTab() -> impl IntoView {
    let context = expect_context::<TaskContext>();
    let reading = use_reading(
        move || context.here.get(),
        context.tick,
        |here| async move {
            let TaskRef { account, job, task } = here.ok_or(Code::TaskNotFound)?;
            match task_file_list(account, job, task, true).await {
                // The task has not run: it has no files, which is no error to a reader.
                Err(error) if error.code == Code::OperationInvalidForCurrentState => {
                    Ok(TaskFiles { files: Vec::new(), kept: None })
                }
                answer => answer,
            }
        },
    );
    view! {
        <div class="view-choice"><Button label=msg::REFRESH icon=Icon::Refresh on_press=move || reading.reload()/></div>
        <Loaded reading let:files><FileTable files/></Loaded>
    }
}

#[component]
fn FileTable(files: Signal<TaskFiles>) -> impl IntoView {
    let context = expect_context::<TaskContext>();
    let n_files = Memo::new(move |_| files.with(|found| found.files.iter().filter(|file| !file.is_directory).count()));
    let rows = move || {
        let here = context.here.get()?;
        let TaskFiles { files: mut shown, kept } = files.get();
        shown.retain(|file| !file.is_directory);
        shown.sort_by(|a, b| a.name.cmp(&b.name));
        Some(
            shown
                .into_iter()
                .take(MOST_FILES)
                .map(|file| {
                    let is_there = kept.as_ref().is_none_or(|kept| kept.names.contains(&file.name));
                    view! { <FileRow file here=here.clone() is_there/> }
                })
                .collect_view(),
        )
    };
    let more = move || {
        let values = [("shown", MOST_FILES.to_string()), ("all", n_files.get().to_string())];
        (n_files.get() > MOST_FILES)
            .then(|| tf(msg::TASK_FILES_MORE, &values.each_ref().map(|(key, value)| (*key, value.as_str()))))
    };
    view! {
        {move || files.with(|files| files.kept.clone()).map(|KeptFiles { since, .. }| view! {
            <p class="form__note" role="status">{tx(msg::FILES_KEPT)}" "<Time at=since/>". "{tx(msg::FILES_KEPT_MORE)}</p>
        })}
        <Show when=move || n_files.get() != 0 fallback=|| view! { <Empty icon=Icon::File title=msg::TASK_FILES_EMPTY text=msg::TASK_FILES_EMPTY_TEXT/> }>
            <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::FILES)>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{tx(msg::FILE_NAME)}</th>
                            <th scope="col" class="data-table__number">{tx(msg::FILE_SIZE)}</th>
                            <th scope="col">{tx(msg::FILE_MODIFIED)}</th>
                            <th scope="col"><span class="visually-hidden">{tx(msg::LOG_DOWNLOAD)}</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {move || more().map(|text| view! { <p class="form__note">{text}</p> })}
        </Show>
    }
}

#[component]
fn FileRow(
    file: NodeFile,
    here: TaskRef,
    /// It can be read: nothing but its name is kept of others.
    is_there: bool,
) -> impl IntoView {
    let href = paths::file(&here.account, &here.job, &here.task, &file.name);
    let size = file.properties.as_ref().map(|p| p.content_length);
    let modified = file.properties.as_ref().map(|p| p.last_modified);
    let name = file.name.clone();
    let label = move || tf(msg::FILE_DOWNLOAD, &[("file", &name)]);
    let download =
        FileRef::Task { account: here.account, job: here.job, task: here.task, path: file.name.clone() }.download_url();
    view! {
        <tr>
            <th scope="row"><Glyph icon=Icon::File/>" "{if is_there { view! { <a href=href>{file.name}</a> }.into_any() } else { file.name.into_any() }}</th>
            <td class="data-table__number">{move || size.map(|size| format::bytes(language(), size))}</td>
            <td>{modified.map(|at| view! { <Time at/> })}</td>
            <td>{if is_there {
                view! { <a class="button button--subtle button--icon" href=download download="" rel="external" aria-label=label.clone() title=label><Glyph icon=Icon::Download/></a> }.into_any()
            } else {
                tx(msg::FILE_NOT_KEPT).into_any()
            }}</td>
        </tr>
    }
}
