//! Shows a [`Reading`]: a skeleton, then the data, or the error.

use leptos::prelude::*;

use super::error_bar::ErrorBar;
use super::skeleton::Skeleton;
use crate::api;
use crate::portal::reading::Reading;

/// The children are built once, when there is data, and follow it through the signal they get:
///
/// ```text
/// <Loaded reading=pool let:pool> <h2>{move || pool.get().pool.settings.id}</h2> </Loaded>
/// ```
#[component]
pub fn Loaded<T, C, V>(
    reading: Reading<T>,
    children: C,
    /// Lines of the skeleton.
    #[prop(default = 4)]
    lines: usize,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    C: Fn(Signal<T>) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let has_data = Memo::new(move |_| reading.with(|data| data.is_some()));
    let error = Memo::new(move |_| reading.error());
    // Before the data goes away its last value is still asked for by children that are about to go, too.
    let data = Memo::new(move |last: Option<&Option<T>>| reading.get().or_else(|| last.cloned().flatten()));
    let content = ViewFn::from(move || {
        children(Signal::derive(move || data.get().expect("the children are built when there is data"))).into_any()
    });
    view! { <Faces has_data error lines content on_retry=Callback::new(move |()| reading.reload())/> }
}

/// The part that does not depend on the data's type: it is compiled once.
#[component]
fn Faces(
    has_data: Memo<bool>,
    error: Memo<Option<api::Error>>,
    lines: usize,
    content: ViewFn,
    on_retry: Callback<()>,
) -> impl IntoView {
    let body = move || {
        if has_data.get() {
            content.run()
        } else if error.with(Option::is_none) {
            view! { <Skeleton lines/> }.into_any()
        } else {
            ().into_any()
        }
    };
    view! {
        {move || error.get().map(|error| view! { <ErrorBar error on_retry/> })}
        {body}
    }
}
