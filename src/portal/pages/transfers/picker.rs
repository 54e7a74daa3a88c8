//! Picks a container or a blob of the installation's storage, and makes a signed URL of it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use crate::api::{self, Duration, SasWish};
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, Combo, Dialog, ErrorBar, Field, FieldErrors, FormErrors, Icon, Loaded, Select, combo,
};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tx};
use crate::portal::reading::use_reading;
use crate::portal::state::use_session;
use crate::server_fns::{blob_list, container_list, storage_list, storage_sas};

/// How long a picked URL works.
const LIFE_DAYS: i64 = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// To read one blob.
    Blob,
    /// To read and list a container.
    Container,
    /// To add to a container.
    Target,
}

impl Wanted {
    fn permissions(self) -> &'static str {
        match self {
            Wanted::Blob => "r",
            Wanted::Container => "rl",
            Wanted::Target => "cw",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    pub url: String,
    pub blob: Option<String>,
}

#[component]
pub fn PickerButton(wanted: Signal<Wanted>, #[prop(into)] on_picked: Callback<Picked>) -> impl IntoView {
    let session = use_session();
    let open = RwSignal::new(false);
    let refusal = Signal::derive(move || {
        let needed = if wanted.get() == Wanted::Target { Permission::StorageWrite } else { Permission::StorageRead };
        (!session.allows(needed)).then(|| t(msg::ERROR_FORBIDDEN).to_owned())
    });
    let picked = Callback::new(move |picked| {
        open.set(false);
        on_picked.run(picked);
    });
    view! {
        <Button label=msg::PICK icon=Icon::Storage kind=ButtonKind::Subtle refusal on_press=move || open.set(true)/>
        <Dialog open title=msg::PICK_TITLE><Picker wanted=wanted.get_untracked() on_picked=picked/></Dialog>
    }
}

#[component]
fn Picker(wanted: Wanted, on_picked: Callback<Picked>) -> impl IntoView {
    let accounts = use_reading(|| (), Signal::stored(0), |()| storage_list());
    view! {
        <Loaded reading=accounts let:accounts>
            {move || accounts.with(|accounts| accounts.first().map(|first| first.name.clone())).map(|first| {
                let names = Signal::derive(move || accounts.with(|all| all.iter().map(|a| (a.name.clone(), a.name.clone())).collect::<Vec<_>>()));
                view! { <PickerForm wanted names first on_picked/> }
            })}
        </Loaded>
    }
}

#[component]
fn PickerForm(
    wanted: Wanted,
    names: Signal<Vec<(String, String)>>,
    first: String,
    on_picked: Callback<Picked>,
) -> impl IntoView {
    let session = use_session();
    let (storage, container, blob) = (RwSignal::new(first), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (error, pending) = (RwSignal::new(None::<api::Error>), RwSignal::new(false));
    let check = move || {
        let mut errors = FieldErrors::default();
        if container.with(|name| name.trim().is_empty()) {
            errors.add(CONTAINER, msg::FIELD_REQUIRED);
        }
        if wanted == Wanted::Blob && blob.with(|name| name.trim().is_empty()) {
            errors.add(BLOB, msg::FIELD_REQUIRED);
        }
        errors
    };
    let form = FormErrors::provide(Signal::derive(check), error.into());
    // Not a form of its own: it stands in one.
    let pick = move || {
        if pending.get_untracked() || !form.check() {
            return;
        }
        let blob = (wanted == Wanted::Blob).then(|| blob.with_untracked(|name| name.trim().to_owned()));
        let wish = SasWish {
            account: storage.get_untracked(),
            container: container.with_untracked(|name| name.trim().to_owned()),
            blob: blob.clone(),
            permissions: wanted.permissions().to_owned(),
            life: Duration::from_days(LIFE_DAYS),
        };
        pending.set(true);
        error.set(None);
        spawn_local(async move {
            let answer = storage_sas(wish).await;
            pending.try_set(false);
            match answer {
                Ok(sas) => on_picked.run(Picked { url: sas.url.0, blob }),
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
        });
    };
    // Enter would send the form that the dialog stands in.
    let keep_enter = |event: web_sys::KeyboardEvent| {
        let is_in_text = event.target().is_some_and(|target| target.has_type::<web_sys::HtmlInputElement>());
        if event.key() == "Enter" && is_in_text {
            event.prevent_default();
        }
    };
    view! {
        <div class="form" on:keydown=keep_enter>
            <p>{tx(msg::PICK_LEAD)}</p>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name="account" label=msg::STORE_KIND><Select value=storage options=names/></Field>
            <Field name=CONTAINER label=msg::CONTAINER_KIND required=true><ContainerChoice storage container/></Field>
            {(wanted == Wanted::Blob).then(|| view! {
                <Field name=BLOB label=msg::PICK_BLOB required=true><BlobChoice storage container blob/></Field>
            })}
            <div class="dialog__actions"><Button label=msg::PICK_DONE kind=ButtonKind::Primary pending on_press=pick/></div>
        </div>
    }
}

const CONTAINER: &str = "container";
const BLOB: &str = "blob";

#[component]
fn ContainerChoice(storage: RwSignal<String>, container: RwSignal<String>) -> impl IntoView {
    let page = use_reading(move || storage.get(), Signal::stored(0), |storage| container_list(storage, String::new()));
    let suggestions = Signal::derive(move || {
        let typed = container.get();
        page.with(|page| {
            let all = page.map(|page| page.containers.iter()).into_iter().flatten();
            let fitting = all.filter(|container| container.name.contains(typed.trim()));
            fitting.map(|container| combo::Suggestion::new(container.name.clone(), "")).collect::<Vec<_>>()
        })
    });
    view! { <Combo value=container suggestions/> }
}

/// Suggests what is in the folder that is typed so far.
#[component]
fn BlobChoice(storage: RwSignal<String>, container: RwSignal<String>, blob: RwSignal<String>) -> impl IntoView {
    let folder =
        Memo::new(move |_| blob.with(|name| name.rfind('/').map_or_else(String::new, |at| name[..=at].to_owned())));
    let page = use_reading(
        move || (storage.get(), container.get(), folder.get()),
        Signal::stored(0),
        |(storage, container, folder)| async move {
            if container.is_empty() {
                return Ok(api::BlobPage { folders: Vec::new(), blobs: Vec::new(), next: None });
            }
            blob_list(storage, container, folder, String::new()).await
        },
    );
    let suggestions = Signal::derive(move || {
        let typed = blob.get();
        page.with(|page| {
            let Some(page) = page else { return Vec::new() };
            let folders = page.folders.iter().map(|folder| combo::Suggestion::new(folder.clone(), ""));
            let blobs = page.blobs.iter();
            let blobs =
                blobs.map(|blob| combo::Suggestion::new(blob.name.clone(), format::bytes(language(), blob.length)));
            folders.chain(blobs).filter(|suggestion| suggestion.value.starts_with(&typed)).collect()
        })
    });
    view! { <Combo value=blob suggestions/> }
}
