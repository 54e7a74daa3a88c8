//! A file that nobody writes to, or a node's: as text, formatted JSON or a picture where it is that, else its first bytes.
//! Nothing of a file is ever run by the browser: what a task wrote or somebody stored is nobody's word.

use leptos::prelude::*;

use super::file_ref::FileRef;
use super::hex;
use super::json_layout::json_layout;
use super::log_viewer::LogViewer;
use crate::api::{self, Code};
use crate::portal::components::{
    Button, ButtonKind, Essential, Essentials, Glyph, Icon, Loaded, Snippet, use_query_param,
};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tx};
use crate::portal::reading::use_reading;

/// So much of a file tells whether it is text.
pub const SAMPLE: u64 = 4096;
/// JSON that is formatted is not longer.
const LONGEST_JSON: u64 = 512 << 10;

/// What must be known before anything is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    pub is_text: bool,
    pub length: u64,
}

pub async fn kind_of(file: FileRef) -> Result<Kind, api::Error> {
    let part = file.text(0, SAMPLE).await?;
    Ok(Kind { is_text: hex::looks_like_text(part.text.as_bytes()), length: part.file_length })
}

#[component]
pub fn FileView(#[prop(into)] file: Signal<Option<FileRef>>) -> impl IntoView {
    let kind = use_reading(
        move || file.get(),
        Signal::stored(0),
        |file| async move { kind_of(file.ok_or(Code::FileNotFound)?).await },
    );
    view! {
        <Loaded reading=kind lines=8 let:kind>
            {move || file.get().map(|file| {
                let Kind { is_text, length } = kind.get();
                match () {
                    () if file.is_named_picture() && !is_text => view! { <PictureFile file length/> }.into_any(),
                    () if is_text && file.is_named_json() && length <= LONGEST_JSON => view! { <JsonFile file length/> }.into_any(),
                    () if is_text => view! { <LogViewer file is_running=Signal::stored(false)/> }.into_any(),
                    () => view! { <BinaryFile file length/> }.into_any(),
                }
            })}
        </Loaded>
    }
}

/// The server sends it as a picture only if its bytes are one.
#[component]
pub fn PictureFile(file: FileRef, length: u64) -> impl IntoView {
    let name = file.path().rsplit('/').next().unwrap_or_default().to_owned();
    view! {
        <FileFacts file=file.clone() length/>
        <p><img class="picture" src=file.picture_url() alt=move || tf(msg::FILE_PICTURE, &[("file", &name)])/></p>
    }
}

#[component]
fn JsonFile(file: FileRef, length: u64) -> impl IntoView {
    let as_written = use_query_param("raw");
    let asked = file.clone();
    let text = use_reading(
        move || asked.clone(),
        Signal::stored(0),
        |file| async move { Ok(file.text(0, LONGEST_JSON).await?.text) },
    );
    let is_raw = move || as_written.get() == "1";
    let other = Signal::derive(move || t(if is_raw() { msg::FILE_FORMATTED } else { msg::FILE_AS_WRITTEN }).to_owned());
    let facts = file.clone();
    view! {
        <FileFacts file=facts length/>
        <div class="view-choice">
            <Button label=other kind=ButtonKind::Subtle icon=Icon::List on_press=move || as_written.replace(if is_raw() { "" } else { "1" })/>
        </div>
        {move || if is_raw() {
            view! { <LogViewer file=file.clone() is_running=Signal::stored(false)/> }.into_any()
        } else {
            view! {
                <Loaded reading=text lines=8 let:text>
                    <Snippet code=Signal::derive(move || text.with(|text| json_layout(text).unwrap_or_else(|| text.clone()))) what=msg::FILE_FORMATTED/>
                </Loaded>
            }.into_any()
        }}
    }
}

/// The first bytes of a file that is no text.
#[component]
pub fn BinaryFile(file: FileRef, length: u64) -> impl IntoView {
    let asked = file.clone();
    let bytes = use_reading(move || asked.download_url(), Signal::stored(0), first_bytes);
    let row =
        |row: hex::HexRow| view! { <tr><th scope="row">{row.offset}</th><td>{row.bytes}</td><td>{row.text}</td></tr> };
    view! {
        <FileFacts file length/>
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

#[component]
fn FileFacts(file: FileRef, length: u64) -> impl IntoView {
    view! {
        <Essentials>
            <Essential label=msg::FILE_SIZE>{move || format::bytes(language(), length)}</Essential>
            <Essential label=msg::LOG_DOWNLOAD>
                <a class="button" href=file.download_url() download="" rel="external"><Glyph icon=Icon::Download/><span>{tx(msg::LOG_DOWNLOAD)}</span></a>
            </Essential>
        </Essentials>
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
