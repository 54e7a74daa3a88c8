//! A secret: masked until it is asked for, and masked again after a while. While it is masked the page does not hold it.

use std::time::Duration;

use leptos::prelude::*;

use super::button::{Button, ButtonKind};
use super::copy::Copy;
use super::icon::Icon;
use super::live_region::announce;
use crate::portal::i18n::{msg, t, tf};

const SHOWN_FOR: Duration = Duration::from_secs(30);
const MASK: &str = "••••••••••••••••••••••••";

/// `show` fetches the secret into `value`; the component takes it out again when it masks.
#[component]
pub fn Secret(
    /// What it is, e.g. «Primary key».
    #[prop(into)]
    label: Signal<String>,
    /// The secret while it is shown.
    value: RwSignal<Option<String>>,
    #[prop(into)] on_show: Callback<()>,
    #[prop(optional, into)] pending: Signal<bool>,
    /// Why it cannot be shown.
    #[prop(optional, into)]
    refusal: Signal<Option<String>>,
) -> impl IntoView {
    let hide = move || {
        value.try_set(None);
    };
    Effect::new(move |timer: Option<Option<TimeoutHandle>>| {
        if let Some(timer) = timer.flatten() {
            timer.clear();
        }
        value
            .with(Option::is_some)
            .then(|| {
                set_timeout_with_handle(
                    move || {
                        hide();
                        announce(t(msg::SECRET_MASKED));
                    },
                    SHOWN_FOR,
                )
                .ok()
            })
            .flatten()
    });
    on_cleanup(hide);
    let is_shown = Memo::new(move |_| value.with(Option::is_some));
    let toggle = move || if is_shown.get_untracked() { hide() } else { on_show.run(()) };
    let toggle_label = move || {
        let message = if is_shown.get() { msg::SECRET_HIDE } else { msg::SECRET_SHOW };
        tf(message, &[("what", &label.get())])
    };
    view! {
        <div class="secret">
            <code class="secret__text" data-masked=move || (!is_shown.get()).then_some("true")>
                {move || value.get().unwrap_or_else(|| MASK.to_owned())}
            </code>
            {move || view! {
                <Button label=toggle_label icon_only=true kind=ButtonKind::Subtle pending refusal
                    icon=if is_shown.get() { Icon::EyeOff } else { Icon::Eye } on_press=toggle/>
            }}
            <Show when=move || is_shown.get()>
                <Copy text=Signal::derive(move || value.get().unwrap_or_default()) what=label/>
            </Show>
        </div>
    }
}
