//! Makes a signed URL of a container or a blob: for how long, and what it lets do. It is shown once, to be copied.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{Duration, SasWish, StorageSas};
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, Copy, Dialog, ErrorBar, Field, FieldErrors, FormErrors, Icon, Select, Time,
};
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::state::use_session;
use crate::server_fns::storage_sas;

/// Hours that a URL can live, to choose from, with their words.
const LIVES: [(i64, Msg); 4] =
    [(24, msg::SHARE_DAY), (1, msg::SHARE_HOUR), (168, msg::SHARE_WEEK), (720, msg::SHARE_MONTH)];

/// What a URL lets do; the first is proposed.
const BLOB_RIGHTS: [(&str, Msg); 2] = [("r", msg::SHARE_READ), ("racwd", msg::SHARE_CHANGE)];
const CONTAINER_RIGHTS: [(&str, Msg); 3] =
    [("rl", msg::SHARE_READ), ("acw", msg::SHARE_ADD), ("racwdl", msg::SHARE_CHANGE)];

#[component]
pub fn ShareButton(
    storage: Memo<String>,
    container: Memo<String>,
    /// None for the container.
    #[prop(into)]
    blob: Signal<Option<String>>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <Button label=msg::SHARE icon=Icon::Key on_press=move || open.set(true)/>
        <Dialog open title=msg::SHARE><ShareForm storage container blob/></Dialog>
    }
}

#[component]
fn ShareForm(storage: Memo<String>, container: Memo<String>, blob: Signal<Option<String>>) -> impl IntoView {
    let session = use_session();
    let rights: &'static [(&str, Msg)] =
        if blob.with_untracked(Option::is_some) { &BLOB_RIGHTS } else { &CONTAINER_RIGHTS };
    let (right, life) = (RwSignal::new(rights[0].0.to_owned()), RwSignal::new(LIVES[0].0.to_string()));
    let (made, error, pending) = (RwSignal::new(None::<StorageSas>), RwSignal::new(None), RwSignal::new(false));
    let form = FormErrors::provide(Signal::stored(FieldErrors::default()), error.into());
    let words = move |(key, word): &(&str, Msg)| ((*key).to_owned(), t(*word).to_owned());
    let rights = Signal::derive(move || {
        let allowed = |(key, _): &&(&str, Msg)| {
            key.chars().all(|letter| matches!(letter, 'r' | 'l')) || session.allows(Permission::StorageWrite)
        };
        rights.iter().filter(allowed).map(words).collect::<Vec<_>>()
    });
    let lives = Signal::derive(|| LIVES.map(|(hours, word)| (hours.to_string(), t(word).to_owned())).to_vec());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        let hours = life.with_untracked(|hours| hours.parse().unwrap_or(LIVES[0].0));
        let wish = SasWish {
            account: storage.get_untracked(),
            container: container.get_untracked(),
            blob: blob.get_untracked(),
            permissions: right.get_untracked(),
            life: Duration::from_mins(60 * hours),
        };
        pending.set(true);
        error.set(None);
        spawn_local(async move {
            let answer = storage_sas(wish).await;
            pending.try_set(false);
            match answer {
                Ok(sas) => {
                    made.try_set(Some(sas));
                }
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
        });
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <p>{tx(msg::SHARE_LEAD)}</p>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name="permissions" label=msg::SHARE_RIGHTS><Select value=right options=rights/></Field>
            <Field name="life" label=msg::SHARE_LIFE><Select value=life options=lives/></Field>
            <div class="dialog__actions">
                <Button label=msg::SHARE_MAKE icon=Icon::Key kind=ButtonKind::Primary submit=true pending/>
            </div>
            {move || made.get().map(|StorageSas { url, expiry_time, .. }| view! {
                <div role="status">
                    <div class="secret">
                        <code class="secret__text">{url.0.clone()}</code>
                        <Copy text=Signal::stored(url.0) what=msg::SHARE_URL/>
                    </div>
                    <p class="form__note">{tx(msg::SHARE_EXPIRES)}" "<Time at=expiry_time/></p>
                </div>
            })}
        </form>
    }
}
