//! Places where accounts can be.

use super::{Caller, Context, Result};
use crate::api;
use crate::domain::permission::Permission;

/// Where accounts can be, with the sizes of nodes there.
pub async fn location_list(cx: &Context, caller: &Caller) -> Result<Vec<api::Location>> {
    caller.where_may(Permission::AccountRead)?;
    Ok(cx.installation.locations.clone())
}
