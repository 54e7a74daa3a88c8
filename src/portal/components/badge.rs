//! States as colour, icon and word. This file is the only place that knows the tones; a state says which one it has.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    /// Under way.
    Active,
    Good,
    Warning,
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Tone::Neutral => "badge",
            Tone::Active => "badge badge--active",
            Tone::Good => "badge badge--good",
            Tone::Warning => "badge badge--warning",
            Tone::Bad => "badge badge--bad",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Tone::Neutral => Icon::Dot,
            Tone::Active => Icon::Play,
            Tone::Good => Icon::Check,
            Tone::Warning => Icon::Alert,
            Tone::Bad => Icon::Error,
        }
    }
}

/// A state: its tone, its word, and its own icon where the tone's says too little.
#[component]
pub fn StateBadge(
    #[prop(into)] tone: Signal<Tone>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] icon: Option<Icon>,
) -> impl IntoView {
    view! {
        <span class=move || tone.get().class()>
            {move || view! { <Glyph icon=icon.unwrap_or(tone.get().icon())/> }}
            <span class="badge__text">{move || label.get()}</span>
        </span>
    }
}
