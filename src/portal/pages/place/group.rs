//! One resource group: its accounts and its tags.

use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map};

use crate::api::{Account, ResourceGroup, ResourceGroupContent, ResourceGroupPut};
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, Command, CommandBar, Confirmation, Essential, Essentials, Field, FieldErrors, FormErrors, Icon,
    Loaded, PageHeader,
};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::pages::account::{TAGS, TagEditor, TagRows, to_tags};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{resource_group_delete, resource_group_get, resource_group_put};

#[component]
pub fn ResourceGroupPage() -> impl IntoView {
    let params = use_params_map();
    let param = move |name: &'static str| Memo::new(move |_| params.with(|all| all.get(name).unwrap_or_default()));
    let (subscription, group) = (param("subscription"), param("group"));
    let reading = use_reading(
        move || (subscription.get(), group.get()),
        Signal::stored(0),
        |(subscription, group)| resource_group_get(subscription, group),
    );
    view! {
        <PageHeader title=group kind=Signal::derive(|| Some(t(msg::RESOURCE_GROUP).to_owned())) icon=Icon::Folder/>
        <Loaded reading let:content>
            {move || {
                let ResourceGroupContent { group, accounts } = content.get();
                let is_empty = accounts.is_empty();
                view! {
                    <Delete group=group.clone() is_empty/>
                    <Facts group=group.clone()/>
                    <Accounts accounts/>
                    <TagsForm group reading/>
                }
            }}
        </Loaded>
    }
}

#[component]
fn Facts(group: ResourceGroup) -> impl IntoView {
    let ResourceGroup { subscription_id, location, .. } = group;
    view! {
        <Essentials>
            <Essential label=msg::SUBSCRIPTION>
                <a href=paths::subscription(&subscription_id)><code>{subscription_id.clone()}</code></a>
            </Essential>
            <Essential label=msg::LOCATION>{location}</Essential>
        </Essentials>
    }
}

#[component]
fn Delete(group: ResourceGroup, is_empty: bool) -> impl IntoView {
    let (session, notifications, navigate) = (use_session(), use_notifications(), use_navigate());
    let name = group.name.clone();
    let delete = Command::new(msg::RESOURCE_GROUP_DELETE, Icon::Delete, move || {
        let (subscription, name, navigate) = (group.subscription_id.clone(), group.name.clone(), navigate.clone());
        let text = |message| tf(message, &[("name", name.as_str())]);
        let back = paths::subscription(&subscription);
        let call = resource_group_delete(subscription, name.clone());
        let (doing, done) = (text(msg::RESOURCE_GROUP_DELETING), text(msg::RESOURCE_GROUP_DELETED));
        notifications.run(doing, done, call, move |()| navigate(&back, Default::default()));
    })
    .danger()
    .refused(move || match (session.allows(Permission::AccountDelete), is_empty) {
        (false, _) => Some(t(msg::ERROR_FORBIDDEN).to_owned()),
        (_, false) => Some(t(msg::RESOURCE_GROUP_NOT_EMPTY).to_owned()),
        _ => None,
    })
    .confirmed(move || Confirmation {
        title: tf(msg::RESOURCE_GROUP_DELETE_TITLE, &[("name", name.as_str())]),
        effect: t(msg::RESOURCE_GROUP_DELETE_EFFECT).to_owned(),
        button: t(msg::RESOURCE_GROUP_DELETE).to_owned(),
        typed: None,
    });
    view! { <CommandBar commands=vec![delete]/> }
}

#[component]
fn Accounts(accounts: Vec<Account>) -> impl IntoView {
    let is_empty = accounts.is_empty();
    let row = |account: Account| {
        view! {
            <tr>
                <th scope="row"><a href=paths::account(&account.name)>{account.name.clone()}</a></th>
                <td>{account.location}</td>
                <td>{account.provisioning_state.to_string()}</td>
            </tr>
        }
    };
    view! {
        <h2>{tx(msg::ACCOUNTS)}</h2>
        <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::ACCOUNTS)>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{tx(msg::NAME)}</th>
                        <th scope="col">{tx(msg::LOCATION)}</th>
                        <th scope="col">{tx(msg::STATE)}</th>
                    </tr>
                </thead>
                <tbody>{accounts.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
        {is_empty.then(|| view! { <p>{tx(msg::RESOURCE_GROUP_NO_ACCOUNTS)}</p> })}
    }
}

#[component]
fn TagsForm(group: ResourceGroup, reading: Reading<ResourceGroupContent>) -> impl IntoView {
    let (session, notifications) = (use_session(), use_notifications());
    let rows = TagRows::new(group.tags.clone());
    let checked = Memo::new(move |_| {
        let mut errors = FieldErrors::default();
        let tags = to_tags(&rows.get(), &mut errors);
        (tags, errors)
    });
    let errors = FormErrors::provide(Signal::derive(move || checked.get().1), Signal::stored(None));
    let there = group.tags.clone();
    let refusal = Signal::derive(move || {
        if !session.allows(Permission::AccountWrite) {
            return Some(t(msg::ERROR_FORBIDDEN).to_owned());
        }
        checked.with(|(tags, _)| *tags == there).then(|| t(msg::NOTHING_CHANGED).to_owned())
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if refusal.with_untracked(Option::is_some) || !errors.check() {
            return;
        }
        let put = ResourceGroupPut { location: group.location.clone(), tags: checked.get_untracked().0 };
        let text = |message| tf(message, &[("name", group.name.as_str())]);
        let call = resource_group_put(group.subscription_id.clone(), group.name.clone(), put);
        let (doing, done) = (text(msg::RESOURCE_GROUP_CHANGING), text(msg::RESOURCE_GROUP_SAVED));
        notifications.run(doing, done, call, move |_| reading.reload());
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <Field name=TAGS label=msg::TAGS group=true><TagEditor rows/></Field>
            <div class="form__actions"><Button label=msg::SAVE icon=Icon::Check kind=ButtonKind::Primary submit=true refusal/></div>
        </form>
    }
}
