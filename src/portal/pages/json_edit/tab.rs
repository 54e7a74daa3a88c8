//! The tab of a resource's JSON: to be read, or changed while `edit=json` stands in the address.

use leptos::prelude::*;

use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{Loaded, use_query_param};
use crate::portal::pages::json_view::JsonView;
use crate::portal::reading::Reading;

#[component]
pub fn JsonTab<S, T, V>(
    reading: Reading<S>,
    /// What of the reading is the resource.
    of: fn(&S) -> &T,
    /// The form, of the resource as it is now and of whether the form is shown.
    form: impl Fn(Signal<T>, RwSignal<bool>) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    S: Clone + PartialEq + Send + Sync + 'static,
    T: serde::Serialize + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let has_data = Memo::new(move |_| reading.with(|data| data.is_some()));
    let editing = panel_open(use_query_param("edit"), "json", has_data);
    view! {
        <Loaded reading let:read>
            {
                let value = Signal::derive(move || read.with(|read| of(read).clone()));
                let form = form.clone();
                view! {
                    <Show when=move || editing.get() fallback=move || view! { <JsonView value/> }>
                        {form(value, editing)}
                    </Show>
                }
            }
        </Loaded>
    }
}
