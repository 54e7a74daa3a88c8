//! Azure's management plane (ARM) for accounts: what `az batch account`, `azure-mgmt-batch` and templates call. It decodes
//! a request, calls one function of `service`, and answers in ARM's form. No rule lives here.
//!
//! A request passes these layers: [`names::plain`] (fixed parts of the path in lower case: ARM's names have no case),
//! [`error::finish`] (headers of every answer, bodies of failures), [`call::authenticate`] (a bearer token before anything
//! else is read, for unknown paths too), [`call::prepare`] (api-version, query), then the handler of its route.
//! What programs call before they have a token is in [`sign_in`].

mod absent;
mod account;
mod account_shape;
mod activity;
mod application;
mod application_package;
mod body;
mod call;
mod certificate;
mod error;
mod key;
mod location;
mod names;
mod network;
mod operation_result;
mod pool;
mod pool_mapping;
mod pool_shape;
mod pool_view;
mod provider;
mod reply;
mod resource_group;
mod role_assignment;
mod role_definition;
mod router;
mod sign_in;
mod spelling;
mod subscription;
mod token;

pub use router::{known, owns, routes};
