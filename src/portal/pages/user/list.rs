//! All users.

use leptos::prelude::*;

use super::external::AttemptTable;
use super::invite::InviteForm;
use super::link::LinkCard;
use crate::api::{PasswordLink, User};
use crate::portal::components::{Icon, Loaded, PageHeader, StateBadge, Time, Tone};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::server_fns::user_list;

#[component]
pub fn UsersPage() -> impl IntoView {
    let users = use_reading(|| (), Signal::stored(0), |()| user_list());
    let made = RwSignal::new(None::<PasswordLink>);
    let done = Callback::new(move |link| {
        made.set(Some(link));
        users.reload();
    });
    view! {
        <PageHeader title=msg::USERS icon=Icon::User/>
        <p class="lead">{tx(msg::USERS_LEAD)}</p>
        <Loaded reading=users let:all>
            <UserTable all/>
            {move || made.get().map(|link| view! { <LinkCard link/> })}
            <InviteForm made=done/>
            <AttemptTable/>
        </Loaded>
    }
}

#[component]
fn UserTable(all: Signal<Vec<User>>) -> impl IntoView {
    view! {
        <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::USERS)>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{tx(msg::USER_NAME)}</th>
                        <th scope="col">{tx(msg::USER_ROLE)}</th>
                        <th scope="col">{tx(msg::STATE)}</th>
                        <th scope="col">{tx(msg::CREATED)}</th>
                        <th scope="col">{tx(msg::USER_LAST_SIGN_IN)}</th>
                    </tr>
                </thead>
                <tbody>{move || all.get().into_iter().map(|user| view! { <Row user/> }).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(user: User) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><a href=paths::user(&user.name)>{user.name.clone()}</a></th>
            <td>{user.role.as_str()}</td>
            <td><UserState is_disabled=user.disabled/></td>
            <td><Time at=user.creation_time/></td>
            <td>{match user.last_sign_in {
                Some(at) => view! { <Time at/> }.into_any(),
                None => view! { <span>{tx(msg::NEVER)}</span> }.into_any(),
            }}</td>
        </tr>
    }
}

#[component]
pub(super) fn UserState(is_disabled: bool) -> impl IntoView {
    let (tone, word) = if is_disabled { (Tone::Neutral, msg::DISABLED) } else { (Tone::Good, msg::ENABLED) };
    view! { <StateBadge tone label=Signal::derive(move || t(word).to_owned())/> }
}
