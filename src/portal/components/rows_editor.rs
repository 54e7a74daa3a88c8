//! Rows of controls that the user adds and removes: variables, files, conditions, packages.

use leptos::prelude::*;

use super::button::{Button, ButtonKind};
use super::icon::Icon;
use crate::portal::i18n::{Msg, msg, tf};

/// The signals of a row's controls.
pub trait EditedRow: Copy + Send + Sync + 'static {
    /// The row as a form holds it, as typed.
    type Typed: Clone + Default + Send + Sync + 'static;

    fn new(typed: Self::Typed) -> Self;

    /// Tracked.
    fn get(self) -> Self::Typed;
}

/// Which row it is, for the names of its controls.
#[derive(Clone, Copy)]
pub struct RowNumber(Signal<usize>);

impl RowNumber {
    /// The message with the row's number as `{n}`.
    pub fn label(self, message: Msg) -> Signal<Option<String>> {
        Signal::derive(move || Some(self.text(message)))
    }

    /// From 0; tracked.
    pub fn index(self) -> usize {
        self.0.get().saturating_sub(1)
    }

    fn text(self, message: Msg) -> String {
        tf(message, &[("n", &self.0.get().to_string())])
    }
}

/// A row among others; the id stays while they come and go.
#[derive(Clone, Copy)]
struct Placed<R> {
    id: usize,
    row: R,
}

/// Edits `typed`; the field around it is a group and names the rows.
#[component]
pub fn RowsEditor<R: EditedRow>(
    typed: RwSignal<Vec<R::Typed>>,
    /// The word on the button, e.g. «Add a variable».
    #[prop(into)]
    add: Signal<String>,
    /// As many controls side by side as there is room for; otherwise two.
    #[prop(optional)]
    wide: bool,
    /// What a further row says at first; otherwise nothing.
    #[prop(optional, into)]
    fresh: Option<Callback<(), R::Typed>>,
    /// The controls of a row, before the button that removes it.
    controls: Callback<(R, RowNumber), AnyView>,
) -> impl IntoView {
    let next_id = StoredValue::new(0);
    let place = move |typed: R::Typed| {
        let id = next_id.get_value();
        next_id.set_value(id + 1);
        Placed { id, row: R::new(typed) }
    };
    let rows = RwSignal::new(typed.get_untracked().into_iter().map(place).collect::<Vec<_>>());
    // The rows are what is typed; the form reads them.
    Effect::new(move || typed.set(rows.get().into_iter().map(|placed| placed.row.get()).collect()));
    let number = move |id: usize| {
        let position = move || rows.with(|rows| rows.iter().position(|placed| placed.id == id)).map_or(0, |at| at + 1);
        RowNumber(Signal::derive(position))
    };
    let remove = move |id: usize| rows.update(|rows| rows.retain(|placed| placed.id != id));
    let append = move || {
        let new = place(fresh.map_or_else(R::Typed::default, |fresh| fresh.run(())));
        rows.update(|rows| rows.push(new));
    };
    view! {
        <div class="pairs">
            <For each=move || rows.get() key=|placed| placed.id let:placed>
                <div class="pairs__row" class=("pairs__row--wide", wide)>
                    {controls.run((placed.row, number(placed.id)))}
                    <Button
                        label=Signal::derive(move || number(placed.id).text(msg::PAIRS_REMOVE))
                        icon=Icon::Delete
                        icon_only=true
                        kind=ButtonKind::Subtle
                        on_press=move || remove(placed.id)
                    />
                </div>
            </For>
            <Button label=add icon=Icon::Add kind=ButtonKind::Subtle on_press=append/>
        </div>
    }
}

/// A control of a row with a word above it, where a row has so many that their contents do not say what they are.
#[component]
pub fn Labelled(#[prop(into)] label: Signal<String>, children: Children) -> impl IntoView {
    view! { <span class="pairs__labelled"><span class="pairs__label" aria-hidden="true">{move || label.get()}</span>{children()}</span> }
}
