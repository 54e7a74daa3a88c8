//! One storage account: its containers, and below them its keys.

use leptos::prelude::*;

use super::bucket::BucketSection;
use super::keys::StorageKeys;
use super::place::{use_param, use_refusal};
use crate::api::{Container, ContainerPage};
use crate::domain::permission::Permission;
use crate::domain::storage::check_container_name;
use crate::portal::components::{
    Button, ButtonKind, Confirmation, Empty, Field, FieldErrors, FormErrors, Glyph, Icon, Loaded, PageHeader,
    TextInput, Time, ask, use_query_param,
};
use crate::portal::i18n::{msg, t, tf, tx};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_notifications;
use crate::server_fns::{container_create, container_delete, container_list};

#[component]
pub fn StorageAccountPage() -> impl IntoView {
    let storage = use_param("storage");
    let from = use_query_param("from");
    let page = use_reading(
        move || (storage.get(), from.get()),
        Signal::stored(0),
        |(storage, from)| container_list(storage, from),
    );
    view! {
        <PageHeader title=storage kind=Signal::derive(|| Some(t(msg::STORE_KIND).to_owned())) icon=Icon::Storage/>
        <BucketSection storage/>
        <CreateForm storage page/>
        <Loaded reading=page let:found>
            <ContainerTable storage found page/>
            {move || found.with(|found| found.next.clone()).map(|next| view! {
                <p><Button label=msg::NEXT_PAGE icon=Icon::ChevronRight on_press=move || from.push(next.clone())/></p>
            })}
        </Loaded>
        <StorageKeys storage/>
    }
}

#[component]
fn CreateForm(storage: Memo<String>, page: Reading<ContainerPage>) -> impl IntoView {
    let notifications = use_notifications();
    let refusal = use_refusal(Permission::StorageWrite);
    let name = RwSignal::new(String::new());
    let check = move || {
        let mut errors = FieldErrors::default();
        if name.with(|name| check_container_name(name.trim()).is_err()) {
            errors.add(NAME, msg::CONTAINER_RULE);
        }
        errors
    };
    let errors = FormErrors::provide(Signal::derive(check), Signal::stored(None));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if refusal.with_untracked(Option::is_some) || !errors.check() {
            return;
        }
        let (storage, new) = (storage.get_untracked(), name.with_untracked(|name| name.trim().to_owned()));
        let text = |message| tf(message, &[("name", &new)]);
        let (doing, done) = (text(msg::CONTAINER_MAKING), text(msg::CONTAINER_MADE));
        notifications.run(doing, done, container_create(storage, new), move |_| {
            name.set(String::new());
            page.reload();
        });
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <Field name=NAME label=msg::CONTAINER_NEW hint=Signal::derive(|| Some(t(msg::CONTAINER_HINT).to_owned()))>
                <TextInput value=name code=true/>
            </Field>
            <div class="form__actions"><Button label=msg::CONTAINER_MAKE icon=Icon::Add submit=true refusal/></div>
        </form>
    }
}

const NAME: &str = "container";

#[component]
fn ContainerTable(storage: Memo<String>, found: Signal<ContainerPage>, page: Reading<ContainerPage>) -> impl IntoView {
    let rows = move || {
        let containers = found.with(|found| found.containers.clone());
        containers.into_iter().map(|container| view! { <Row storage container page/> }).collect_view()
    };
    let none = || view! { <Empty icon=Icon::Folder title=msg::CONTAINERS_NONE text=msg::CONTAINERS_NONE_TEXT/> };
    view! {
        <Show when=move || found.with(|found| !found.containers.is_empty()) fallback=none>
            <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::CONTAINERS)>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{tx(msg::FILE_NAME)}</th>
                            <th scope="col">{tx(msg::FILE_MODIFIED)}</th>
                            <th scope="col">{tx(msg::DELETE)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Show>
    }
}

#[component]
fn Row(storage: Memo<String>, container: Container, page: Reading<ContainerPage>) -> impl IntoView {
    let notifications = use_notifications();
    let refusal = use_refusal(Permission::StorageWrite);
    let name = container.name.clone();
    let delete = move || {
        let (storage, name) = (storage.get_untracked(), name.clone());
        let text = |message| tf(message, &[("name", &name)]);
        let confirmation = Confirmation {
            title: text(msg::CONTAINER_DELETE_TITLE),
            effect: t(msg::CONTAINER_DELETE_EFFECT).to_owned(),
            button: t(msg::DELETE).to_owned(),
            typed: Some(name.clone()),
        };
        let (doing, done) = (text(msg::CONTAINER_DELETING), text(msg::CONTAINER_DELETED));
        ask(confirmation, move || {
            notifications.run(doing, done, container_delete(storage, name), move |()| page.reload());
        });
    };
    let shown = container.name.clone();
    let label = Signal::derive(move || tf(msg::DELETE_WHICH, &[("name", &shown)]));
    view! {
        <tr>
            <th scope="row"><Glyph icon=Icon::Folder/>" "<a href=move || paths::container(storage.get(), &container.name)>{container.name.clone()}</a></th>
            <td><Time at=container.modified/></td>
            <td><Button label icon=Icon::Delete icon_only=true kind=ButtonKind::Subtle refusal on_press=delete/></td>
        </tr>
    }
}
