//! Where accounts are: locations, subscriptions, and the resource groups in them.

mod group;
mod group_form;
mod location;
mod subscription;

pub use group::ResourceGroupPage;
pub use location::LocationListPage;
pub use subscription::{SubscriptionListPage, SubscriptionPage};
