//! Rows of a name and a value: environment variables, metadata.

use leptos::prelude::*;

use super::typed::Pair;
use crate::portal::components::{Button, ButtonKind, Icon, TextInput};
use crate::portal::i18n::{msg, t, tf};

/// A row with the signals of its inputs; the id stays while other rows come and go.
#[derive(Clone, Copy)]
struct PairRow {
    id: usize,
    name: RwSignal<String>,
    value: RwSignal<String>,
}

/// Edits `pairs`; the field around it is a group and names them.
#[component]
pub fn PairsEditor(
    pairs: RwSignal<Vec<Pair>>,
    /// The word on the button, e.g. «Add a variable».
    #[prop(into)]
    add: Signal<String>,
) -> impl IntoView {
    let next_id = StoredValue::new(0);
    let new_row = move |(name, value): Pair| {
        let id = next_id.get_value();
        next_id.set_value(id + 1);
        PairRow { id, name: RwSignal::new(name), value: RwSignal::new(value) }
    };
    let rows = RwSignal::new(pairs.get_untracked().into_iter().map(new_row).collect::<Vec<_>>());
    // The rows are what is typed; the form reads them as pairs.
    Effect::new(move || pairs.set(rows.get().into_iter().map(|row| (row.name.get(), row.value.get())).collect()));
    let label = move |row: PairRow, message| {
        let position =
            move || rows.with(|rows| rows.iter().position(|other| other.id == row.id)).map_or(0, |index| index + 1);
        Signal::derive(move || Some(tf(message, &[("n", &position().to_string())])))
    };
    view! {
        <div class="pairs">
            <For each=move || rows.get() key=|row| row.id let:row>
                <div class="pairs__row">
                    <TextInput value=row.name code=true label=label(row, msg::PAIRS_NAME) placeholder=Signal::derive(|| Some(t(msg::PAIRS_NAME_HINT).to_owned()))/>
                    <TextInput value=row.value code=true label=label(row, msg::PAIRS_VALUE) placeholder=Signal::derive(|| Some(t(msg::PAIRS_VALUE_HINT).to_owned()))/>
                    <Button
                        label=Signal::derive(move || label(row, msg::PAIRS_REMOVE).get().unwrap_or_default())
                        icon=Icon::Delete
                        icon_only=true
                        kind=ButtonKind::Subtle
                        on_press=move || rows.update(|rows| rows.retain(|other| other.id != row.id))
                    />
                </div>
            </For>
            <Button label=add icon=Icon::Add kind=ButtonKind::Subtle on_press=move || { let row = new_row(Pair::default()); rows.update(|rows| rows.push(row)) }/>
        </div>
    }
}
