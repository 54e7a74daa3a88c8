//! How far something is, as a bar of shares.

use leptos::prelude::*;

use super::badge::Tone;

/// A part of the bar: so many of the whole, with a name for those who do not see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub tone: Tone,
    pub n: i64,
    pub label: String,
}

/// Shares of `whole`; what they leave is empty. The first share is what counts as done unless `done` says otherwise.
#[component]
pub fn Progress(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] shares: Signal<Vec<Share>>,
    #[prop(into)] whole: Signal<i64>,
    /// How many of the whole are done.
    #[prop(into)]
    done: Signal<i64>,
) -> impl IntoView {
    let text = move || {
        shares.with(|shares| shares.iter().filter(|s| s.n > 0).map(|s| s.label.clone()).collect::<Vec<_>>().join(", "))
    };
    let bars = move || {
        let whole = whole.get().max(1) as f64;
        shares
            .get()
            .into_iter()
            .filter(|share| share.n > 0)
            .map(|share| {
                let width = format!("{:.2}%", share.n as f64 * 100.0 / whole);
                view! { <span class="progress__share" data-tone=tone_name(share.tone) style:width=width></span> }
            })
            .collect_view()
    };
    view! {
        <div
            class="progress"
            role="progressbar"
            aria-label=move || label.get()
            aria-valuemin="0"
            aria-valuemax=move || whole.get().max(0).to_string()
            aria-valuenow=move || done.get().to_string()
            aria-valuetext=text
            title=text
        >
            {bars}
        </div>
    }
}

/// A tone as stylesheets know it: `data-tone`.
pub const fn tone_name(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "neutral",
        Tone::Active => "active",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "bad",
    }
}
