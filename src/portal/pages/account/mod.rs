//! Batch accounts: list, create, overview, properties, tags.

mod create;
mod delete;
mod form;
mod graphs;
mod list;
mod network_form;
mod networking;
mod overview;
mod properties;
mod storage;
mod storage_needed;
mod table;
mod tag_editor;
mod tags;

pub use create::AccountCreatePage;
pub use form::{TAGS, to_tags};
pub use list::AccountListPage;
pub use networking::NetworkingPage;
pub use overview::AccountPage;
pub use properties::PropertiesPage;
pub use storage::AccountStoragePage;
pub use storage_needed::StorageNeeded;
pub use table::AccountTable;
pub use tag_editor::{TagEditor, TagRows};
pub use tags::TagsPage;

use leptos::prelude::*;

use crate::api;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::shell::use_account;
use crate::portal::state::use_changes;
use crate::server_fns::account_get;

/// The account of the page's path with its counts, kept fresh.
pub fn use_account_summary() -> Reading<api::AccountSummary> {
    let account = use_account();
    let tick = use_changes(move |change| account.with_untracked(|a| change.account == a.as_str()));
    use_reading(move || account.get(), tick, account_get)
}
