//! How far an upload is.

use leptos::prelude::*;

use super::{Upload, UploadState};
use crate::portal::components::{ErrorBar, Glyph, Icon};
use crate::portal::format;
use crate::portal::i18n::{language, msg, tf, tx};

#[component]
pub fn UploadRow(upload: Upload) -> impl IntoView {
    let Upload { name, size, sent, state, .. } = upload;
    let shown = name.clone();
    let of = move || {
        let values = [format::bytes(language(), sent.get()), format::bytes(language(), size)];
        tf(msg::UPLOAD_OF, &[("sent", &values[0]), ("size", &values[1])])
    };
    let status = move || {
        match state.get() {
        UploadState::Waiting => tx(msg::UPLOAD_WAITING).into_any(),
        UploadState::Sending => view! {
            <progress class="upload__bar" max=size.max(1).to_string() prop:value=move || sent.get() as f64 aria-label=shown.clone()></progress>
            <span>{of}</span>
        }
        .into_any(),
        UploadState::Done => view! { <Glyph icon=Icon::Check/>" "{tx(msg::UPLOADED)} }.into_any(),
        UploadState::Failed(error) => view! { <ErrorBar error/> }.into_any(),
    }
    };
    view! { <span class="upload__name">{name}</span>{status} }
}
