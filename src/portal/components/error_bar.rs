//! An error as Batch says it: a plain sentence, its code, what it concerns, and the request id to copy.

use leptos::prelude::*;

use super::button::Button;
use super::copy::Copy;
use super::icon::{Glyph, Icon};
use crate::api;
use crate::portal::i18n::{msg, of_code, t, tx};

#[component]
pub fn ErrorBar(
    #[prop(into)] error: Signal<api::Error>,
    /// Tries again what failed.
    #[prop(optional, into)]
    on_retry: Option<Callback<()>>,
) -> impl IntoView {
    let sentence = move || error.with(sentence);
    let values = move || {
        error
            .get()
            .values
            .into_iter()
            .filter(|v| v.key != "Reason")
            .map(|v| view! { <div class="error-bar__value"><dt>{v.key}</dt><dd>{v.value}</dd></div> })
            .collect_view()
    };
    let reason = move || error.with(|e| e.value("Reason").map(str::to_owned));
    let request_id = Signal::derive(move || error.with(|e| e.request_id.clone()));
    view! {
        <div class="error-bar" role="alert">
            <Glyph icon=Icon::Error/>
            <div class="error-bar__body">
                <p class="error-bar__text">{sentence}</p>
                {move || reason().map(|reason| view! { <p class="error-bar__reason">{reason}</p> })}
                <dl class="error-bar__values">
                    <div class="error-bar__value"><dt>{tx(msg::ERROR_CODE)}</dt><dd><code>{move || error.with(|e| e.code.as_str())}</code></dd></div>
                    {values}
                    <Show when=move || request_id.with(|id| !id.is_empty())>
                        <div class="error-bar__value">
                            <dt>{tx(msg::ERROR_REQUEST_ID)}</dt>
                            <dd><code>{move || request_id.get()}</code><Copy text=request_id what=msg::ERROR_REQUEST_ID/></dd>
                        </div>
                    </Show>
                </dl>
            </div>
            {on_retry.map(|on_retry| view! { <Button label=msg::RETRY icon=Icon::Refresh on_press=move || on_retry.run(())/> })}
        </div>
    }
}

/// What the error says to people, in their language.
pub fn sentence(error: &api::Error) -> String {
    of_code(error.code.as_str()).map_or_else(|| error.message.clone(), |message| t(message).to_owned())
}
