//! Tags as rows of name and value.

use leptos::prelude::*;

use crate::portal::components::menu::unique_id;
use crate::portal::components::{Button, ButtonKind, Icon, TextInput};
use crate::portal::i18n::{msg, t};

/// A row while it is edited.
#[derive(Clone)]
pub struct TagRow {
    id: String,
    name: RwSignal<String>,
    value: RwSignal<String>,
}

/// The rows; copyable, so that a form can hold it.
#[derive(Clone, Copy)]
pub struct TagRows(RwSignal<Vec<TagRow>>);

impl TagRows {
    pub fn new(tags: impl IntoIterator<Item = (String, String)>) -> TagRows {
        let rows = TagRows(RwSignal::new(Vec::new()));
        for (name, value) in tags {
            rows.add(name, value);
        }
        if rows.0.with_untracked(Vec::is_empty) {
            rows.add(String::new(), String::new());
        }
        rows
    }

    /// What is typed, row by row.
    pub fn get(self) -> Vec<(String, String)> {
        self.0.with(|rows| rows.iter().map(|row| (row.name.get(), row.value.get())).collect())
    }

    fn add(self, name: String, value: String) {
        let row = TagRow { id: unique_id("tag"), name: RwSignal::new(name), value: RwSignal::new(value) };
        self.0.update(|rows| rows.push(row));
    }
}

#[component]
pub fn TagEditor(rows: TagRows) -> impl IntoView {
    let remove = move |id: String| rows.0.update(|rows| rows.retain(|row| row.id != id));
    let name_label = Signal::derive(|| Some(t(msg::TAG_NAME).to_owned()));
    let value_label = Signal::derive(|| Some(t(msg::TAG_VALUE).to_owned()));
    view! {
        <div class="pairs">
            <For each=move || rows.0.get() key=|row| row.id.clone() let:row>
                <div class="pairs__row">
                    <TextInput value=row.name label=name_label placeholder=name_label/>
                    <TextInput value=row.value label=value_label placeholder=value_label/>
                    <Button label=msg::TAG_REMOVE icon=Icon::Delete icon_only=true kind=ButtonKind::Subtle
                        on_press={let id = row.id.clone(); move || remove(id.clone())}/>
                </div>
            </For>
            <div><Button label=msg::TAG_ADD icon=Icon::Add on_press=move || rows.add(String::new(), String::new())/></div>
        </div>
    }
}
