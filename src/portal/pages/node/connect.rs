//! The way in to a node: who may log in, for how long, and what to type.

use leptos::prelude::*;

use super::connect_form::ConnectForm;
use crate::api::{NodeAccess, NodeUser, RemoteLoginSettings};
use crate::domain::permission::Permission;
use crate::portal::components::{Button, ButtonKind, Confirmation, Icon, Loaded, Snippet, Time, ask};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::NodeRef;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{node_access_get, node_user_delete};

#[component]
pub fn Connect(here: NodeRef, tick: Signal<u32>) -> impl IntoView {
    let place = here.clone();
    let access = use_reading(
        move || place.clone(),
        tick,
        |here: NodeRef| async move { node_access_get(here.account, here.pool, here.node).await },
    );
    let here = StoredValue::new(here);
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::NODE_CONNECT)}</h2>
            <Loaded reading=access lines=3 let:known>
                {
                    // What is on the form, such as a password that is shown once, outlives news of users.
                    let login = Memo::new(move |_| known.with(|known| known.login.clone()));
                    move || match login.get() {
                        None => view! { <p class="form__note">{tx(msg::NODE_CONNECT_CLOSED)}</p> }.into_any(),
                        Some(login) => view! { <WayIn here=here.get_value() access known login/> }.into_any(),
                    }
                }
            </Loaded>
        </section>
    }
}

#[component]
fn WayIn(
    here: NodeRef,
    access: Reading<NodeAccess>,
    known: Signal<NodeAccess>,
    login: RemoteLoginSettings,
) -> impl IntoView {
    let users = Memo::new(move |_| known.with(|known| known.users.clone()));
    let elevation = known.with_untracked(|known| known.elevation_allowed);
    let of_host = login.clone();
    let known_hosts =
        Memo::new(move |_| known.with(|known| known.host_key.as_ref().map(|key| known_host(&of_host, key))));
    let place = here.clone();
    let rows = move || {
        let row = |user: NodeUser| view! { <Row here=place.clone() access user login=login.clone()/> };
        users.get().into_iter().map(row).collect_view()
    };
    view! {
        <p class="form__note">{tx(msg::NODE_CONNECT_LEAD)}</p>
        <Show when=move || !users.with(Vec::is_empty) fallback=|| view! { <p class="form__note">{tx(msg::NODE_USERS_NONE)}</p> }>
            {rows.clone()}
            {move || known_hosts.get().map(|line| view! {
                <p class="form__note">{tx(msg::NODE_HOST_KEY)}</p>
                <Snippet code=line what=msg::NODE_HOST_KEY_LINE/>
            })}
        </Show>
        <ConnectForm here access elevation/>
    }
}

/// A user with the commands to type.
#[component]
fn Row(here: NodeRef, access: Reading<NodeAccess>, user: NodeUser, login: RemoteLoginSettings) -> impl IntoView {
    let (notifications, session) = (use_notifications(), use_session());
    let name = user.name.clone();
    let delete = move || {
        let (here, name) = (here.clone(), name.clone());
        let text = |message| tf(message, &[("name", &name)]);
        let confirmation = Confirmation {
            title: text(msg::NODE_USER_DELETE_TITLE),
            effect: t(msg::NODE_USER_DELETE_EFFECT).to_owned(),
            button: t(msg::NODE_USER_DELETE).to_owned(),
            typed: None,
        };
        let (doing, done) = (text(msg::NODE_USER_DELETING), text(msg::NODE_USER_DELETED));
        ask(confirmation, move || {
            let NodeRef { account, pool, node } = here;
            notifications.run(doing, done, node_user_delete(account, pool, node, name), move |()| access.reload());
        });
    };
    let refusal = Signal::derive(move || refusal::of(session, Permission::PoolWrite, None));
    let shown = user.name.clone();
    let label = Signal::derive(move || tf(msg::NODE_USER_DELETE_WHICH, &[("name", &shown)]));
    let owner = user.name.clone();
    let of_user = move |message: Msg| {
        let owner = owner.clone();
        Signal::derive(move || tf(message, &[("name", &owner)]))
    };
    let by = match (&user.ssh_key_fingerprint, user.has_password) {
        (Some(key), _) => key.clone(),
        (None, true) => t(msg::NODE_USER_BY_PASSWORD).to_owned(),
        (None, false) => t(msg::NODE_USER_LOCKED).to_owned(),
    };
    view! {
        <article class="card" aria-label=user.name.clone()>
            <h3 class="card__title"><code>{user.name.clone()}</code>{user.is_admin.then(|| view! { " ("{tx(msg::NODE_USER_ADMIN)}")" })}</h3>
            <p class="card__text">{tx(msg::NODE_USER_EXPIRES)}" "<Time at=user.expiry_time/>" · "<code>{by}</code></p>
            <Snippet code=command("ssh", "-p", &login, &user.name) what=of_user(msg::NODE_SSH_COMMAND)/>
            <Snippet code=command("sftp", "-P", &login, &user.name) what=of_user(msg::NODE_SFTP_COMMAND)/>
            <Button label icon=Icon::Delete kind=ButtonKind::Subtle refusal on_press=delete/>
        </article>
    }
}

fn command(program: &str, port: &str, login: &RemoteLoginSettings, user: &str) -> String {
    let RemoteLoginSettings { remote_login_ip_address, remote_login_port } = login;
    format!("{program} {port} {remote_login_port} {user}@{}", in_brackets(program, remote_login_ip_address))
}

/// `sftp` takes what follows a colon for a path.
fn in_brackets(program: &str, address: &str) -> String {
    if program == "sftp" && address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

fn known_host(login: &RemoteLoginSettings, key: &str) -> String {
    match login.remote_login_port {
        22 => format!("{} {key}", login.remote_login_ip_address),
        port => format!("[{}]:{port} {key}", login.remote_login_ip_address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_typed_as_they_are() {
        let login =
            |address: &str| RemoteLoginSettings { remote_login_ip_address: address.into(), remote_login_port: 50001 };
        assert_eq!(command("ssh", "-p", &login("127.0.0.1"), "anna"), "ssh -p 50001 anna@127.0.0.1");
        assert_eq!(command("sftp", "-P", &login("::1"), "anna"), "sftp -P 50001 anna@[::1]");
        assert_eq!(known_host(&login("h"), "ssh-ed25519 A"), "[h]:50001 ssh-ed25519 A");
    }
}
