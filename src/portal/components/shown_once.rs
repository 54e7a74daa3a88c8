//! A secret that was made just now. Its page is the only place and the only time where it is seen.

use leptos::prelude::*;

use super::copy::Copy;
use crate::api::Secret;
use crate::portal::i18n::{Msg, tx};

#[component]
pub fn ShownOnce(title: Msg, text: Msg, what: Msg, secret: Secret) -> impl IntoView {
    let secret = secret.0;
    view! {
        <section class="card" role="status">
            <h2 class="card__title">{tx(title)}</h2>
            <p class="card__text">{tx(text)}</p>
            <div class="secret">
                <code class="secret__text">{secret.clone()}</code>
                <Copy text=Signal::stored(secret) what/>
            </div>
        </section>
    }
}
