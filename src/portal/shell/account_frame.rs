//! The account of the pages below `/accounts/{account}`.

use std::str::FromStr;

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_params_map;

use super::not_found::NotFoundPage;
use crate::domain::ids::AccountName;

/// Knows the account; a name that no account can have is shown as not found.
#[component]
pub fn AccountFrame() -> impl IntoView {
    let name = use_id::<AccountName>("account");
    let is_legal = Memo::new(move |_| name.with(Option::is_some));
    move || {
        if is_legal.get() {
            // While this page goes away the path can already be another one: the last name serves until then.
            let account = Memo::new(move |last: Option<&AccountName>| {
                name.get().or_else(|| last.cloned()).expect("the frame is only built for a legal name")
            });
            provide_context(AccountContext(account));
            view! { <Outlet/> }.into_any()
        } else {
            view! { <NotFoundPage/> }.into_any()
        }
    }
}

#[derive(Clone, Copy)]
struct AccountContext(Memo<AccountName>);

/// The account in the path of the page.
pub fn use_account() -> Memo<AccountName> {
    expect_context::<AccountContext>().0
}

/// A name in the path, if it is a legal one: `use_id::<PoolId>("pool")`.
pub fn use_id<T>(param: &'static str) -> Memo<Option<T>>
where
    T: FromStr + PartialEq + Send + Sync + 'static,
{
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get_str(param).and_then(|text| text.parse().ok())))
}
