//! Who did what: of the installation, and of one account.

mod filters;
mod log;

use leptos::prelude::*;

use crate::portal::components::{Icon, PageHeader};
use crate::portal::i18n::{msg, tx};
use crate::portal::shell::use_account;
pub(super) use filters::FilterInput;
use log::ActivityLog;

/// All that the user may see.
#[component]
pub fn ActivityPage() -> impl IntoView {
    view! {
        <PageHeader title=msg::ACTIVITY icon=Icon::Clock/>
        <p class="lead">{tx(msg::ACTIVITY_LEAD)}</p>
        <ActivityLog account=Signal::stored(None)/>
    }
}

#[component]
pub fn AccountActivityPage() -> impl IntoView {
    let account = use_account();
    view! {
        <PageHeader title=msg::ACTIVITY icon=Icon::Clock/>
        <p class="lead">{tx(msg::ACTIVITY_ACCOUNT_LEAD)}</p>
        <ActivityLog account=Signal::derive(move || Some(account.get()))/>
    }
}
