//! The sign-in provider: by which name it knows a user, and what it said at the last sign-ins.

use leptos::prelude::*;

use crate::api::{ExternalAttempt, ExternalRefusal, User};
use crate::portal::components::{
    Button, ButtonKind, Field, FieldErrors, FormErrors, Icon, Loaded, StateBadge, TextInput, Time, Tone,
};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_notifications;
use crate::server_fns::{external_attempt_list, external_sign_in_info, user_set_external_name};

/// Why somebody was not let in.
pub const fn why(refusal: ExternalRefusal) -> Msg {
    match refusal {
        ExternalRefusal::Unknown => msg::EXTERNAL_UNKNOWN,
        ExternalRefusal::Unverified => msg::EXTERNAL_UNVERIFIED,
        ExternalRefusal::NoName => msg::EXTERNAL_NO_NAME,
        ExternalRefusal::Disabled => msg::EXTERNAL_DISABLED,
        ExternalRefusal::Taken => msg::EXTERNAL_TAKEN,
        ExternalRefusal::Expired => msg::EXTERNAL_EXPIRED,
        ExternalRefusal::Provider => msg::EXTERNAL_PROVIDER,
    }
}

/// Nothing where the installation has no provider.
#[component]
pub(super) fn ExternalForm(user: User, users: Reading<Vec<User>>) -> impl IntoView {
    let info = use_reading(|| (), Signal::stored(0), |()| external_sign_in_info());
    let user = StoredValue::new(user);
    view! {
        <Loaded reading=info let:info>
            {move || info.with(|info| info.name.clone()).map(|provider| view! { <NameForm user=user.get_value() users provider/> })}
        </Loaded>
    }
}

#[component]
fn NameForm(user: User, users: Reading<Vec<User>>, provider: String) -> impl IntoView {
    let notifications = use_notifications();
    let now = user.external_name.unwrap_or_default();
    let (is_external, name) = (user.is_external, user.name);
    let typed = RwSignal::new(now.clone());
    FormErrors::provide(Signal::stored(FieldErrors::default()), Signal::stored(None));
    let refusal =
        Signal::derive(move || typed.with(|typed| typed.trim() == now).then(|| t(msg::NOTHING_CHANGED).to_owned()));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if refusal.with_untracked(Option::is_some) {
            return;
        }
        let text = |message| tf(message, &[("user", &name)]);
        let chosen = Some(typed.get_untracked().trim().to_owned()).filter(|name| !name.is_empty());
        let call = user_set_external_name(name.clone(), chosen);
        notifications.run(text(msg::USER_CHANGING), text(msg::EXTERNAL_NAME_SAVED), call, move |_| users.reload());
    };
    let title = tf(msg::EXTERNAL_TITLE, &[("provider", &provider)]);
    view! {
        <form class="form" on:submit=submit novalidate>
            <h2>{title}</h2>
            {is_external.then(|| view! { <p class="form__note">{tx(msg::EXTERNAL_BOUND)}</p> })}
            <Field name="externalName" label=msg::EXTERNAL_NAME hint=Signal::derive(|| Some(t(msg::EXTERNAL_NAME_HINT).to_owned()))>
                <TextInput value=typed code=true/>
            </Field>
            <div class="form__actions"><Button label=msg::SAVE icon=Icon::Check kind=ButtonKind::Primary submit=true refusal/></div>
        </form>
    }
}

/// Nothing where nobody has come by a provider since the server started.
#[component]
pub(super) fn AttemptTable() -> impl IntoView {
    let attempts = use_reading(|| (), Signal::stored(0), |()| external_attempt_list());
    view! {
        <Loaded reading=attempts let:all>
            <Show when=move || !all.with(Vec::is_empty)>
                <section class="section">
                    <h2>{tx(msg::EXTERNAL_ATTEMPTS)}</h2>
                    <p class="form__note">{tx(msg::EXTERNAL_ATTEMPTS_NOTE)}</p>
                    <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::EXTERNAL_ATTEMPTS)>
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">{tx(msg::ACTIVITY_WHEN)}</th>
                                    <th scope="col">{tx(msg::ACTIVITY_RESULT)}</th>
                                    <th scope="col">{tx(msg::USER)}</th>
                                    <th scope="col">{tx(msg::EXTERNAL_CLAIMS)}</th>
                                </tr>
                            </thead>
                            <tbody>{move || all.get().into_iter().map(|attempt| view! { <Row attempt/> }).collect_view()}</tbody>
                        </table>
                    </div>
                </section>
            </Show>
        </Loaded>
    }
}

#[component]
fn Row(attempt: ExternalAttempt) -> impl IntoView {
    let result = match attempt.refusal {
        None => view! { <StateBadge tone=Tone::Good label=Signal::derive(|| t(msg::EXTERNAL_LET_IN).to_owned())/> }
            .into_any(),
        Some(refusal) => view! { <span>{tx(why(refusal))}</span> }.into_any(),
    };
    let claims = (!attempt.claims.is_empty()).then(|| {
        view! { <details><summary>{tx(msg::EXTERNAL_CLAIMS)}</summary><pre class="code">{attempt.claims}</pre></details> }
    });
    view! {
        <tr>
            <th scope="row"><Time at=attempt.time/></th>
            <td>{result}</td>
            <td>{attempt.user}</td>
            <td>{claims}</td>
        </tr>
    }
}
