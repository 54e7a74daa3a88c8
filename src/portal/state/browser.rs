//! The few things of the browser that several parts need.

use leptos::prelude::window;
use wasm_bindgen::JsCast;

use crate::api::Timestamp;

/// What the browser's clock says.
pub fn now() -> Timestamp {
    Timestamp::from_micros((js_sys::Date::now() * 1000.0) as i64)
}

/// The browser's own zone at a moment, in minutes east of UTC.
pub fn local_offset_mins(at: Timestamp) -> i32 {
    let date = js_sys::Date::new(&(at.millis() as f64).into());
    -(date.get_timezone_offset() as i32)
}

/// A remembered choice of this browser.
pub fn stored(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Remembers a choice; where storage is forbidden it lasts as long as the page.
pub fn store(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(key, value);
    }
}

/// Path, query and hash of the page.
pub fn here() -> String {
    let location = window().location();
    [location.pathname(), location.search(), location.hash()].into_iter().map(Result::unwrap_or_default).collect()
}

pub fn is_hidden() -> bool {
    leptos::prelude::document().hidden()
}

/// Puts the keyboard on the element with this id, once the page has been drawn.
pub fn focus_id(id: &str) {
    let id = id.to_owned();
    leptos::prelude::request_animation_frame(move || {
        let element = leptos::prelude::document().get_element_by_id(&id);
        if let Some(element) = element.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}
