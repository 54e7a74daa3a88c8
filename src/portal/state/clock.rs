//! A signal that says what time it is, once a second while the page is looked at.

use std::time::Duration;

use leptos::prelude::*;

use super::browser;
use crate::api::Timestamp;

#[derive(Clone, Copy)]
pub struct Clock(RwSignal<Timestamp>);

impl Clock {
    pub fn provide() {
        let now = RwSignal::new(browser::now());
        provide_context(Clock(now));
        set_interval(
            move || {
                if !browser::is_hidden() {
                    now.set(browser::now());
                }
            },
            Duration::from_secs(1),
        );
    }
}

/// The time, to the second.
pub fn use_now() -> Signal<Timestamp> {
    expect_context::<Clock>().0.into()
}
