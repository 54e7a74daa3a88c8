//! Goes to another account: type the beginning of its name.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use super::nav::account_of;
use crate::api::{self, Changed};
use crate::portal::components::Combo;
use crate::portal::components::combo::Suggestion;
use crate::portal::i18n::{msg, t};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::portal::state::use_changes;
use crate::server_fns::account_list;

const SUGGESTED: u32 = 12;
const TYPING_PAUSE: Duration = Duration::from_millis(150);

#[component]
pub(super) fn AccountSwitch() -> impl IntoView {
    let path = use_location().pathname;
    let navigate = use_navigate();
    let typed = RwSignal::new(String::new());
    let search = RwSignal::new(String::new());
    // The field shows where one is until something else is typed.
    let here = Memo::new(move |_| path.with(|path| account_of(path)).unwrap_or_default());
    Effect::new(move || {
        typed.set(here.get());
        search.set(String::new());
    });
    let mut look_for = debounce(TYPING_PAUSE, move |text: String| search.set(text));
    Effect::new(move || {
        let text = typed.get().trim().to_lowercase();
        look_for(if text == here.get_untracked() { String::new() } else { text });
    });
    let tick = use_changes(|change| change.what == Changed::Accounts);
    let accounts = use_reading(
        move || search.get(),
        tick,
        |search| account_list(api::ListQuery { search, limit: SUGGESTED, ..Default::default() }),
    );
    let suggestions = Signal::derive(move || {
        let page = accounts.get();
        let items = page.into_iter().flat_map(|page| page.items);
        items.map(|a| Suggestion::new(a.account.name, a.account.location)).collect::<Vec<_>>()
    });
    let go =
        move |name: String| navigate(&paths::account(name), NavigateOptions { resolve: false, ..Default::default() });
    view! {
        <div class="top-bar__switch">
            <Combo
                value=typed
                suggestions
                on_choose=Callback::new(go)
                label=Signal::derive(|| Some(t(msg::ACCOUNT_SWITCH).to_owned()))
                placeholder=Signal::derive(|| Some(t(msg::ACCOUNT_SWITCH).to_owned()))
            />
        </div>
    }
}
