//! The tags of an account.

use leptos::prelude::*;

use super::form::{TAGS, to_tags};
use super::tag_editor::{TagEditor, TagRows};
use super::use_account_summary;
use crate::api::{AccountPatch, AccountSummary};
use crate::domain::permission::Permission;
use crate::portal::components::{Button, ButtonKind, Field, FieldErrors, FormErrors, Icon, Loaded, PageHeader};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::reading::Reading;
use crate::portal::shell::use_account;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::account_patch;

#[component]
pub fn TagsPage() -> impl IntoView {
    let account = use_account();
    let summary = use_account_summary();
    view! {
        <PageHeader title=msg::TAGS kind=Signal::derive(move || Some(account.get().to_string())) icon=Icon::Tag/>
        <p class="lead">{tx(msg::TAGS_HINT)}</p>
        <Loaded reading=summary let:loaded><TagsForm loaded summary/></Loaded>
    }
}

#[component]
fn TagsForm(loaded: Signal<AccountSummary>, summary: Reading<AccountSummary>) -> impl IntoView {
    let account = use_account();
    let (session, notifications) = (use_session(), use_notifications());
    // What is being edited stays when the account changes elsewhere.
    let rows = TagRows::new(loaded.get_untracked().account.tags);
    let checked = Memo::new(move |_| {
        let mut errors = FieldErrors::default();
        let tags = to_tags(&rows.get(), &mut errors);
        (tags, errors)
    });
    let errors = FormErrors::provide(Signal::derive(move || checked.get().1), Signal::stored(None));
    let refusal = Signal::derive(move || {
        if !session.allows(Permission::AccountWrite) {
            return Some(t(msg::ERROR_FORBIDDEN).to_owned());
        }
        (checked.with(|(tags, _)| *tags == loaded.get().account.tags)).then(|| t(msg::NOTHING_CHANGED).to_owned())
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if refusal.with_untracked(Option::is_some) || !errors.check() {
            return;
        }
        let name = account.get_untracked();
        let patch = AccountPatch { tags: Some(checked.get_untracked().0), ..Default::default() };
        let text = |message| tf(message, &[("name", name.as_str())]);
        notifications.run(
            text(msg::ACCOUNT_CHANGING),
            text(msg::TAGS_SAVED),
            account_patch(name.clone(), patch),
            move |_| summary.reload(),
        );
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <Field name=TAGS label=msg::TAGS group=true><TagEditor rows/></Field>
            <div class="form__actions"><Button label=msg::SAVE icon=Icon::Check kind=ButtonKind::Primary submit=true refusal/></div>
        </form>
    }
}
