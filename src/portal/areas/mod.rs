//! Pages that are not in the portal's first file. Each area is a file of its own, loaded when somebody goes there or
//! shortly before; what several areas need and the first file does not is in further files, loaded with them.
//!
//! A page joins the portal by its name in one of the areas below and a route. What is said here decides only what is
//! loaded when: a page must not be used by its own name elsewhere, or it lies in that place's file as well.

mod arrive;
mod foresee;

pub use arrive::are_coming;
pub use foresee::{foresee, foresee_next};

macro_rules! area {
    ($(#[$about:meta])* $area:ident { $($folder:ident::{$($page:ident),+ $(,)?}),+ $(,)? }) => {
        $(#[$about])*
        #[allow(non_snake_case, reason = "pages are named as components are")]
        pub mod $area {
            use leptos::prelude::*;
            use leptos::wasm_split::SplitLoaderError;

            use crate::portal::areas::arrive::arrive;
            use crate::portal::pages;

            #[derive(Clone, Copy)]
            #[allow(clippy::enum_variant_names, reason = "they are the pages' own names")]
            enum Page {
                $($($page,)+)+
            }

            #[allow(unsafe_code, improper_ctypes_definitions, reason = "how the files of a program call each other")]
            #[leptos::wasm_split::wasm_split($area, wasm_split_path = ::leptos::wasm_split, preload(load), fallible)]
            fn $area(page: Page) -> Result<AnyView, SplitLoaderError> {
                Ok(match page {
                    $($(Page::$page => {
                        use pages::$folder::$page as It;
                        view! { <It/> }.into_any()
                    })+)+
                })
            }

            pub(super) fn loading() -> super::arrive::Loading {
                Box::pin(load())
            }

            $($(
                pub fn $page() -> AnyView {
                    arrive(loading, || Box::pin($area(Page::$page)))
                }
            )+)+
        }
    };
}

area! {
    /// What an account is and who may use it.
    account {
        account::{AccountCreatePage, AccountListPage, AccountPage, AccountStoragePage, NetworkingPage, PropertiesPage, TagsPage},
        activity::{AccountActivityPage},
        key::{KeysPage},
        quota::{QuotasPage},
        service_event::{ServiceEventsPage},
        user::{AccessPage},
        web_hook::{WebHookListPage, WebHookPage},
    }
}

area! {
    /// Pools and their nodes.
    pools {
        node::{NodeFilePage, NodeFilesPage, NodePage, NodesTab},
        pool::{PoolListPage, PoolOverviewTab, PoolPage, PoolPropertiesTab},
    }
}

area! {
    /// Jobs, their schedules and tasks.
    jobs {
        file::{FilePage},
        job::{JobListPage, JobOverviewTab, JobPage, JobPreparationTab, JobPropertiesTab},
        job_schedule::{
            JobScheduleJobsTab, JobScheduleListPage, JobScheduleOverviewTab, JobSchedulePage, JobSchedulePropertiesTab,
        },
        task::{TaskListTab, TaskPage},
    }
}

area! {
    /// The large forms.
    making {
        job::{JobCreatePage},
        job_schedule::{JobScheduleCreatePage},
        pool::{PoolCreatePage},
        task::{TaskAddPage},
    }
}

area! {
    /// Application packages and blobs.
    storage {
        application::{ApplicationCreatePage, ApplicationListPage, ApplicationPage},
        storage::{BlobPage, ContainerPage, StorageAccountPage, StorageListPage},
    }
}

area! {
    /// What belongs to the installation and to oneself.
    installation {
        activity::{ActivityPage},
        device::{DevicePage},
        place::{LocationListPage, ResourceGroupPage, SubscriptionListPage, SubscriptionPage},
        reference::{ReferencePage},
        settings::{SettingsPage},
        token::{TokensPage},
        user::{UserPage, UsersPage},
    }
}
