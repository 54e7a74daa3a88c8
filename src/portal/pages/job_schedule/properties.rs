//! The job schedule as the REST API gives it, to be read or changed.

use leptos::prelude::*;

use super::page::JobScheduleContext;
use crate::api::JobSchedule;
use crate::domain::edit;
use crate::domain::job_schedule::{self as rules, Wish};
use crate::domain::permission::Permission;
use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{Loaded, use_query_param};
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::json_edit::{Editing, JsonEdit, of_job_schedule};
use crate::portal::pages::json_view::JsonView;
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::JobScheduleRef;
use crate::portal::state::use_session;
use crate::server_fns::job_schedule_edit;

#[component]
pub fn JobSchedulePropertiesTab() -> impl IntoView {
    let context = expect_context::<JobScheduleContext>();
    let has_data = Memo::new(move |_| context.reading.with(|schedule| schedule.is_some()));
    let editing = panel_open(use_query_param("edit"), "json", has_data);
    view! {
        <Loaded reading=context.reading let:schedule>
            {
                let value = Signal::derive(move || schedule.with(|schedule| schedule.job_schedule.clone()));
                let here = move || context.here.get_untracked();
                view! {
                    <Show when=move || editing.get() fallback=move || view! { <JsonView value/> }>
                        {here().map(|here| view! { <Edit here now=value open=editing/> })}
                    </Show>
                }
            }
        </Loaded>
    }
}

#[component]
fn Edit(here: JobScheduleRef, now: Signal<JobSchedule>, open: RwSignal<bool>) -> impl IntoView {
    let session = use_session();
    let kind =
        Editing { e_tag: |schedule: &JobSchedule| &schedule.e_tag, check: edit::job_schedule, words: of_job_schedule };
    let name = here.schedule.clone();
    let done = Signal::derive(move || tf(msg::EDIT_SAVED, &[("id", name.as_str())]));
    let send = move |e_tag, edit| {
        let JobScheduleRef { account, schedule } = here.clone();
        job_schedule_edit(account, schedule, e_tag, edit)
    };
    let refusal = Signal::derive(move || {
        refusal::of(session, Permission::JobWrite, now.with(|schedule| rules::refusal(schedule.state, Wish::Update)))
    });
    view! { <JsonEdit now kind send done refusal open/> }
}
