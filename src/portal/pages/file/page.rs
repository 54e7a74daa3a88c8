//! One file of a task: as text where it is text, else its first bytes. Nothing of a file is ever run or drawn by the
//! browser: what a task wrote is nobody's word.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::hex;
use super::log_reader::FileRef;
use super::log_viewer::LogViewer;
use crate::api::{self, Code, TaskState};
use crate::portal::components::{Essential, Essentials, Glyph, Icon, Loaded, PageHeader};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tx};
use crate::portal::pages::route_ids::{TaskRef, use_task_ref};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::use_changes;
use crate::server_fns::{task_file_text, task_get};

/// So much of a file tells whether it is text.
const SAMPLE: u64 = 4096;

/// What the page must know before it shows anything.
#[derive(Clone, Debug, PartialEq)]
struct Kind {
    is_text: bool,
    length: u64,
}

#[component]
pub fn FilePage() -> impl IntoView {
    let here = use_task_ref();
    let params = use_params_map();
    let path = Memo::new(move |_| params.with(|params| params.get("path").unwrap_or_default()));
    let file = Memo::new(move |_| {
        let TaskRef { account, job, task } = here.get()?;
        Some(FileRef { account, job, task, path: path.get() })
    });
    let kind = use_reading(
        move || file.get(),
        Signal::stored(0),
        |file| async move {
            let FileRef { account, job, task, path } = file.ok_or(Code::FileNotFound)?;
            let part = task_file_text(account, job, task, path, 0, SAMPLE).await?;
            Ok(Kind { is_text: hex::looks_like_text(part.text.as_bytes()), length: part.file_length })
        },
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
            {move || file.get().map(|file| if kind.with(|kind| kind.is_text) {
                view! { <TextFile file/> }.into_any()
            } else {
                view! { <BinaryFile file length=kind.with(|kind| kind.length)/> }.into_any()
            })}
        </Loaded>
    }
}

/// The viewer, which follows the file while its task runs.
#[component]
fn TextFile(file: FileRef) -> impl IntoView {
    let watched = file.clone();
    let tick = use_changes(move |change| {
        change.account == watched.account.as_str()
            && matches!(&change.what, api::Changed::Job { job } if job == watched.job.as_str())
    });
    let FileRef { account, job, task, .. } = file.clone();
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

/// The first bytes of a file that is no text.
#[component]
fn BinaryFile(file: FileRef, length: u64) -> impl IntoView {
    let url = file.download_url();
    let bytes = use_reading(move || file.download_url(), Signal::stored(0), first_bytes);
    let row =
        |row: hex::HexRow| view! { <tr><th scope="row">{row.offset}</th><td>{row.bytes}</td><td>{row.text}</td></tr> };
    view! {
        <Essentials>
            <Essential label=msg::FILE_SIZE>{move || format::bytes(language(), length)}</Essential>
            <Essential label=msg::LOG_DOWNLOAD>
                <a class="button" href=url download="" rel="external"><Glyph icon=Icon::Download/><span>{tx(msg::LOG_DOWNLOAD)}</span></a>
            </Essential>
        </Essentials>
        <p class="form__note">{move || tf(msg::FILE_NO_TEXT, &[("size", &format::bytes(language(), SAMPLE.min(length)))])}</p>
        <Loaded reading=bytes lines=8 let:bytes>
            <div class="hex-view" tabindex="0" role="region" aria-label=move || t(msg::FILE_HEX)>
                <table>
                    <thead class="visually-hidden">
                        <tr>
                            <th scope="col">{tx(msg::FILE_OFFSET)}</th>
                            <th scope="col">{tx(msg::FILE_BYTES)}</th>
                            <th scope="col">{tx(msg::FILE_CHARACTERS)}</th>
                        </tr>
                    </thead>
                    <tbody>{move || bytes.with(|bytes| hex::rows(bytes)).into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </Loaded>
    }
}

/// Bytes as they are: the server functions carry text only.
async fn first_bytes(url: String) -> Result<Vec<u8>, api::Error> {
    let failed = |error: gloo_net::Error| api::Error::new(Code::ServerBusy).with("Reason", error.to_string());
    let range = format!("bytes=0-{}", SAMPLE - 1);
    let answer = gloo_net::http::Request::get(&url).header("Range", &range).send().await.map_err(failed)?;
    if !answer.ok() {
        let text = answer.text().await.map_err(failed)?;
        return Err(serde_json::from_str(&text).unwrap_or_else(|_| Code::InternalError.into()));
    }
    let mut bytes = answer.binary().await.map_err(failed)?;
    bytes.truncate(SAMPLE as usize);
    Ok(bytes)
}
