//! Asks before something is done that cannot be undone, as loudly as it matters: a dialog that names the effect, or one in
//! which the name must be typed.

use std::sync::LazyLock;

use leptos::prelude::*;

use super::button::{Button, ButtonKind};
use super::dialog::Dialog;
use super::field::Field;
use super::select::Select;
use super::text_input::TextInput;
use crate::portal::i18n::{msg, t, tf};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Confirmation {
    /// The question, e.g. «Delete pool p1?».
    pub title: String,
    /// What will happen.
    pub effect: String,
    /// The word on the button, e.g. «Delete».
    pub button: String,
    /// A name to be typed, for what hurts most.
    pub typed: Option<String>,
}

/// In which of a few ways it is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub label: String,
    /// What is sent, what people read, and what happens then.
    pub options: Vec<(String, String, String)>,
    /// What is chosen; whoever asks reads it on yes.
    pub chosen: ArcRwSignal<String>,
}

type Asked = (Confirmation, Option<Choice>);
type Pending = (Asked, ArcStoredValue<Option<Box<dyn FnOnce() + Send + Sync>>>);

static ASKED: LazyLock<ArcRwSignal<Option<Pending>>> = LazyLock::new(Default::default);

/// Asks, and does it on yes.
pub fn ask(confirmation: Confirmation, on_yes: impl FnOnce() + Send + Sync + 'static) {
    ask_how(confirmation, None, on_yes);
}

/// Asks whether and how, and does it on yes.
pub fn ask_how(confirmation: Confirmation, choice: Option<Choice>, on_yes: impl FnOnce() + Send + Sync + 'static) {
    let on_yes: Box<dyn FnOnce() + Send + Sync> = Box::new(on_yes);
    ASKED.set(Some(((confirmation, choice), ArcStoredValue::new(Some(on_yes)))));
}

/// Shows what is asked. The page has one.
#[component]
pub fn ConfirmHost() -> impl IntoView {
    let asked = ASKED.clone();
    let open = RwSignal::new(false);
    let shown = Memo::new(move |_| {
        asked.with(|asked| asked.as_ref().map(|((confirmation, _), _)| confirmation.clone()).unwrap_or_default())
    });
    let asked = ASKED.clone();
    let choice = Memo::new(move |_| asked.with(|asked| asked.as_ref().and_then(|((_, choice), _)| choice.clone())));
    let asked = ASKED.clone();
    Effect::new(move || {
        let is_asked = asked.with(Option::is_some);
        open.set(is_asked);
    });
    Effect::new(move |was: Option<bool>| {
        let is = open.get();
        if was == Some(true) && !is {
            ASKED.set(None);
        }
        is
    });
    view! {
        <Dialog open title=Signal::derive(move || shown.with(|c| c.title.clone()))>
            <ConfirmBody shown choice open/>
        </Dialog>
    }
}

#[component]
fn ConfirmBody(shown: Memo<Confirmation>, choice: Memo<Option<Choice>>, open: RwSignal<bool>) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let name = Memo::new(move |_| shown.with(|c| c.typed.clone()));
    let refusal = Signal::derive(move || {
        let name = name.get()?;
        (typed.with(|t| t.trim() != name)).then(|| tf(msg::CONFIRM_TYPE, &[("name", &name)]))
    });
    let yes = move || {
        if refusal.get_untracked().is_some() {
            return;
        }
        let action = ASKED.with_untracked(|asked| {
            asked.as_ref().and_then(|(_, action)| action.try_update_value(Option::take).flatten())
        });
        open.set(false);
        if let Some(action) = action {
            action();
        }
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        yes();
    };
    view! {
        <form class="form" on:submit=submit>
            <p class="dialog__text">{move || shown.with(|c| c.effect.clone())}</p>
            {move || choice.get().map(|choice| view! { <ChoiceField choice/> })}
            {move || name.get().map(|name| {
                let label = Signal::derive(move || tf(msg::CONFIRM_TYPE, &[("name", &name)]));
                view! { <Field name="confirm" label=label><TextInput value=typed autocomplete="off"/></Field> }
            })}
            <div class="dialog__actions">
                <Button label=move || shown.with(|c| c.button.clone()) kind=ButtonKind::Danger refusal submit=true/>
                <Button label=move || t(msg::CANCEL) on_press=move || open.set(false)/>
            </div>
        </form>
    }
}

#[component]
fn ChoiceField(choice: Choice) -> impl IntoView {
    let Choice { label, options, chosen } = choice;
    let value = RwSignal::from(chosen);
    let shown: Vec<_> = options.iter().map(|(key, text, _)| (key.clone(), text.clone())).collect();
    let effect = move || {
        let chosen = value.get();
        options.iter().find(|(key, ..)| *key == chosen).map(|(.., effect)| effect.clone())
    };
    view! {
        <Field name="option" label=Signal::stored(label) hint=Signal::derive(effect)>
            <Select value options=Signal::stored(shown)/>
        </Field>
    }
}
