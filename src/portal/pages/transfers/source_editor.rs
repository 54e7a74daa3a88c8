//! Rows of resource files: where each comes from, and where it goes.

use leptos::prelude::*;

use super::picker::{Picked, PickerButton, Wanted};
use super::source_rows::{SourceKind, SourceRow};
use crate::portal::components::{EditedRow, RowNumber, RowsEditor, Select, TextInput};
use crate::portal::i18n::{Msg, msg, t};
use crate::portal::pages::account::StorageNeeded;

#[derive(Clone, Copy)]
struct Row {
    kind: RwSignal<String>,
    source: RwSignal<String>,
    prefix: RwSignal<String>,
    path: RwSignal<String>,
    mode: RwSignal<String>,
    rest: StoredValue<SourceRow>,
}

impl EditedRow for Row {
    type Typed = SourceRow;

    fn new(row: SourceRow) -> Row {
        Row {
            kind: RwSignal::new(row.kind.name().to_owned()),
            source: RwSignal::new(row.source.clone()),
            prefix: RwSignal::new(row.prefix.clone()),
            path: RwSignal::new(row.path.clone()),
            mode: RwSignal::new(row.mode.clone()),
            rest: StoredValue::new(row),
        }
    }

    fn get(self) -> SourceRow {
        SourceRow {
            kind: self.kind(),
            source: self.source.get(),
            prefix: self.prefix.get(),
            path: self.path.get(),
            mode: self.mode.get(),
            rest: self.rest.with_value(|row| row.rest.clone()),
        }
    }
}

impl Row {
    fn kind(self) -> SourceKind {
        SourceKind::of(&self.kind.get())
    }

    /// What was picked fills the row: a blob goes where its name says.
    fn take(self, picked: Picked) {
        self.source.set(picked.url);
        if let Some(blob) = picked.blob.filter(|_| self.path.with_untracked(|path| path.trim().is_empty())) {
            self.path.set(blob.rsplit('/').next().unwrap_or_default().to_owned());
        }
    }
}

/// Edits `files`; the field around it is a group and names them.
#[component]
pub fn SourceEditor(files: RwSignal<Vec<SourceRow>>) -> impl IntoView {
    let controls = |(row, number): (Row, RowNumber)| {
        view! {
            <Select value=row.kind options=Signal::derive(kinds) label=number.label(msg::SOURCE_KIND)/>
            <TextInput value=row.source code=true label=number.label(msg::SOURCE_OF) placeholder=Signal::derive(move || Some(t(source_hint(row.kind())).to_owned()))/>
            <Show when=move || row.kind() != SourceKind::AutoStorage>
                <PickerButton wanted=Signal::derive(move || if row.kind() == SourceKind::Url { Wanted::Blob } else { Wanted::Container }) on_picked=move |picked: Picked| row.take(picked)/>
            </Show>
            <Show when=move || row.kind() != SourceKind::Url>
                <TextInput value=row.prefix code=true label=number.label(msg::SOURCE_PREFIX) placeholder=example(msg::SOURCE_PREFIX_HINT)/>
            </Show>
            <TextInput value=row.path code=true label=number.label(msg::SOURCE_PATH) placeholder=Signal::derive(move || Some(t(path_hint(row.kind())).to_owned()))/>
            <TextInput value=row.mode code=true label=number.label(msg::SOURCE_MODE) placeholder=example(msg::SOURCE_MODE_HINT)/>
        }
        .into_any()
    };
    let names_linked =
        Memo::new(move |_| files.with(|rows| rows.iter().any(|row| row.kind == SourceKind::AutoStorage)));
    view! {
        <RowsEditor typed=files add=msg::SOURCE_ADD wide=true controls=Callback::new(controls)/>
        <Show when=move || names_linked.get()><StorageNeeded why=msg::STORAGE_NEEDED_FILES/></Show>
    }
}

pub fn kind_text(kind: SourceKind) -> Msg {
    match kind {
        SourceKind::Url => msg::SOURCE_URL,
        SourceKind::Container => msg::SOURCE_CONTAINER,
        SourceKind::AutoStorage => msg::SOURCE_AUTO,
    }
}

fn kinds() -> Vec<(String, String)> {
    SourceKind::ALL.map(|kind| (kind.name().to_owned(), t(kind_text(kind)).to_owned())).into()
}

fn source_hint(kind: SourceKind) -> Msg {
    match kind {
        SourceKind::Url => msg::SOURCE_URL_HINT,
        SourceKind::Container => msg::SOURCE_CONTAINER_HINT,
        SourceKind::AutoStorage => msg::SOURCE_AUTO_HINT,
    }
}

fn path_hint(kind: SourceKind) -> Msg {
    if kind == SourceKind::Url { msg::SOURCE_PATH_HINT } else { msg::SOURCE_FOLDER_HINT }
}

pub(super) fn example(message: Msg) -> Signal<Option<String>> {
    Signal::derive(move || Some(t(message).to_owned()))
}
