//! What outlives a page: who is signed in, notifications, the look, and live updates. Provided once, in `App`.

pub mod browser;
pub mod clock;
pub mod notifications;
pub mod refresh;
pub mod session;
pub mod settings;

pub use clock::{Clock, use_now};
pub use notifications::{Notice, NoticeState, Notifications, use_notifications};
pub use refresh::{Refresh, use_changes, use_refresh};
pub use session::{Session, SessionState, use_session};
pub use settings::{Settings, Theme, TimeStyle, Zone, use_settings};
