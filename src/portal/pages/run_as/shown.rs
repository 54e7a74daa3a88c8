//! Accounts of a pool, and whom a task runs as, in words.

use leptos::prelude::*;

use super::choice::RunAs;
use crate::api::{ElevationLevel, UserAccount, UserIdentity};
use crate::portal::i18n::{msg, t, tf, tx};

/// Whom it runs as.
pub fn run_as_text(identity: Option<&UserIdentity>) -> String {
    let choice = RunAs::of(identity);
    if choice.account.is_empty() {
        t(choice.text()).to_owned()
    } else {
        tf(msg::RUN_AS_THIS_ACCOUNT, &[("name", &choice.account)])
    }
}

/// Nothing for a pool without accounts. Passwords are not known here.
#[component]
pub fn UserAccounts(#[prop(into)] accounts: Signal<Vec<UserAccount>>) -> impl IntoView {
    let row = |account: UserAccount| {
        let is_admin = account.elevation_level == Some(ElevationLevel::Admin);
        let level = t(if is_admin { msg::LEVEL_ADMIN } else { msg::LEVEL_NONADMIN });
        let ids = account.linux_user_configuration.and_then(|linux| Some((linux.uid?, linux.gid?)));
        let ids = ids.map_or_else(|| t(msg::POOL_USER_IDS_CHOSEN).to_owned(), |(uid, gid)| format!("{uid}:{gid}"));
        view! { <tr><th scope="row"><code>{account.name}</code></th><td>{level}</td><td>{ids}</td></tr> }
    };
    view! {
        <Show when=move || !accounts.with(Vec::is_empty)>
            <section class="section">
                <h2 class="section__title">{tx(msg::POOL_USERS_OF_POOL)}</h2>
                <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::POOL_USERS_OF_POOL)>
                    <table>
                        <thead><tr>
                            <th scope="col">{tx(msg::POOL_USER_NAME_SHOWN)}</th>
                            <th scope="col">{tx(msg::POOL_USER_LEVEL_SHOWN)}</th>
                            <th scope="col">{tx(msg::POOL_USER_IDS_SHOWN)}</th>
                        </tr></thead>
                        <tbody>{move || accounts.get().into_iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
            </section>
        </Show>
    }
}
