//! Which page has which URL. Links to them are built in `paths`.
//!
//! Types are erased at every route: otherwise the compiler drags the type of the whole portal along. Most pages are those of
//! an area (`areas`), which are loaded when somebody goes there.

use std::sync::Arc;

use leptos::prelude::*;
#[allow(unused_imports, reason = "the types below are erased in the browser's build")]
use leptos_router::MatchNestedRoutes;
use leptos_router::PossibleRouteMatch;
use leptos_router::components::{Outlet, ParentRoute, Route, Routes};
use leptos_router::path;

use super::areas::{account, installation, jobs, making, pools, storage};
use super::pages;
use super::shell::{AccountFrame, Frame, NotFoundPage};

#[component]
pub fn AppRoutes() -> impl IntoView {
    view! {
        <Routes fallback=|| view! { <NotFoundPage/> }.into_any()>
            <Route path=at(path!("/sign-in")) view=page(|| view! { <pages::sign_in::SignInPage/> }.into_any())/>
            <Route path=at(path!("/setup")) view=page(|| view! { <pages::set_up::SetUpPage/> }.into_any())/>
            <Route path=at(path!("/password")) view=page(|| view! { <pages::user::PasswordPage/> }.into_any())/>
            <ParentRoute path=at(path!("")) view=page(|| view! { <Frame/> }.into_any())>
                <Route path=at(path!("")) view=page(|| view! { <pages::home::HomePage/> }.into_any())/>
                <Route path=at(path!("/settings")) view=page(installation::SettingsPage)/>
                <Route path=at(path!("/reference")) view=page(installation::ReferencePage)/>
                <Route path=at(path!("/tokens")) view=page(installation::TokensPage)/>
                <Route path=at(path!("/device")) view=page(installation::DevicePage)/>
                <StorageRoutes/>
                <Route path=at(path!("/locations")) view=page(installation::LocationListPage)/>
                <ParentRoute path=at(path!("/places")) view=page(|| view! { <Outlet/> }.into_any())>
                    <Route path=at(path!("")) view=page(installation::SubscriptionListPage)/>
                    <Route path=at(path!("/:subscription")) view=page(installation::SubscriptionPage)/>
                    <Route path=at(path!("/:subscription/:group")) view=page(installation::ResourceGroupPage)/>
                </ParentRoute>
                <Route path=at(path!("/users")) view=page(installation::UsersPage)/>
                <Route path=at(path!("/users/:user")) view=page(installation::UserPage)/>
                <Route path=at(path!("/activity")) view=page(installation::ActivityPage)/>
                <Route path=at(path!("/accounts")) view=page(account::AccountListPage)/>
                <Route path=at(path!("/accounts/new")) view=page(account::AccountCreatePage)/>
                <AccountRoutes/>
                <Route path=at(path!("/*any")) view=page(|| view! { <NotFoundPage/> }.into_any())/>
            </ParentRoute>
        </Routes>
    }
}

/// All routes are of one type: the router is compiled for it once.
fn at(path: impl PossibleRouteMatch + Send + Sync + 'static) -> Arc<dyn PossibleRouteMatch + Send + Sync> {
    Arc::new(path)
}

/// And so are all views.
fn page(view: fn() -> AnyView) -> fn() -> AnyView {
    view
}

/// Storage belongs to the installation, not to an account.
#[component(transparent)]
fn StorageRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=at(path!("/storage-accounts")) view=page(|| view! { <Outlet/> }.into_any())>
            <Route path=at(path!("")) view=page(storage::StorageListPage)/>
            <Route path=at(path!("/:storage")) view=page(storage::StorageAccountPage)/>
            <Route path=at(path!("/:storage/containers/:container")) view=page(storage::ContainerPage)/>
            <Route path=at(path!("/:storage/containers/:container/blobs/*blob")) view=page(storage::BlobPage)/>
        </ParentRoute>
    }
    .into_inner()
}

/// The pages of one account; the frame around them knows the account and shows its menu.
#[component(transparent)]
fn AccountRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=at(path!("/accounts/:account")) view=page(|| view! { <AccountFrame/> }.into_any())>
            <Route path=at(path!("")) view=page(account::AccountPage)/>
            <Route path=at(path!("/properties")) view=page(account::PropertiesPage)/>
            <Route path=at(path!("/networking")) view=page(account::NetworkingPage)/>
            <Route path=at(path!("/tags")) view=page(account::TagsPage)/>
            <Route path=at(path!("/keys")) view=page(account::KeysPage)/>
            <Route path=at(path!("/storage")) view=page(account::AccountStoragePage)/>
            <Route path=at(path!("/access")) view=page(account::AccessPage)/>
            <Route path=at(path!("/quotas")) view=page(account::QuotasPage)/>
            <Route path=at(path!("/activity")) view=page(account::AccountActivityPage)/>
            <Route path=at(path!("/events")) view=page(account::ServiceEventsPage)/>
            <Route path=at(path!("/webhooks")) view=page(account::WebHookListPage)/>
            <Route path=at(path!("/webhooks/:hook")) view=page(account::WebHookPage)/>
            <PoolRoutes/>
            <JobRoutes/>
            <JobScheduleRoutes/>
            <ApplicationRoutes/>
            <Route path=at(path!("/*any")) view=page(|| view! { <NotFoundPage/> }.into_any())/>
        </ParentRoute>
    }
    .into_inner()
}

#[component(transparent)]
fn PoolRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=at(path!("/pools")) view=page(|| view! { <Outlet/> }.into_any())>
            <Route path=at(path!("")) view=page(pools::PoolListPage)/>
            <Route path=at(path!("/new")) view=page(making::PoolCreatePage)/>
            <Route path=at(path!("/:pool/nodes/:node")) view=page(pools::NodePage)/>
            <Route path=at(path!("/:pool/nodes/:node/files")) view=page(pools::NodeFilesPage)/>
            <Route path=at(path!("/:pool/nodes/:node/files/*path")) view=page(pools::NodeFilePage)/>
            <ParentRoute path=at(path!("/:pool")) view=page(pools::PoolPage)>
                <Route path=at(path!("")) view=page(pools::PoolOverviewTab)/>
                <Route path=at(path!("/nodes")) view=page(pools::NodesTab)/>
                <Route path=at(path!("/properties")) view=page(pools::PoolPropertiesTab)/>
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
}

#[component(transparent)]
fn JobRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=at(path!("/jobs")) view=page(|| view! { <Outlet/> }.into_any())>
            <Route path=at(path!("")) view=page(jobs::JobListPage)/>
            <Route path=at(path!("/new")) view=page(making::JobCreatePage)/>
            <Route path=at(path!("/:job/tasks/new")) view=page(making::TaskAddPage)/>
            <Route path=at(path!("/:job/tasks/:task")) view=page(jobs::TaskPage)/>
            <Route path=at(path!("/:job/tasks/:task/files/*path")) view=page(jobs::FilePage)/>
            <ParentRoute path=at(path!("/:job")) view=page(jobs::JobPage)>
                <Route path=at(path!("")) view=page(jobs::JobOverviewTab)/>
                <Route path=at(path!("/tasks")) view=page(jobs::TaskListTab)/>
                <Route path=at(path!("/preparation")) view=page(jobs::JobPreparationTab)/>
                <Route path=at(path!("/properties")) view=page(jobs::JobPropertiesTab)/>
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
}

#[component(transparent)]
fn JobScheduleRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=at(path!("/jobschedules")) view=page(|| view! { <Outlet/> }.into_any())>
            <Route path=at(path!("")) view=page(jobs::JobScheduleListPage)/>
            <Route path=at(path!("/new")) view=page(making::JobScheduleCreatePage)/>
            <ParentRoute path=at(path!("/:schedule")) view=page(jobs::JobSchedulePage)>
                <Route path=at(path!("")) view=page(jobs::JobScheduleOverviewTab)/>
                <Route path=at(path!("/jobs")) view=page(jobs::JobScheduleJobsTab)/>
                <Route path=at(path!("/properties")) view=page(jobs::JobSchedulePropertiesTab)/>
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
}

#[component(transparent)]
fn ApplicationRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=at(path!("/applications")) view=page(|| view! { <Outlet/> }.into_any())>
            <Route path=at(path!("")) view=page(storage::ApplicationListPage)/>
            <Route path=at(path!("/new")) view=page(storage::ApplicationCreatePage)/>
            <Route path=at(path!("/:application")) view=page(storage::ApplicationPage)/>
        </ParentRoute>
    }
    .into_inner()
}
