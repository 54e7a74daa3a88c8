//! A new account.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::form::{self, AccountForm};
use super::tag_editor::{TagEditor, TagRows};
use crate::api;
use crate::domain::ids::AccountName;
use crate::portal::components::{
    Checkbox, Combo, Field, Icon, PageHeader, Review, ReviewItem, Select, TextInput, Wizard, WizardStep, combo,
};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::{account_create, account_name_check, location_list, storage_list};

const TYPING_PAUSE: Duration = Duration::from_millis(300);

/// The controls' values.
#[derive(Clone, Copy)]
struct Inputs {
    name: RwSignal<String>,
    subscription: RwSignal<String>,
    resource_group: RwSignal<String>,
    location: RwSignal<String>,
    storage: RwSignal<String>,
    public_access: RwSignal<bool>,
    tags: TagRows,
}

impl Inputs {
    fn new() -> Inputs {
        let subscription = untrack(|| use_session().user()).map(|s| s.subscription_id).unwrap_or_default();
        Inputs {
            name: RwSignal::default(),
            subscription: RwSignal::new(subscription),
            resource_group: RwSignal::new("default".to_owned()),
            location: RwSignal::default(),
            storage: RwSignal::default(),
            public_access: RwSignal::new(true),
            tags: TagRows::new([]),
        }
    }

    fn form(self) -> AccountForm {
        AccountForm {
            name: self.name.get(),
            subscription: self.subscription.get(),
            resource_group: self.resource_group.get(),
            location: self.location.get(),
            storage: self.storage.get(),
            public_access: self.public_access.get(),
            tags: self.tags.get(),
        }
    }
}

#[component]
pub fn AccountCreatePage() -> impl IntoView {
    let inputs = Inputs::new();
    let (session, notifications) = (use_session(), use_notifications());
    let navigate = use_navigate();
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None));
    let errors = Memo::new(move |_| inputs.form().to_create().err().unwrap_or_default());
    let locations = use_reading(|| (), Signal::stored(0), |()| location_list());
    Effect::new(move || {
        let first = locations.with(|l| l.and_then(|l| l.first()).map(|l| l.name.clone()));
        if let Some(first) = first.filter(|_| inputs.location.with_untracked(String::is_empty)) {
            inputs.location.set(first);
        }
    });
    let submit = move || {
        let Ok(create) = untrack(|| inputs.form()).to_create() else { return };
        let navigate = navigate.clone();
        pending.set(true);
        error.set(None);
        spawn_local(async move {
            match account_create(create).await {
                Ok(account) => {
                    notifications.done(tf(msg::ACCOUNT_CREATED, &[("name", &account.name)]));
                    navigate(&paths::account(&account.name), NavigateOptions { resolve: false, ..Default::default() });
                }
                Err(e) => {
                    session.observe(&e);
                    error.set(Some(e));
                }
            }
            pending.try_set(false);
        });
    };
    let steps = vec![
        WizardStep::new(
            "basics",
            msg::STEP_BASICS,
            &[form::NAME, form::SUBSCRIPTION, form::RESOURCE_GROUP, form::LOCATION],
            move || view! { <Basics inputs locations/> },
        ),
        WizardStep::new(
            "advanced",
            msg::STEP_ADVANCED,
            &[form::STORAGE, form::ACCESS],
            move || view! { <Advanced inputs/> },
        ),
        WizardStep::new("tags", msg::TAGS, &[form::TAGS], move || view! { <Tags inputs/> }),
    ];
    view! {
        <PageHeader title=msg::ACCOUNT_CREATE icon=Icon::Account/>
        <Wizard
            steps errors pending error
            submit=msg::CREATE
            cancel=paths::accounts()
            on_submit=Callback::new(move |()| submit())
            review=move || view! { <Reviewed inputs/> }
        />
    }
}

#[component]
fn Basics(inputs: Inputs, locations: Reading<Vec<api::Location>>) -> impl IntoView {
    let options = Signal::derive(move || {
        let all = locations.get().unwrap_or_default();
        all.into_iter().map(|l| (l.name, l.display_name)).collect::<Vec<_>>()
    });
    view! {
        <Field name=form::NAME label=msg::ACCOUNT_NAME hint=some(msg::ACCOUNT_NAME_HINT) error=use_name_problem(inputs.name) required=true>
            <TextInput value=inputs.name code=true/>
        </Field>
        <Field name=form::LOCATION label=msg::LOCATION hint=some(msg::LOCATION_HINT) required=true>
            <Select value=inputs.location options/>
        </Field>
        <Field name=form::SUBSCRIPTION label=msg::SUBSCRIPTION hint=some(msg::SUBSCRIPTION_HINT)>
            <TextInput value=inputs.subscription code=true/>
        </Field>
        <Field name=form::RESOURCE_GROUP label=msg::RESOURCE_GROUP hint=some(msg::RESOURCE_GROUP_HINT)>
            <TextInput value=inputs.resource_group code=true/>
        </Field>
    }
}

#[component]
fn Advanced(inputs: Inputs) -> impl IntoView {
    // Who may not see them types a name.
    let stores = use_reading(|| (), Signal::stored(0), |()| storage_list());
    let suggestions = Signal::derive(move || {
        let all = stores.get().unwrap_or_default();
        all.into_iter().map(|s| combo::Suggestion::new(s.name, s.blob_endpoint)).collect::<Vec<_>>()
    });
    view! {
        <Field name=form::STORAGE label=msg::STORAGE hint=some(msg::STORAGE_HINT)><Combo value=inputs.storage suggestions/></Field>
        <Checkbox value=inputs.public_access label=msg::PUBLIC_ACCESS hint=some(msg::PUBLIC_ACCESS_HINT)/>
    }
}

#[component]
fn Tags(inputs: Inputs) -> impl IntoView {
    view! {
        <Field name=form::TAGS label=msg::TAGS hint=some(msg::TAGS_HINT) group=true><TagEditor rows=inputs.tags/></Field>
    }
}

#[component]
fn Reviewed(inputs: Inputs) -> impl IntoView {
    let tags = move || {
        let tags = inputs.form().tags.into_iter().filter(|(name, _)| !name.is_empty());
        tags.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
    };
    view! {
        <Review>
            <ReviewItem label=msg::ACCOUNT_NAME value=inputs.name/>
            <ReviewItem label=msg::LOCATION value=inputs.location/>
            <ReviewItem label=msg::SUBSCRIPTION value=inputs.subscription/>
            <ReviewItem label=msg::RESOURCE_GROUP value=inputs.resource_group/>
            <ReviewItem label=msg::STORAGE value=inputs.storage/>
            <ReviewItem label=msg::PUBLIC_ACCESS value=move || t(if inputs.public_access.get() { msg::ENABLED } else { msg::DISABLED })/>
            <ReviewItem label=msg::TAGS value=tags/>
        </Review>
    }
}

/// What the server says about the name while it is typed.
fn use_name_problem(name: RwSignal<String>) -> Signal<Option<String>> {
    let asked = RwSignal::new(String::new());
    let mut ask = debounce(TYPING_PAUSE, move |name: String| asked.set(name));
    Effect::new(move || ask(name.get().trim().to_owned()));
    let answer = use_reading(
        move || asked.get(),
        Signal::stored(0),
        |name: String| async move {
            // The form says itself what no name can be.
            if name.parse::<AccountName>().is_err() {
                return Ok(None);
            }
            let answer = account_name_check(name.clone()).await?;
            Ok((!answer.name_available).then_some(name))
        },
    );
    Signal::derive(move || {
        let taken = answer.get().flatten().filter(|taken| name.with(|name| name.trim() == taken))?;
        Some(tf(msg::ACCOUNT_NAME_TAKEN, &[("name", &taken)]))
    })
}

fn some(message: Msg) -> Signal<Option<String>> {
    Signal::derive(move || Some(t(message).to_owned()))
}
