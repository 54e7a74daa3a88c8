//! The jobs that a schedule made.

use leptos::prelude::*;

use super::page::JobScheduleContext;
use crate::portal::components::{Empty, Icon, Source};
use crate::portal::i18n::msg;
use crate::portal::pages::job::JobTable;
use crate::portal::pages::route_ids::JobScheduleRef;
use crate::portal::paths;
use crate::server_fns::job_schedule_job_list;

#[component]
pub fn JobScheduleJobsTab() -> impl IntoView {
    let context = expect_context::<JobScheduleContext>();
    move || {
        let JobScheduleRef { account, schedule } = context.here.get()?;
        let home = Signal::stored(paths::job_schedule_jobs(&account, &schedule));
        let source = Source::new(move |query| job_schedule_job_list(account.clone(), schedule.clone(), query));
        let empty = || {
            view! { <Empty icon=Icon::Job title=msg::JOB_SCHEDULE_JOBS_EMPTY text=msg::JOB_SCHEDULE_JOBS_EMPTY_TEXT/> }
        };
        Some(view! { <JobTable source tick=context.tick home empty/> })
    }
}
