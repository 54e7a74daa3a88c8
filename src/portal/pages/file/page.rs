//! One file of a task: as text that is followed while the task runs, as a picture, else its first bytes.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::file_ref::FileRef;
use super::log_viewer::LogViewer;
use super::view::{BinaryFile, Kind, PictureFile, kind_of};
use crate::api::{self, Code, TaskState};
use crate::portal::components::{Icon, Loaded, PageHeader};
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::route_ids::{TaskRef, use_task_ref};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::use_changes;
use crate::server_fns::task_get;

#[component]
pub fn FilePage() -> impl IntoView {
    let here = use_task_ref();
    let params = use_params_map();
    let path = Memo::new(move |_| params.with(|params| params.get("path").unwrap_or_default()));
    let file = Memo::new(move |_| {
        let TaskRef { account, job, task } = here.get()?;
        Some(FileRef::Task { account, job, task, path: path.get() })
    });
    let kind = use_reading(
        move || file.get(),
        Signal::stored(0),
        |file| async move { kind_of(file.ok_or(Code::FileNotFound)?).await },
    );
    let name = Signal::derive(move || path.get());
    let of_task = move || {
        here.get().map(|here| {
            view! { <a href=paths::task(&here.account, &here.job, &here.task)>{tf(msg::FILE_OF_TASK, &[("task", here.task.as_str())])}</a> }
        })
    };
    view! {
        <PageHeader title=name icon=Icon::File/>
        <p>{of_task}</p>
        <Loaded reading=kind lines=8 let:kind>
            {move || file.get().zip(here.get()).map(|(file, here)| match kind.get() {
                Kind { is_text: true, .. } => view! { <TextFile file here/> }.into_any(),
                Kind { length, .. } if file.is_named_picture() => view! { <PictureFile file length/> }.into_any(),
                Kind { length, .. } => view! { <BinaryFile file length/> }.into_any(),
            })}
        </Loaded>
    }
}

/// The viewer, which follows the file while its task runs.
#[component]
fn TextFile(file: FileRef, here: TaskRef) -> impl IntoView {
    let watched = here.clone();
    let tick = use_changes(move |change| {
        change.account == watched.account.as_str()
            && matches!(&change.what, api::Changed::Job { job } if job == watched.job.as_str())
    });
    let TaskRef { account, job, task } = here;
    let state = use_reading(
        move || (account.clone(), job.clone(), task.clone()),
        tick,
        |(account, job, task)| async move { Ok(task_get(account, job, task).await?.state) },
    );
    // Where to begin depends on whether the task runs.
    let is_known = Memo::new(move |_| !state.is_first());
    let is_running = Memo::new(move |_| state.with(|state| state.is_some_and(|state| *state != TaskState::Completed)));
    let file = StoredValue::new(file);
    view! { <Show when=move || is_known.get()><LogViewer file=file.get_value() is_running/></Show> }
}
