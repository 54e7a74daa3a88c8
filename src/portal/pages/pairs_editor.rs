//! Rows of a name and a value: environment variables, metadata.

use leptos::prelude::*;

use super::typed::Pair;
use crate::portal::components::{EditedRow, RowNumber, RowsEditor, TextInput};
use crate::portal::i18n::{msg, t};

#[derive(Clone, Copy)]
struct PairRow {
    name: RwSignal<String>,
    value: RwSignal<String>,
}

impl EditedRow for PairRow {
    type Typed = Pair;

    fn new((name, value): Pair) -> Self {
        PairRow { name: RwSignal::new(name), value: RwSignal::new(value) }
    }

    fn get(self) -> Pair {
        (self.name.get(), self.value.get())
    }
}

/// Edits `pairs`; the field around it is a group and names them.
#[component]
pub fn PairsEditor(
    pairs: RwSignal<Vec<Pair>>,
    /// The word on the button, e.g. «Add a variable».
    #[prop(into)]
    add: Signal<String>,
) -> impl IntoView {
    let controls = |(row, number): (PairRow, RowNumber)| {
        view! {
            <TextInput value=row.name code=true label=number.label(msg::PAIRS_NAME) placeholder=Signal::derive(|| Some(t(msg::PAIRS_NAME_HINT).to_owned()))/>
            <TextInput value=row.value code=true label=number.label(msg::PAIRS_VALUE) placeholder=Signal::derive(|| Some(t(msg::PAIRS_VALUE_HINT).to_owned()))/>
        }
        .into_any()
    };
    view! { <RowsEditor typed=pairs add controls=Callback::new(controls)/> }
}
