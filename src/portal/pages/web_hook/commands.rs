//! What can be done to a web hook.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::panel::EditPanel;
use crate::api::{WebHook, WebHookSecret};
use crate::domain::permission::Permission;
use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{Command, CommandBar, Confirmation, Icon, use_query_param};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::pages::refusal;
use crate::portal::paths;
use crate::portal::reading::Reading;
use crate::portal::shell::use_account;
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{web_hook_delete, web_hook_regenerate_secret, web_hook_test};

#[component]
pub(super) fn Commands(
    hook: Signal<WebHook>,
    reading: Reading<WebHook>,
    made: RwSignal<Option<WebHookSecret>>,
) -> impl IntoView {
    let account = use_account();
    let (session, notifications, navigate) = (use_session(), use_notifications(), use_navigate());
    let panel = use_query_param("panel");
    let editing = panel_open(panel, "edit", Memo::new(|_| true));
    let id = move || hook.with_untracked(|hook| hook.id.clone());
    let text = move |message: Msg| tf(message, &[("name", &id())]);
    let refused = move || refusal::of(session, Permission::AccountWrite, None);
    let confirmation = move |title: Msg, effect: Msg, button: Msg| Confirmation {
        title: text(title),
        effect: t(effect).to_owned(),
        button: t(button).to_owned(),
        typed: None,
    };
    let test = move || {
        notifications.run(
            text(msg::HOOK_TESTING),
            text(msg::HOOK_TESTED),
            web_hook_test(account.get_untracked(), id()),
            move |()| reading.reload(),
        );
    };
    let regenerate = move || {
        notifications.run(
            text(msg::HOOK_REGENERATING),
            text(msg::HOOK_REGENERATED),
            web_hook_regenerate_secret(account.get_untracked(), id()),
            move |secret| {
                made.try_set(Some(secret));
            },
        );
    };
    let delete = move || {
        let (account, navigate) = (account.get_untracked(), navigate.clone());
        let list = paths::web_hooks(&account);
        notifications.run_and_leave(
            text(msg::HOOK_DELETING),
            text(msg::HOOK_DELETED),
            web_hook_delete(account, id()),
            move |()| navigate(&list, NavigateOptions::default()),
        );
    };
    let commands = vec![
        Command::new(msg::HOOK_EDIT, Icon::Edit, move || panel.push("edit")).refused(refused),
        Command::new(msg::HOOK_TEST, Icon::Play, test).refused(refused),
        Command::new(msg::HOOK_REGENERATE, Icon::Refresh, regenerate).refused(refused).confirmed(move || {
            confirmation(msg::HOOK_REGENERATE_TITLE, msg::HOOK_REGENERATE_EFFECT, msg::HOOK_REGENERATE)
        }),
        Command::new(msg::DELETE, Icon::Delete, delete)
            .danger()
            .refused(refused)
            .confirmed(move || confirmation(msg::HOOK_DELETE_TITLE, msg::HOOK_DELETE_EFFECT, msg::DELETE)),
    ];
    view! {
        <CommandBar commands/>
        <EditPanel open=editing account=account.get_untracked() hook changed=Callback::new(move |()| reading.reload())/>
    }
}
