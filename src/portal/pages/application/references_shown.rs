//! References to application packages, as a pool or a task has them.

use leptos::prelude::*;

use crate::api::ApplicationPackageReference;
use crate::domain::application::id_of_reference;
use crate::portal::components::{Glyph, Icon};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::paths;
use crate::portal::shell::use_account;

/// Nothing where there are none.
#[component]
pub fn References(#[prop(into)] references: Signal<Vec<ApplicationPackageReference>>) -> impl IntoView {
    let account = use_account();
    let row = move |reference: ApplicationPackageReference| {
        let id = id_of_reference(&reference.application_id).to_owned();
        let href = paths::application(account.get(), &id);
        let version = match reference.version.filter(|version| !version.is_empty()) {
            Some(version) => view! { <code>{version}</code> }.into_any(),
            None => t(msg::VERSION_DEFAULT).into_any(),
        };
        view! { <tr><th scope="row"><Glyph icon=Icon::Package/>" "<a href=href>{id}</a></th><td>{version}</td></tr> }
    };
    let rows = move || references.get().into_iter().map(row).collect_view();
    view! {
        <Show when=move || !references.with(Vec::is_empty)>
            <section class="section">
                <h2 class="section__title">{tx(msg::REFERENCES)}</h2>
                <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::REFERENCES)>
                    <table>
                        <thead><tr><th scope="col">{tx(msg::APPLICATION)}</th><th scope="col">{tx(msg::VERSION)}</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        </Show>
    }
}
