//! Rows of resource files: where each comes from, and where it goes.

use leptos::prelude::*;

use super::picker::{Picked, PickerButton, Wanted};
use super::source_rows::{SourceKind, SourceRow};
use crate::portal::components::{Button, ButtonKind, Icon, Select, TextInput};
use crate::portal::i18n::{Msg, msg, t, tf};

/// A row with the signals of its controls; the id stays while other rows come and go.
#[derive(Clone, Copy)]
struct Row {
    id: usize,
    kind: RwSignal<String>,
    source: RwSignal<String>,
    prefix: RwSignal<String>,
    path: RwSignal<String>,
    mode: RwSignal<String>,
    rest: StoredValue<SourceRow>,
}

impl Row {
    fn new(id: usize, row: SourceRow) -> Row {
        Row {
            id,
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
    let next_id = StoredValue::new(0);
    let new_row = move |row: SourceRow| {
        let id = next_id.get_value();
        next_id.set_value(id + 1);
        Row::new(id, row)
    };
    let rows = RwSignal::new(files.get_untracked().into_iter().map(new_row).collect::<Vec<_>>());
    // The rows are what is typed; the form reads them.
    Effect::new(move || files.set(rows.get().into_iter().map(Row::get).collect()));
    let label = move |row: Row, message| {
        let position =
            move || rows.with(|rows| rows.iter().position(|other| other.id == row.id)).map_or(0, |index| index + 1);
        Signal::derive(move || Some(tf(message, &[("n", &position().to_string())])))
    };
    let remove = move |row: Row| rows.update(|rows| rows.retain(|other| other.id != row.id));
    view! {
        <div class="pairs">
            <For each=move || rows.get() key=|row| row.id let:row>
                <div class="pairs__row pairs__row--wide">
                    <Select value=row.kind options=Signal::derive(kinds) label=label(row, msg::SOURCE_KIND)/>
                    <TextInput value=row.source code=true label=label(row, msg::SOURCE_OF) placeholder=Signal::derive(move || Some(t(source_hint(row.kind())).to_owned()))/>
                    <Show when=move || row.kind() != SourceKind::AutoStorage>
                        <PickerButton wanted=Signal::derive(move || if row.kind() == SourceKind::Url { Wanted::Blob } else { Wanted::Container }) on_picked=move |picked: Picked| row.take(picked)/>
                    </Show>
                    <Show when=move || row.kind() != SourceKind::Url>
                        <TextInput value=row.prefix code=true label=label(row, msg::SOURCE_PREFIX) placeholder=example(msg::SOURCE_PREFIX_HINT)/>
                    </Show>
                    <TextInput value=row.path code=true label=label(row, msg::SOURCE_PATH) placeholder=Signal::derive(move || Some(t(path_hint(row.kind())).to_owned()))/>
                    <TextInput value=row.mode code=true label=label(row, msg::SOURCE_MODE) placeholder=example(msg::SOURCE_MODE_HINT)/>
                    <Button
                        label=Signal::derive(move || label(row, msg::PAIRS_REMOVE).get().unwrap_or_default())
                        icon=Icon::Delete
                        icon_only=true
                        kind=ButtonKind::Subtle
                        on_press=move || remove(row)
                    />
                </div>
            </For>
            <Button label=msg::SOURCE_ADD icon=Icon::Add kind=ButtonKind::Subtle on_press=move || { let row = new_row(SourceRow::default()); rows.update(|rows| rows.push(row)) }/>
        </div>
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
