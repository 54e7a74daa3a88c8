//! Something new, written as REST's body: also a copy of what there is, with settings that no form has.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::portal::components::{Button, ButtonKind, ErrorBar, Field, FieldErrors, FormErrors, TextArea};
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::state::use_session;

/// What the address says of how the form is shown: `?as=json&from={id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsJson {
    /// The thing that is copied; empty for none.
    pub from: String,
}

impl AsJson {
    pub fn read(query: &leptos_router::params::ParamsMap) -> Option<AsJson> {
        let is_json = query.get_str("as") == Some("json");
        is_json.then(|| AsJson { from: query.get("from").unwrap_or_default() })
    }
}

/// The id of a copy. A colon is for the jobs that schedules make.
pub fn copy_id(id: &str) -> String {
    const MOST: usize = 64;
    const END: &str = "-copy";
    let begin: String = id.chars().take(MOST - END.len()).map(|c| if c == ':' { '-' } else { c }).collect();
    format!("{begin}{END}")
}

#[component]
pub fn JsonForm<S, F>(
    /// What stands there at first.
    first: String,
    submit: Msg,
    #[prop(into)] cancel: Signal<String>,
    #[prop(into)] refusal: Signal<Option<String>>,
    /// Sends the text; answers with the id of what was made.
    send: S,
    done: Callback<String>,
) -> impl IntoView
where
    S: Fn(String) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<String, api::Error>> + 'static,
{
    let session = use_session();
    let text = RwSignal::new(first);
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    let form = FormErrors::provide(Signal::stored(FieldErrors::default()), error.into());
    let press = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() || refusal.with_untracked(Option::is_some) {
            return;
        }
        pending.set(true);
        error.set(None);
        let answer = send(text.get_untracked());
        spawn_local(async move {
            let answer = answer.await;
            pending.try_set(false);
            match answer {
                Ok(id) => drop(done.try_run(id)),
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
        });
    };
    view! {
        <form class="form" on:submit=press novalidate>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <Field name="json" label=msg::JSON_BODY hint=Signal::derive(|| Some(t(msg::JSON_BODY_HINT).to_owned())) required=true>
                <TextArea value=text code=true rows=24/>
            </Field>
            <div class="wizard__actions">
                <Button label=submit kind=ButtonKind::Primary submit=true pending refusal/>
                <a class="button button--subtle" href=move || cancel.get()>{tx(msg::CANCEL)}</a>
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_an_id_that_can_be() {
        assert_eq!(copy_id("p1"), "p1-copy");
        assert_eq!(copy_id("s1:job-2"), "s1-job-2-copy");
        assert_eq!(copy_id(&"x".repeat(64)).len(), 64);
    }
}
