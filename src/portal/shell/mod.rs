//! What surrounds a page: top bar, menu, breadcrumb, and what happens on every navigation.

mod account_frame;
mod account_switch;
mod announcer;
mod breadcrumb;
mod entrance;
mod frame;
mod links;
mod live;
mod nav;
mod not_found;
mod notification_pane;
mod sign_in_gate;
mod top_bar;
mod user_menu;

pub use account_frame::{AccountFrame, use_account, use_id};
pub use entrance::Entrance;
pub use frame::Frame;
pub use links::Links;
pub use nav::account_of;
pub use not_found::NotFoundPage;
pub use sign_in_gate::SignInGate;
pub use user_menu::{LanguageChoice, ThemeChoice, TimesChoice, ZoneChoice};
