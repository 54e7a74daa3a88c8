//! All accounts.

use leptos::prelude::*;

use super::AccountTable;
use crate::domain::permission::Permission;
use crate::portal::components::{Command, CommandBar, Icon, PageHeader};
use crate::portal::i18n::msg;
use crate::portal::paths;
use crate::portal::state::use_session;

#[component]
pub fn AccountListPage() -> impl IntoView {
    let session = use_session();
    let create = Command::link(msg::ACCOUNT_CREATE, Icon::Add, paths::account_create());
    let commands =
        if untrack(|| session.allows(Permission::AccountWrite)) { vec![create.primary()] } else { Vec::new() };
    view! {
        <PageHeader title=msg::ACCOUNTS icon=Icon::Account/>
        <CommandBar commands/>
        <AccountTable/>
    }
}
