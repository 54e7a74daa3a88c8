//! What can be done to the thing on the page, or to a row: one list for the bar and for the row's menu. A command that is
//! refused is shown with the reason, not hidden.

use std::sync::Arc;

use leptos::prelude::*;

use super::button::{Button, ButtonKind};
use super::confirm::{Choice, Confirmation, ask_how};
use super::icon::{Glyph, Icon};
use super::menu::Menu;
use crate::portal::i18n::{Msg, msg, t};

#[derive(Clone)]
pub struct Command {
    label: Msg,
    icon: Icon,
    kind: ButtonKind,
    action: Action,
    refusal: Signal<Option<String>>,
    confirmation: Option<Callback<(), Confirmation>>,
    choice: Option<Callback<(), Choice>>,
}

#[derive(Clone)]
enum Action {
    /// Counted rather than owned by the row: the row can be drawn anew while the user is asked.
    Run(Arc<dyn Fn() + Send + Sync>),
    Go(Signal<String>),
}

impl Command {
    /// Does something.
    pub fn new(label: Msg, icon: Icon, run: impl Fn() + Send + Sync + 'static) -> Command {
        Command {
            label,
            icon,
            kind: ButtonKind::Subtle,
            action: Action::Run(Arc::new(run)),
            refusal: Signal::stored(None),
            confirmation: None,
            choice: None,
        }
    }

    /// Goes to a page: a real link.
    pub fn link(label: Msg, icon: Icon, href: impl Into<Signal<String>>) -> Command {
        Command { action: Action::Go(href.into()), ..Command::new(label, icon, || ()) }
    }

    pub fn primary(self) -> Command {
        Command { kind: ButtonKind::Primary, ..self }
    }

    pub fn danger(self) -> Command {
        Command { kind: ButtonKind::Danger, ..self }
    }

    /// Why it cannot be done now.
    pub fn refused(self, why: impl Fn() -> Option<String> + Send + Sync + 'static) -> Command {
        Command { refusal: Signal::derive(why), ..self }
    }

    /// Asks first; what is asked is made when the command is chosen.
    pub fn confirmed(self, confirmation: impl Fn() -> Confirmation + Send + Sync + 'static) -> Command {
        Command { confirmation: Some(Callback::new(move |()| confirmation())), ..self }
    }

    /// Asks how, with the question whether.
    pub fn choosing(self, choice: impl Fn() -> Choice + Send + Sync + 'static) -> Command {
        Command { choice: Some(Callback::new(move |()| choice())), ..self }
    }

    fn choose(&self) {
        let Action::Run(run) = &self.action else { return };
        if self.refusal.with_untracked(Option::is_some) {
            return;
        }
        match self.confirmation {
            Some(confirmation) => {
                let run = run.clone();
                ask_how(confirmation.run(()), self.choice.map(|choice| choice.run(())), move || run());
            }
            None => run(),
        }
    }
}

/// The commands side by side.
#[component]
pub fn CommandBar(
    commands: Vec<Command>,
    /// What stands at the end of the bar.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="command-bar" role="group" aria-label=move || t(msg::COMMANDS)>
            {commands.into_iter().map(|command| view! { <CommandButton command/> }).collect_view()}
            {children.map(|children| view! { <div class="command-bar__end">{children()}</div> })}
        </div>
    }
}

#[component]
fn CommandButton(command: Command) -> impl IntoView {
    let (label, icon, kind) = (command.label, command.icon, command.kind);
    match command.action {
        Action::Go(href) => view! { <ButtonLink label icon kind href/> }.into_any(),
        Action::Run(_) => {
            let refusal = command.refusal;
            let class = if kind == ButtonKind::Danger { ButtonKind::Subtle } else { kind };
            view! { <Button label icon kind=class refusal on_press=move || command.choose()/> }.into_any()
        }
    }
}

/// A link that looks like a button.
#[component]
pub fn ButtonLink(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] href: Signal<String>,
    #[prop(optional, into)] icon: Option<Icon>,
    #[prop(optional)] kind: ButtonKind,
) -> impl IntoView {
    let class = match kind {
        ButtonKind::Primary => "button button--primary",
        ButtonKind::Subtle => "button button--subtle",
        ButtonKind::Secondary | ButtonKind::Danger => "button",
    };
    view! {
        <a class=class href=move || href.get()>
            {icon.map(|icon| view! { <Glyph icon/> })}
            <span>{move || label.get()}</span>
        </a>
    }
}

/// The commands behind a «…» button.
#[component]
pub fn CommandMenu(
    commands: Vec<Command>,
    /// What they are done to.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let commands = StoredValue::new(commands);
    view! {
        <Menu label icon=Icon::More>
            {commands.with_value(|commands| commands.iter().cloned().map(|command| view! { <CommandItem command/> }).collect_view())}
        </Menu>
    }
}

#[component]
fn CommandItem(command: Command) -> impl IntoView {
    let (label, icon) = (command.label, command.icon);
    let is_danger = command.kind == ButtonKind::Danger;
    let refusal = command.refusal;
    match command.action {
        Action::Go(href) => view! {
            <a class="menu__item" href=move || href.get()><Glyph icon/><span>{move || t(label)}</span></a>
        }
        .into_any(),
        Action::Run(_) => view! {
            <button
                type="button"
                class="menu__item"
                class=("menu__item--danger", is_danger)
                aria-disabled=move || refusal.get().map(|_| "true")
                on:click=move |_| command.choose()
            >
                <Glyph icon/>
                <span>
                    {move || t(label)}
                    {move || refusal.get().map(|why| view! { <span class="menu__why">{why}</span> })}
                </span>
            </button>
        }
        .into_any(),
    }
}
