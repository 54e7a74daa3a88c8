//! How this browser's user likes the portal: language, theme, zone and style of times. Kept in the browser.

use leptos::prelude::*;

use super::browser;
use crate::portal::i18n::{Language, language, set_language};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

/// The zone in which times are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    #[default]
    Local,
    Utc,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeStyle {
    /// `5 min ago`.
    #[default]
    Relative,
    /// Date and clock.
    Absolute,
}

macro_rules! choice {
    ($name:ident { $($variant:ident = $text:literal),+ }) => {
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            pub fn of(text: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text)
            }
        }
    };
}
choice!(Theme { System = "system", Light = "light", Dark = "dark" });
choice!(Zone { Local = "local", Utc = "utc" });
choice!(TimeStyle { Relative = "relative", Absolute = "absolute" });

const LANGUAGE_KEY: &str = "fournil.language";
const THEME_KEY: &str = "fournil.theme";
const ZONE_KEY: &str = "fournil.zone";
const TIMES_KEY: &str = "fournil.times";

#[derive(Clone, Copy)]
pub struct Settings {
    theme: RwSignal<Theme>,
    zone: RwSignal<Zone>,
    times: RwSignal<TimeStyle>,
}

impl Settings {
    /// Reads what is remembered and keeps `<html>` in step with it.
    pub fn provide() {
        let read = |key| browser::stored(key).unwrap_or_default();
        let settings = Settings {
            theme: RwSignal::new(Theme::of(&read(THEME_KEY)).unwrap_or_default()),
            zone: RwSignal::new(Zone::of(&read(ZONE_KEY)).unwrap_or_default()),
            times: RwSignal::new(TimeStyle::of(&read(TIMES_KEY)).unwrap_or_default()),
        };
        set_language(Language::of_tag(&read(LANGUAGE_KEY)).or_else(browsers_language).unwrap_or_default());
        Effect::new(move || set_root("lang", Some(language().tag())));
        Effect::new(move || {
            let theme = settings.theme.get();
            set_root("data-theme", (theme != Theme::System).then_some(theme.as_str()));
        });
        provide_context(settings);
    }

    pub fn theme(self) -> Theme {
        self.theme.get()
    }

    pub fn zone(self) -> Zone {
        self.zone.get()
    }

    pub fn times(self) -> TimeStyle {
        self.times.get()
    }

    pub fn set_language(self, language: Language) {
        browser::store(LANGUAGE_KEY, language.tag());
        set_language(language);
    }

    pub fn set_theme(self, theme: Theme) {
        browser::store(THEME_KEY, theme.as_str());
        self.theme.set(theme);
    }

    pub fn set_zone(self, zone: Zone) {
        browser::store(ZONE_KEY, zone.as_str());
        self.zone.set(zone);
    }

    pub fn set_times(self, times: TimeStyle) {
        browser::store(TIMES_KEY, times.as_str());
        self.times.set(times);
    }
}

pub fn use_settings() -> Settings {
    expect_context()
}

/// The first of the browser's languages that we have.
fn browsers_language() -> Option<Language> {
    let languages = window().navigator().languages();
    languages.iter().filter_map(|tag| tag.as_string()).find_map(|tag| Language::of_tag(&tag))
}

fn set_root(attribute: &str, value: Option<&str>) {
    let Some(root) = document().document_element() else { return };
    // Neither can fail: the names are plain.
    let _ = match value {
        Some(value) => root.set_attribute(attribute, value),
        None => root.remove_attribute(attribute),
    };
}
