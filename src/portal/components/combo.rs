//! A text field with suggestions (the ARIA combobox pattern): what is typed counts, the suggestions help.

use leptos::prelude::*;

use super::menu::unique_id;
use super::text_input::wiring;

/// A suggestion: its value, and what is said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    pub value: String,
    pub note: String,
}

impl Suggestion {
    pub fn new(value: impl Into<String>, note: impl Into<String>) -> Suggestion {
        Suggestion { value: value.into(), note: note.into() }
    }
}

#[component]
pub fn Combo(
    value: RwSignal<String>,
    /// What to suggest for what is typed, best first; the caller filters.
    #[prop(into)]
    suggestions: Signal<Vec<Suggestion>>,
    /// A suggestion was chosen; otherwise it only fills the field.
    #[prop(optional, into)]
    on_choose: Option<Callback<String>>,
    #[prop(optional, into)] placeholder: Signal<Option<String>>,
    #[prop(optional, into)] label: Signal<Option<String>>,
) -> impl IntoView {
    let (id, described_by, is_invalid, is_required) = wiring(use_context());
    let list_id = StoredValue::new(unique_id("options"));
    let is_open = RwSignal::new(false);
    let active = RwSignal::new(None::<usize>);
    let shown = Memo::new(move |_| is_open.get() && suggestions.with(|s| !s.is_empty()));
    let choose = move |i: usize| {
        let Some(chosen) = suggestions.with_untracked(|s| s.get(i).map(|s| s.value.clone())) else { return };
        is_open.set(false);
        active.set(None);
        match on_choose {
            Some(on_choose) => on_choose.run(chosen),
            None => value.set(chosen),
        }
    };
    let walk = move |step: i32| {
        let n = suggestions.with_untracked(Vec::len) as i32;
        is_open.set(true);
        if n > 0 {
            let next =
                active.get_untracked().map_or(if step > 0 { 0 } else { n - 1 }, |i| (i as i32 + step).rem_euclid(n));
            active.set(Some(next as usize));
        }
    };
    let key = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "ArrowDown" => {
            event.prevent_default();
            walk(1)
        }
        "ArrowUp" => {
            event.prevent_default();
            walk(-1)
        }
        "Enter" if shown.get_untracked() => {
            if let Some(i) = active.get_untracked().or((on_choose.is_some()).then_some(0)) {
                event.prevent_default();
                choose(i);
            }
        }
        "Escape" if is_open.get_untracked() => {
            event.prevent_default();
            is_open.set(false)
        }
        _ => {}
    };
    let option_id = move |i: usize| format!("{}-{i}", list_id.get_value());
    view! {
        <div class="combo" on:focusout=move |_| is_open.set(false)>
            <input
                class="input"
                type="text"
                role="combobox"
                id=id
                autocomplete="off"
                spellcheck="false"
                placeholder=move || placeholder.get()
                aria-label=move || label.get()
                aria-autocomplete="list"
                aria-controls=move || list_id.get_value()
                aria-expanded=move || shown.get().to_string()
                aria-activedescendant=move || active.get().filter(|_| shown.get()).map(option_id)
                aria-describedby=move || described_by.get()
                aria-invalid=move || is_invalid.get().then_some("true")
                aria-required=is_required.then_some("true")
                prop:value=move || value.get()
                on:input:target=move |event| { value.set(event.target().value()); active.set(None); is_open.set(true) }
                on:click=move |_| is_open.set(true)
                on:keydown=key
            />
            <ul class="combo__list" role="listbox" id=move || list_id.get_value() aria-label=move || label.get() hidden=move || !shown.get()>
                {move || suggestions.get().into_iter().enumerate().map(|(i, suggestion)| view! {
                    // On pointer-down: a click would come after the field lost the focus and the list went away.
                    <li class="combo__option" role="option" id=option_id(i) aria-selected=move || (active.get() == Some(i)).to_string()
                        on:mousedown=move |event| { event.prevent_default(); choose(i) }>
                        <span>{suggestion.value}</span>
                        <span class="combo__note">{suggestion.note}</span>
                    </li>
                }).collect_view()}
            </ul>
        </div>
    }
}
