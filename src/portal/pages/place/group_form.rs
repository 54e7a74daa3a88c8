//! The form of a new resource group.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ResourceGroupPut};
use crate::domain::account::check_resource_group;
use crate::portal::components::field::required_text;
use crate::portal::components::{
    Button, ButtonKind, ErrorBar, Field, FieldErrors, FormErrors, Icon, Select, TextInput,
};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::reading::use_reading;
use crate::portal::state::use_session;
use crate::server_fns::{location_list, resource_group_put};

const NAME: &str = "group";

#[component]
pub(super) fn NewGroupForm(subscription: Memo<String>, made: Callback<()>) -> impl IntoView {
    let session = use_session();
    let (name, location) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    let locations = use_reading(|| (), Signal::stored(0), |()| location_list());
    let options = Signal::derive(move || {
        let all = locations.with(|all| all.cloned().unwrap_or_default());
        all.into_iter().map(|location| (location.name, location.display_name)).collect::<Vec<_>>()
    });
    let local = Signal::derive(move || {
        let mut errors = FieldErrors::default();
        let name = required_text(&mut errors, NAME, &name.get());
        if errors.is_empty() && check_resource_group(&name).is_err() {
            errors.add(NAME, msg::RESOURCE_GROUP_RULE);
        }
        errors
    });
    let errors = FormErrors::provide(local, error.into());
    // The first is chosen while nobody has chosen another.
    let chosen = move || {
        let typed = location.get_untracked();
        let first = || options.with_untracked(|all| all.first().map(|(name, _)| name.clone()).unwrap_or_default());
        if typed.is_empty() { first() } else { typed }
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() || !errors.check() {
            return;
        }
        let (group, put) =
            (name.get_untracked().trim().to_owned(), ResourceGroupPut { location: chosen(), tags: Default::default() });
        let subscription = subscription.get_untracked();
        pending.set(true);
        error.set(None);
        spawn_local(async move {
            let answer = resource_group_put(subscription, group, put).await;
            pending.try_set(false);
            match answer {
                Ok(_) => {
                    name.try_set(String::new());
                    errors.reset();
                    made.run(());
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
            <h2>{tx(msg::RESOURCE_GROUP_ADD)}</h2>
            {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name=NAME label=msg::RESOURCE_GROUP hint=Signal::derive(|| Some(t(msg::RESOURCE_GROUP_HINT).to_owned())) required=true>
                <TextInput value=name code=true/>
            </Field>
            <Field name="location" label=msg::LOCATION><Select value=location options/></Field>
            <div class="form__actions">
                <Button label=msg::RESOURCE_GROUP_ADD icon=Icon::Add kind=ButtonKind::Primary submit=true pending/>
            </div>
        </form>
    }
}
