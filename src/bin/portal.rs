//! The browser's program: mounts the portal in the place of the page's skeleton.

fn main() {
    console_error_panic_hook::set_once();
    let body = leptos::prelude::document().body().expect("the page has a body");
    if let Some(skeleton) = leptos::prelude::document().get_element_by_id("skeleton") {
        skeleton.remove();
    }
    leptos::mount::mount_to(body, fournil::portal::App).forget();
}
