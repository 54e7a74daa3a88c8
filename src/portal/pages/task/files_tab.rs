//! The files of a task's folder.

use leptos::prelude::*;

use super::page::TaskContext;
use crate::api::{Code, KeptFiles, NodeFile, TaskFiles};
use crate::portal::components::{Button, Empty, Icon, Loaded, Time};
use crate::portal::i18n::{msg, tx};
use crate::portal::pages::file::{FileRef, FileRow, FileTable, Target};
use crate::portal::pages::route_ids::TaskRef;
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::server_fns::task_file_list;

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
        <Loaded reading let:files><TaskFileTable files/></Loaded>
    }
}

#[component]
fn TaskFileTable(files: Signal<TaskFiles>) -> impl IntoView {
    let context = expect_context::<TaskContext>();
    let rows = Memo::new(move |_| context.here.get().map(|here| rows(&here, files.get())).unwrap_or_default());
    view! {
        {move || files.with(|files| files.kept.clone()).map(|KeptFiles { since, .. }| view! {
            <p class="form__note" role="status">{tx(msg::FILES_KEPT)}" "<Time at=since/>". "{tx(msg::FILES_KEPT_MORE)}</p>
        })}
        <Show when=move || rows.with(|rows| !rows.is_empty()) fallback=|| view! { <Empty icon=Icon::File title=msg::TASK_FILES_EMPTY text=msg::TASK_FILES_EMPTY_TEXT/> }>
            <FileTable label=msg::FILES rows/>
        </Show>
    }
}

/// The files by name. Of kept ones nothing but the name is left, unless it was kept itself.
fn rows(here: &TaskRef, TaskFiles { mut files, kept }: TaskFiles) -> Vec<FileRow> {
    files.retain(|file| !file.is_directory);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let row = |file: NodeFile| {
        let is_there = kept.as_ref().is_none_or(|kept| kept.names.contains(&file.name));
        let TaskRef { account, job, task } = here.clone();
        let href = paths::file(&account, &job, &task, &file.name);
        let itself = FileRef::Task { account, job, task, path: file.name.clone() };
        let target = if is_there { Target::File(href, itself) } else { Target::Gone };
        FileRow { name: file.name.clone(), file, target }
    };
    files.into_iter().map(row).collect()
}
