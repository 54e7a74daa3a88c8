//! The menu at the left: of the account whose page is shown, else of the installation.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::domain::permission::Permission;
use crate::portal::components::{Glyph, Icon};
use crate::portal::i18n::{Msg, msg, t};
use crate::portal::paths;
use crate::portal::state::use_session;

#[component]
pub(super) fn Nav(
    /// On narrow windows: whether the menu is out.
    nav_open: RwSignal<bool>,
) -> impl IntoView {
    let path = use_location().pathname;
    let account = Memo::new(move |_| path.with(|path| account_of(path)));
    Effect::new(move || {
        path.track();
        nav_open.set(false);
    });
    let menu = move || match account.get() {
        Some(account) => view! { <AccountMenu account path/> }.into_any(),
        None => view! { <MainMenu path/> }.into_any(),
    };
    view! {
        <div class="nav__shade" data-open=move || nav_open.get().to_string() on:click=move |_| nav_open.set(false)></div>
        <nav
            class="nav"
            id=NAV_ID
            aria-label=move || t(msg::NAV_LABEL)
            data-open=move || nav_open.get().to_string()
            on:keydown=move |event| if event.key() == "Escape" { nav_open.set(false) }
        >
            {menu}
        </nav>
    }
}

pub(super) const NAV_ID: &str = "nav";

#[component]
fn MainMenu(path: Memo<String>) -> impl IntoView {
    let session = use_session();
    view! {
        <ul class="nav__list">
            <Entry path label=msg::HOME icon=Icon::Home href=paths::home() exact=true/>
            <Entry path label=msg::ACCOUNTS icon=Icon::Account href=paths::accounts()/>
            <Show when=move || session.allows(Permission::StorageRead)>
                <Entry path label=msg::STORES icon=Icon::Storage href=paths::stores()/>
            </Show>
            <Entry path label=msg::SUBSCRIPTIONS icon=Icon::Folder href=paths::subscriptions()/>
            <Entry path label=msg::LOCATIONS icon=Icon::Network href=paths::locations()/>
            <Show when=move || session.allows(Permission::UserWrite)>
                <Entry path label=msg::USERS icon=Icon::User href=paths::users()/>
            </Show>
            <Entry path label=msg::ACTIVITY icon=Icon::Clock href=paths::activity()/>
            <Entry path label=msg::REFERENCE icon=Icon::Info href=paths::reference()/>
            <Entry path label=msg::SETTINGS icon=Icon::Settings href=paths::settings()/>
        </ul>
    }
}

#[component]
fn AccountMenu(account: String, path: Memo<String>) -> impl IntoView {
    let session = use_session();
    let hooks = paths::web_hooks(&account);
    view! {
        <p class="nav__account"><Glyph icon=Icon::Account/><span>{account.clone()}</span></p>
        <ul class="nav__list">
            <Entry path label=msg::OVERVIEW icon=Icon::Info href=paths::account(&account) exact=true/>
            <Entry path label=msg::POOLS icon=Icon::Pool href=paths::pools(&account)/>
            <Entry path label=msg::JOBS icon=Icon::Job href=paths::jobs(&account)/>
            <Entry path label=msg::JOB_SCHEDULES icon=Icon::Clock href=paths::job_schedules(&account)/>
            <Entry path label=msg::APPLICATIONS icon=Icon::Package href=paths::applications(&account)/>
        </ul>
        <p class="nav__title">{move || t(msg::SETTINGS)}</p>
        <ul class="nav__list">
            <Entry path label=msg::KEYS icon=Icon::Key href=paths::keys(&account)/>
            <Entry path label=msg::STORAGE icon=Icon::Storage href=paths::account_storage(&account)/>
            <Entry path label=msg::PROPERTIES icon=Icon::Properties href=paths::account_properties(&account)/>
            <Entry path label=msg::NETWORKING icon=Icon::Network href=paths::account_networking(&account)/>
            <Entry path label=msg::TAGS icon=Icon::Tag href=paths::account_tags(&account)/>
            <Entry path label=msg::ACCESS_CONTROL icon=Icon::User href=paths::account_access(&account)/>
            <Entry path label=msg::QUOTAS icon=Icon::Columns href=paths::account_quotas(&account)/>
            <Entry path label=msg::ACTIVITY icon=Icon::Clock href=paths::account_activity(&account)/>
            <Entry path label=msg::EVENTS icon=Icon::Bell href=paths::service_events(&account)/>
            {move || session.allows(Permission::AccountWrite).then(|| view! {
                <Entry path label=msg::HOOKS icon=Icon::Network href=hooks.clone()/>
            })}
        </ul>
        <ul class="nav__list nav__list--end">
            <Entry path label=msg::ALL_ACCOUNTS icon=Icon::List href=paths::accounts() exact=true/>
        </ul>
    }
}

#[component]
fn Entry(
    path: Memo<String>,
    label: Msg,
    icon: Icon,
    href: String,
    /// Current only on this very page, not on those below it.
    #[prop(optional)]
    exact: bool,
) -> impl IntoView {
    let target = href.clone();
    let is_current =
        Memo::new(move |_| path.with(|path| *path == target || (!exact && path.starts_with(&format!("{target}/")))));
    view! {
        <li>
            <a class="nav__entry" href=href aria-current=move || is_current.get().then_some("page")>
                <Glyph icon/><span>{move || t(label)}</span>
            </a>
        </li>
    }
}

/// The account whose pages lie at this path.
pub fn account_of(path: &str) -> Option<String> {
    let segment = path.strip_prefix("/accounts/")?.split('/').next()?;
    (!segment.is_empty() && segment != "new").then(|| paths::decode(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_read_from_the_path() {
        assert_eq!(account_of("/accounts/mybatch/pools/p").as_deref(), Some("mybatch"));
        assert_eq!(account_of("/accounts/%6Eew").as_deref(), Some("new"));
        assert_eq!(account_of("/accounts/new"), None);
        assert_eq!(account_of("/accounts"), None);
        assert_eq!(account_of("/settings"), None);
    }
}
