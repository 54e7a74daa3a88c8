//! Where a user is signed in.

use leptos::prelude::*;

use crate::api::OpenSession;
use crate::portal::components::{Button, ButtonKind, Icon, Loaded, Time};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_notifications;
use crate::server_fns::{session_list, session_revoke};

#[component]
pub(super) fn SessionTable(user: String) -> impl IntoView {
    let name = StoredValue::new(user);
    let sessions = use_reading(move || name.get_value(), Signal::stored(0), session_list);
    let rows = move |all: Signal<Vec<OpenSession>>| {
        all.get().into_iter().map(|session| view! { <Row session name sessions/> }).collect_view()
    };
    view! {
        <section class="section">
            <h2>{tx(msg::SESSIONS)}</h2>
            <Loaded reading=sessions let:all>
                <Show when=move || !all.with(Vec::is_empty) fallback=|| view! { <p class="form__note">{tx(msg::SESSIONS_NONE)}</p> }>
                    <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::SESSIONS)>
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">{tx(msg::SESSION_BEGUN)}</th>
                                    <th scope="col">{tx(msg::ACTIVITY_ADDRESS)}</th>
                                    <th scope="col">{tx(msg::SESSION_ENDS)}</th>
                                    <th scope="col">{tx(msg::SESSION_END)}</th>
                                </tr>
                            </thead>
                            <tbody>{move || rows(all)}</tbody>
                        </table>
                    </div>
                </Show>
            </Loaded>
        </section>
    }
}

#[component]
fn Row(session: OpenSession, name: StoredValue<String>, sessions: Reading<Vec<OpenSession>>) -> impl IntoView {
    let notifications = use_notifications();
    let is_current = session.is_current;
    let id = StoredValue::new(session.id);
    let end = move || {
        let (doing, done) = (t(msg::SESSION_ENDING).to_owned(), t(msg::SESSION_ENDED).to_owned());
        notifications.run(doing, done, session_revoke(name.get_value(), id.get_value()), move |()| sessions.reload());
    };
    view! {
        <tr>
            <th scope="row"><Time at=session.creation_time/>{is_current.then(|| view! { " "<span class="form__note">{tx(msg::SESSION_CURRENT)}</span> })}</th>
            <td>{session.client_address}</td>
            <td><Time at=session.expiry_time/></td>
            <td><Button label=msg::SESSION_END icon=Icon::SignOut kind=ButtonKind::Subtle on_press=end/></td>
        </tr>
    }
}
