//! Where files are dropped or chosen, and how far each is.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use super::place::use_refusal;
use crate::domain::permission::Permission;
use crate::portal::components::{Checkbox, Glyph, Icon, announce};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::pages::uploads::{self, Target, Upload, UploadRow, UploadState};
use crate::portal::state::use_session;

#[component]
pub fn UploadArea(
    storage: Memo<String>,
    container: Memo<String>,
    folder: Memo<String>,
    /// A file has arrived.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let refusal = use_refusal(Permission::StorageWrite);
    let all = RwSignal::new(Vec::<Upload>::new());
    let (replace, is_over, is_busy) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    // One after the other: several at a time are not faster, and a broken line breaks one.
    let work = move || {
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        spawn_local(async move {
            while let Some(next) = all.try_with_untracked(|all| uploads::next(all)).flatten() {
                if let Err(error) = uploads::send(next.clone()).await {
                    session.observe(&error);
                    next.state.try_set(UploadState::Failed(error));
                    continue;
                }
                next.state.try_set(UploadState::Done);
                announce(tf(msg::UPLOAD_DONE, &[("name", &next.name)]));
                on_done.run(());
            }
            is_busy.try_set(false);
        });
    };
    let take = move |files: Option<web_sys::FileList>| {
        let Some(files) = files.filter(|_| refusal.with_untracked(Option::is_none)) else { return };
        let chosen = (0..files.length()).filter_map(|index| files.get(index));
        let new_upload = |file: web_sys::File| {
            let name = format!("{}{}", folder.get_untracked(), file.name());
            let (storage, container) = (storage.get_untracked(), container.get_untracked());
            let target = Target::Blob { storage, container, name: name.clone(), replace: replace.get_untracked() };
            Upload::new(file, name, target)
        };
        let new: Vec<Upload> = chosen.map(new_upload).collect();
        all.update(|all| all.extend(new));
        work();
    };
    let drop = move |event: web_sys::DragEvent| {
        event.prevent_default();
        is_over.set(false);
        take(event.data_transfer().and_then(|data| data.files()));
    };
    let choose = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok()) else {
            return;
        };
        take(input.files());
        // The same file can be chosen again.
        input.set_value("");
    };
    let over = move |event: web_sys::DragEvent| {
        event.prevent_default();
        is_over.set(true);
    };
    view! {
        <section class="upload" data-over=move || is_over.get().to_string() on:dragover=over on:dragleave=move |_| is_over.set(false) on:drop=drop>
            <div class="upload__row">
                <label class="button" title=move || refusal.get()>
                    <Glyph icon=Icon::Upload/><span>{tx(msg::UPLOAD)}</span>
                    <input class="visually-hidden" type="file" multiple=true disabled=move || refusal.with(Option::is_some) on:change=choose/>
                </label>
                <span class="form__note">{tx(msg::UPLOAD_DROP)}</span>
                <Checkbox value=replace label=msg::UPLOAD_REPLACE/>
            </div>
            <Show when=move || !all.with(Vec::is_empty)>
                <ul class="upload__list" aria-label=move || t(msg::UPLOADS)>
                    <For each=move || all.get() key=|upload| upload.id let:upload><li><UploadRow upload/></li></For>
                </ul>
            </Show>
        </section>
    }
}
