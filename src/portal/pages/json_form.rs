//! Something new, written as REST's body: also a copy of what there is, with settings that no form has.

use std::future::Future;

use leptos::prelude::*;

use crate::api;
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, ErrorBar, Field, FieldErrors, FormErrors, Icon, Loaded, PageHeader, TextArea,
};
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::pages::making::{Made, Making};
use crate::portal::pages::refusal;
use crate::portal::reading::use_reading;
use crate::portal::shell::use_account;
use crate::portal::state::use_session;

/// What the address says of how the form is shown: `?as=json&from={id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsJson {
    /// The thing that is copied; empty for none.
    pub from: String,
}

impl AsJson {
    pub fn read(query: &leptos_router::params::ParamsMap) -> Option<AsJson> {
        let is_json = query.get_str("as") == Some("json");
        is_json.then(|| AsJson { from: query.get("from").unwrap_or_default() })
    }
}

/// The settings of something new, as they are typed.
pub fn typed(settings: &impl serde::Serialize) -> String {
    // Wire shapes always serialise.
    serde_json::to_string_pretty(settings).unwrap_or_default()
}

/// The id of a copy. A colon is for the jobs that schedules make.
pub fn copy_id(id: &str) -> String {
    const MOST: usize = 64;
    const END: &str = "-copy";
    let begin: String = id.chars().take(MOST - END.len()).map(|c| if c == ':' { '-' } else { c }).collect();
    format!("{begin}{END}")
}

/// What makes the things of one kind.
#[derive(Clone, Copy)]
pub struct Kind<C, S> {
    pub title: Msg,
    pub icon: Icon,
    pub submit: Msg,
    pub permission: Permission,
    /// The page of all of them.
    pub list: fn(&AccountName) -> String,
    /// What each needs.
    pub least: &'static str,
    /// The text of a copy of what has this id.
    pub copy: C,
    /// Sends the text; answers with the id of what was made.
    pub send: S,
    /// What is said when it is there, and its page.
    pub made: fn(&AccountName, &str) -> (String, String),
}

/// The page of what is written as JSON.
#[component]
pub fn JsonPage<C, CF, S, SF>(how: AsJson, kind: Kind<C, S>) -> impl IntoView
where
    C: Fn(AccountName, String) -> CF + Copy + Send + Sync + 'static,
    CF: Future<Output = Result<String, api::Error>> + 'static,
    S: Fn(AccountName, String) -> SF + Copy + Send + Sync + 'static,
    SF: Future<Output = Result<String, api::Error>> + 'static,
{
    let (account, session) = (use_account(), use_session());
    let text = use_reading(
        move || (account.get(), how.from.clone()),
        Signal::stored(0),
        move |(account, from)| async move {
            if from.is_empty() { Ok(kind.least.to_owned()) } else { (kind.copy)(account, from).await }
        },
    );
    let send = move |text: String| (kind.send)(account.get_untracked(), text);
    let cancel = Signal::derive(move || (kind.list)(&account.get()));
    let refusal = Signal::derive(move || refusal::of(session, kind.permission, None));
    view! {
        <PageHeader title=kind.title icon=kind.icon/>
        <Loaded reading=text lines=8 let:text>
            <JsonForm first=text.get_untracked() submit=kind.submit cancel refusal send account made=kind.made/>
        </Loaded>
    }
}

#[component]
fn JsonForm<S, F>(
    /// What stands there at first.
    first: String,
    submit: Msg,
    cancel: Signal<String>,
    refusal: Signal<Option<String>>,
    send: S,
    account: Memo<AccountName>,
    made: fn(&AccountName, &str) -> (String, String),
) -> impl IntoView
where
    S: Fn(String) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<String, api::Error>> + 'static,
{
    let (text, making) = (RwSignal::new(first), Making::new());
    let form = FormErrors::provide(Signal::stored(FieldErrors::default()), making.error.into());
    let press = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if making.pending.get_untracked() || refusal.with_untracked(Option::is_some) {
            return;
        }
        // Asked for now: the page may have been left when the answer comes.
        let account = account.get_untracked();
        making.send_named(send(text.get_untracked()), move |id| {
            let (note, page) = made(&account, &id);
            Made { note, page }
        });
    };
    view! {
        <form class="form" on:submit=press novalidate>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name="json" label=msg::JSON_BODY hint=Signal::derive(|| Some(t(msg::JSON_BODY_HINT).to_owned())) required=true>
                <TextArea value=text code=true rows=24/>
            </Field>
            <div class="wizard__actions">
                <Button label=submit kind=ButtonKind::Primary submit=true pending=making.pending refusal/>
                <a class="button button--subtle" href=move || cancel.get()>{tx(msg::CANCEL)}</a>
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_an_id_that_can_be() {
        assert_eq!(copy_id("p1"), "p1-copy");
        assert_eq!(copy_id("s1:job-2"), "s1-job-2-copy");
        assert_eq!(copy_id(&"x".repeat(64)).len(), 64);
    }
}
