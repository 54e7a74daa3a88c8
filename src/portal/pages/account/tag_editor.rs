//! Tags as rows of name and value.

use leptos::prelude::*;

use crate::portal::components::{EditedRow, RowNumber, RowsEditor, TextInput};
use crate::portal::i18n::{msg, t};
use crate::portal::pages::typed::Pair;

#[derive(Clone, Copy)]
struct Row {
    name: RwSignal<String>,
    value: RwSignal<String>,
}

impl EditedRow for Row {
    type Typed = Pair;

    fn new((name, value): Pair) -> Self {
        Row { name: RwSignal::new(name), value: RwSignal::new(value) }
    }

    fn get(self) -> Pair {
        (self.name.get(), self.value.get())
    }
}

/// The rows; copyable, so that a form can hold it.
#[derive(Clone, Copy)]
pub struct TagRows(RwSignal<Vec<Pair>>);

impl TagRows {
    pub fn new(tags: impl IntoIterator<Item = Pair>) -> TagRows {
        let mut rows: Vec<Pair> = tags.into_iter().collect();
        if rows.is_empty() {
            rows.push(Pair::default());
        }
        TagRows(RwSignal::new(rows))
    }

    /// What is typed, row by row.
    pub fn get(self) -> Vec<Pair> {
        self.0.get()
    }
}

#[component]
pub fn TagEditor(rows: TagRows) -> impl IntoView {
    let name = Signal::derive(|| Some(t(msg::TAG_NAME).to_owned()));
    let value = Signal::derive(|| Some(t(msg::TAG_VALUE).to_owned()));
    let controls = move |(row, _): (Row, RowNumber)| {
        view! {
            <TextInput value=row.name label=name placeholder=name/>
            <TextInput value=row.value label=value placeholder=value/>
        }
        .into_any()
    };
    view! { <RowsEditor typed=rows.0 add=msg::TAG_ADD controls=Callback::new(controls)/> }
}
