//! Which page has which URL. Links to them are built in `paths`.
//!
//! Types are erased at every route: otherwise the compiler drags the type of the whole portal along.

use leptos::prelude::*;
#[allow(unused_imports, reason = "the types below are erased in the browser's build")]
use leptos_router::MatchNestedRoutes;
use leptos_router::components::{Outlet, ParentRoute, Route, Routes};
use leptos_router::path;

use super::pages;
use super::shell::{AccountFrame, Frame, NotFoundPage};

#[component]
pub fn AppRoutes() -> impl IntoView {
    view! {
        <Routes fallback=|| view! { <NotFoundPage/> }.into_any()>
            <Route path=path!("/sign-in") view=|| view! { <pages::sign_in::SignInPage/> }.into_any()/>
            <Route path=path!("/setup") view=|| view! { <pages::set_up::SetUpPage/> }.into_any()/>
            <Route path=path!("/password") view=|| view! { <pages::user::PasswordPage/> }.into_any()/>
            <ParentRoute path=path!("") view=|| view! { <Frame/> }.into_any()>
                <Route path=path!("") view=|| view! { <pages::home::HomePage/> }.into_any()/>
                <Route path=path!("/settings") view=|| view! { <pages::settings::SettingsPage/> }.into_any()/>
                <Route path=path!("/reference") view=|| view! { <pages::reference::ReferencePage/> }.into_any()/>
                <Route path=path!("/tokens") view=|| view! { <pages::token::TokensPage/> }.into_any()/>
                <Route path=path!("/device") view=|| view! { <pages::device::DevicePage/> }.into_any()/>
                <StorageRoutes/>
                <Route path=path!("/locations") view=|| view! { <pages::place::LocationListPage/> }.into_any()/>
                <ParentRoute path=path!("/places") view=|| view! { <Outlet/> }.into_any()>
                    <Route path=path!("") view=|| view! { <pages::place::SubscriptionListPage/> }.into_any()/>
                    <Route path=path!("/:subscription") view=|| view! { <pages::place::SubscriptionPage/> }.into_any()/>
                    <Route path=path!("/:subscription/:group") view=|| view! { <pages::place::ResourceGroupPage/> }.into_any()/>
                </ParentRoute>
                <Route path=path!("/users") view=|| view! { <pages::user::UsersPage/> }.into_any()/>
                <Route path=path!("/users/:user") view=|| view! { <pages::user::UserPage/> }.into_any()/>
                <Route path=path!("/activity") view=|| view! { <pages::activity::ActivityPage/> }.into_any()/>
                <Route path=path!("/accounts") view=|| view! { <pages::account::AccountListPage/> }.into_any()/>
                <Route path=path!("/accounts/new") view=|| view! { <pages::account::AccountCreatePage/> }.into_any()/>
                <AccountRoutes/>
                <Route path=path!("/*any") view=|| view! { <NotFoundPage/> }.into_any()/>
            </ParentRoute>
        </Routes>
    }
}

/// Storage belongs to the installation, not to an account.
#[component(transparent)]
fn StorageRoutes() -> impl MatchNestedRoutes + Clone {
    use pages::storage::{BlobPage, ContainerPage, StorageAccountPage, StorageListPage};
    view! {
        <ParentRoute path=path!("/storage-accounts") view=|| view! { <Outlet/> }.into_any()>
            <Route path=path!("") view=|| view! { <StorageListPage/> }.into_any()/>
            <Route path=path!("/:storage") view=|| view! { <StorageAccountPage/> }.into_any()/>
            <Route path=path!("/:storage/containers/:container") view=|| view! { <ContainerPage/> }.into_any()/>
            <Route path=path!("/:storage/containers/:container/blobs/*blob") view=|| view! { <BlobPage/> }.into_any()/>
        </ParentRoute>
    }
    .into_inner()
}

/// The pages of one account; the frame around them knows the account and shows its menu.
#[component(transparent)]
fn AccountRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/accounts/:account") view=|| view! { <AccountFrame/> }.into_any()>
            <Route path=path!("") view=|| view! { <pages::account::AccountPage/> }.into_any()/>
            <Route path=path!("/properties") view=|| view! { <pages::account::PropertiesPage/> }.into_any()/>
            <Route path=path!("/networking") view=|| view! { <pages::account::NetworkingPage/> }.into_any()/>
            <Route path=path!("/tags") view=|| view! { <pages::account::TagsPage/> }.into_any()/>
            <Route path=path!("/keys") view=|| view! { <pages::key::KeysPage/> }.into_any()/>
            <Route path=path!("/storage") view=|| view! { <pages::account::AccountStoragePage/> }.into_any()/>
            <Route path=path!("/access") view=|| view! { <pages::user::AccessPage/> }.into_any()/>
            <Route path=path!("/quotas") view=|| view! { <pages::quota::QuotasPage/> }.into_any()/>
            <Route path=path!("/activity") view=|| view! { <pages::activity::AccountActivityPage/> }.into_any()/>
            <Route path=path!("/events") view=|| view! { <pages::service_event::ServiceEventsPage/> }.into_any()/>
            <Route path=path!("/webhooks") view=|| view! { <pages::web_hook::WebHookListPage/> }.into_any()/>
            <Route path=path!("/webhooks/:hook") view=|| view! { <pages::web_hook::WebHookPage/> }.into_any()/>
            <PoolRoutes/>
            <JobRoutes/>
            <JobScheduleRoutes/>
            <ApplicationRoutes/>
            <Route path=path!("/*any") view=|| view! { <NotFoundPage/> }.into_any()/>
        </ParentRoute>
    }
    .into_inner()
}

#[component(transparent)]
fn PoolRoutes() -> impl MatchNestedRoutes + Clone {
    use pages::node::{NodeFilePage, NodeFilesPage, NodePage, NodesTab};
    use pages::pool::{PoolCreatePage, PoolListPage, PoolOverviewTab, PoolPage, PoolPropertiesTab};
    view! {
        <ParentRoute path=path!("/pools") view=|| view! { <Outlet/> }.into_any()>
            <Route path=path!("") view=|| view! { <PoolListPage/> }.into_any()/>
            <Route path=path!("/new") view=|| view! { <PoolCreatePage/> }.into_any()/>
            <Route path=path!("/:pool/nodes/:node") view=|| view! { <NodePage/> }.into_any()/>
            <Route path=path!("/:pool/nodes/:node/files") view=|| view! { <NodeFilesPage/> }.into_any()/>
            <Route path=path!("/:pool/nodes/:node/files/*path") view=|| view! { <NodeFilePage/> }.into_any()/>
            <ParentRoute path=path!("/:pool") view=|| view! { <PoolPage/> }.into_any()>
                <Route path=path!("") view=|| view! { <PoolOverviewTab/> }.into_any()/>
                <Route path=path!("/nodes") view=|| view! { <NodesTab/> }.into_any()/>
                <Route path=path!("/properties") view=|| view! { <PoolPropertiesTab/> }.into_any()/>
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
}

#[component(transparent)]
fn JobRoutes() -> impl MatchNestedRoutes + Clone {
    use pages::file::FilePage;
    use pages::job::{JobCreatePage, JobListPage, JobOverviewTab, JobPage, JobPreparationTab, JobPropertiesTab};
    use pages::task::{TaskAddPage, TaskListTab, TaskPage};
    view! {
        <ParentRoute path=path!("/jobs") view=|| view! { <Outlet/> }.into_any()>
            <Route path=path!("") view=|| view! { <JobListPage/> }.into_any()/>
            <Route path=path!("/new") view=|| view! { <JobCreatePage/> }.into_any()/>
            <Route path=path!("/:job/tasks/new") view=|| view! { <TaskAddPage/> }.into_any()/>
            <Route path=path!("/:job/tasks/:task") view=|| view! { <TaskPage/> }.into_any()/>
            <Route path=path!("/:job/tasks/:task/files/*path") view=|| view! { <FilePage/> }.into_any()/>
            <ParentRoute path=path!("/:job") view=|| view! { <JobPage/> }.into_any()>
                <Route path=path!("") view=|| view! { <JobOverviewTab/> }.into_any()/>
                <Route path=path!("/tasks") view=|| view! { <TaskListTab/> }.into_any()/>
                <Route path=path!("/preparation") view=|| view! { <JobPreparationTab/> }.into_any()/>
                <Route path=path!("/properties") view=|| view! { <JobPropertiesTab/> }.into_any()/>
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
}

#[component(transparent)]
fn JobScheduleRoutes() -> impl MatchNestedRoutes + Clone {
    use pages::job_schedule::{
        JobScheduleCreatePage, JobScheduleJobsTab, JobScheduleListPage, JobScheduleOverviewTab, JobSchedulePage,
        JobSchedulePropertiesTab,
    };
    view! {
        <ParentRoute path=path!("/jobschedules") view=|| view! { <Outlet/> }.into_any()>
            <Route path=path!("") view=|| view! { <JobScheduleListPage/> }.into_any()/>
            <Route path=path!("/new") view=|| view! { <JobScheduleCreatePage/> }.into_any()/>
            <ParentRoute path=path!("/:schedule") view=|| view! { <JobSchedulePage/> }.into_any()>
                <Route path=path!("") view=|| view! { <JobScheduleOverviewTab/> }.into_any()/>
                <Route path=path!("/jobs") view=|| view! { <JobScheduleJobsTab/> }.into_any()/>
                <Route path=path!("/properties") view=|| view! { <JobSchedulePropertiesTab/> }.into_any()/>
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
}

#[component(transparent)]
fn ApplicationRoutes() -> impl MatchNestedRoutes + Clone {
    use pages::application::{ApplicationCreatePage, ApplicationListPage, ApplicationPage};
    view! {
        <ParentRoute path=path!("/applications") view=|| view! { <Outlet/> }.into_any()>
            <Route path=path!("") view=|| view! { <ApplicationListPage/> }.into_any()/>
            <Route path=path!("/new") view=|| view! { <ApplicationCreatePage/> }.into_any()/>
            <Route path=path!("/:application") view=|| view! { <ApplicationPage/> }.into_any()/>
        </ParentRoute>
    }
    .into_inner()
}
