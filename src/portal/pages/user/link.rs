//! The link by which a user sets the password: seen here, this once.

use leptos::prelude::*;

use crate::api::PasswordLink;
use crate::portal::components::{Copy, Time};
use crate::portal::i18n::{msg, tf, tx};
use crate::portal::paths;

#[component]
pub(super) fn LinkCard(link: PasswordLink) -> impl IntoView {
    let origin = window().location().origin().unwrap_or_default();
    let url = format!("{origin}{}#{}", paths::password(), link.token.0);
    let user = link.user;
    view! {
        <section class="card" role="status">
            <h2 class="card__title">{move || tf(msg::USER_LINK, &[("user", &user)])}</h2>
            <p class="card__text">{tx(msg::USER_LINK_TEXT)}" "<Time at=link.expiry_time/></p>
            <div class="secret">
                <code class="secret__text">{url.clone()}</code>
                <Copy text=Signal::stored(url) what=msg::USER_LINK_COPY/>
            </div>
        </section>
    }
}
