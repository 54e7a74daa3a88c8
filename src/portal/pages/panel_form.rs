//! A form that changes something: a check of its own, one request, and the panel closes when that went well. Panels and dialogs
//! share it, so that all of them refuse, wait and say errors alike.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::portal::components::{Button, ButtonKind, ErrorBar, FieldErrors, FormErrors};
use crate::portal::i18n::{Msg, msg};
use crate::portal::state::{Notifications, Session, use_notifications, use_session};

/// A request of a panel or dialog, which closes when it went well.
#[derive(Clone, Copy)]
pub struct Sending {
    pub pending: RwSignal<bool>,
    pub error: RwSignal<Option<api::Error>>,
    session: Session,
    notifications: Notifications,
}

impl Sending {
    pub fn new() -> Self {
        Sending {
            pending: RwSignal::new(false),
            error: RwSignal::new(None),
            session: use_session(),
            notifications: use_notifications(),
        }
    }

    /// `note` is shown, and the panel closed, when the request was carried out.
    pub fn send(
        self,
        open: RwSignal<bool>,
        note: String,
        request: impl Future<Output = Result<(), api::Error>> + 'static,
    ) {
        self.pending.set(true);
        spawn_local(async move {
            let answer = request.await;
            self.pending.try_set(false);
            match answer {
                Ok(()) => {
                    self.notifications.done(note);
                    open.try_set(false);
                }
                Err(refused) => {
                    self.session.observe(&refused);
                    self.error.try_set(Some(refused));
                }
            }
        });
    }
}

/// The form of a panel, with its fields as children.
#[component]
pub fn PanelForm<T, S, A>(
    open: RwSignal<bool>,
    /// What would be sent now, or what is wrong with it.
    checked: Memo<Result<T, FieldErrors>>,
    /// The request.
    send: S,
    /// Said when it was carried out.
    #[prop(into)]
    done: Signal<String>,
    #[prop(default = msg::SAVE)] submit: Msg,
    /// Why it cannot be sent at all.
    #[prop(optional, into)]
    refusal: Signal<Option<String>>,
    children: Children,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    S: Fn(T) -> A + 'static,
    A: Future<Output = Result<(), api::Error>> + 'static,
{
    let sending = Sending::new();
    let local = Signal::derive(move || checked.get().err().unwrap_or_default());
    let form = FormErrors::provide(local, sending.error.into());
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if sending.pending.get_untracked() || !form.check() {
            return;
        }
        let Ok(value) = checked.get_untracked() else { return };
        sending.send(open, done.get_untracked(), send(value));
    };
    view! {
        <form class="form" on:submit=on_submit novalidate>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            {children()}
            <div class="dialog__actions">
                <Button label=submit kind=ButtonKind::Primary submit=true pending=sending.pending refusal/>
                <Button label=msg::CANCEL on_press=move || open.set(false)/>
            </div>
        </form>
    }
}
