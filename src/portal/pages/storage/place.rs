//! What the URL is about, and what the user may do there.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::domain::permission::Permission;
use crate::portal::i18n::{msg, t};
use crate::portal::state::use_session;

/// A part of the path, decoded once.
pub fn use_param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get(name).unwrap_or_default()))
}

/// Why the user cannot do what takes this permission.
pub fn use_refusal(permission: Permission) -> Signal<Option<String>> {
    let session = use_session();
    Signal::derive(move || (!session.allows(permission)).then(|| t(msg::ERROR_FORBIDDEN).to_owned()))
}
