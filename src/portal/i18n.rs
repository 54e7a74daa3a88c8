//! Texts in the language of the user. `build.rs` makes a constant of each message of `locales/`; a message that is
//! missing in one language does not compile.

use std::sync::LazyLock;

use leptos::prelude::*;

use super::format;

/// The messages, one constant each.
pub mod msg {
    use super::Msg;

    include!(concat!(env!("OUT_DIR"), "/messages.rs"));

    /// The text of a message as the locale file has it.
    pub(super) fn text(message: Msg, language: super::Language) -> &'static str {
        match language {
            super::Language::English => message.0[0],
            super::Language::French => message.0[1],
        }
    }
}

/// A message of the locale files, by its texts in the order of [`Language`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msg(&'static [&'static str; 2]);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    French,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::French];

    /// As in `<html lang>`.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::French => "fr",
        }
    }

    /// The language's name in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::French => "Français",
        }
    }

    /// Reads `fr`, `fr-CA`, `FR_be`; nothing when we have no such language.
    pub fn of_tag(tag: &str) -> Option<Language> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Language::ALL.into_iter().find(|l| l.tag().eq_ignore_ascii_case(primary))
    }
}

/// One signal for the whole page, so that texts can also be made outside components (notifications, say).
static LANGUAGE: LazyLock<ArcRwSignal<Language>> = LazyLock::new(|| ArcRwSignal::new(Language::default()));

/// The language of the user; tracked where signals are.
pub fn language() -> Language {
    // Commands ask outside of any view, too; that is no mistake to be warned of.
    let is_tracked = leptos::reactive::graph::Observer::get().is_some();
    let language = if is_tracked { LANGUAGE.try_get() } else { LANGUAGE.try_get_untracked() };
    language.unwrap_or_default()
}

pub fn set_language(language: Language) {
    LANGUAGE.set(language);
}

/// The text of a message; tracks the language.
pub fn t(message: Msg) -> &'static str {
    msg::text(message, language())
}

/// The text of a message for the place of a child or attribute in a view, where it follows the language.
pub fn tx(message: Msg) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
    move || t(message)
}

/// The text of a message with its `{placeholders}` filled in.
pub fn tf(message: Msg, values: &[(&str, &str)]) -> String {
    fill(t(message), values)
}

/// The text of a message in a language that is not the user's own choice: for pure functions and their tests.
pub fn in_language(language: Language, message: Msg, values: &[(&str, &str)]) -> String {
    fill(msg::text(message, language), values)
}

/// The sentence of an error of this code: `PoolNotFound` is `ERROR_POOL_NOT_FOUND` in the locale files.
pub fn of_code(code: &str) -> Option<Msg> {
    let mut name = "ERROR".to_owned();
    let mut before = ' ';
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        let begins = !before.is_ascii_uppercase() || letters.peek().is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && begins {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
        before = letter;
    }
    let index = msg::ERRORS.binary_search_by(|(id, _)| (*id).cmp(&name)).ok()?;
    Some(msg::ERRORS[index].1)
}

/// `one` or `other` as the language has it for `n`, with `{n}` filled in as a number.
pub fn tn(one: Msg, other: Msg, n: i64) -> String {
    let language = language();
    let message = if is_one(language, n) { one } else { other };
    fill(msg::text(message, language), &[("n", &format::number(language, n))])
}

fn is_one(language: Language, n: i64) -> bool {
    match language {
        Language::English => n.abs() == 1,
        // French has the singular for nothing, too.
        Language::French => n.abs() <= 1,
    }
}

fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => out.push_str(value),
            None => out.extend(["{", name, "}"]),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// Lets a property of type `Signal<String>` take a message.
impl From<Msg> for Signal<String> {
    fn from(message: Msg) -> Self {
        Signal::derive(move || t(message).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_unknown_ones_stay() {
        assert_eq!(fill("{n} of {total}", &[("n", "3"), ("total", "7")]), "3 of 7");
        assert_eq!(fill("{a}{b}", &[("a", "{b}")]), "{b}{b}");
        assert_eq!(fill("open { brace", &[("a", "x")]), "open { brace");
    }

    #[test]
    fn every_code_has_its_sentence() {
        for code in crate::api::Code::ALL {
            assert!(of_code(code.as_str()).is_some(), "locales: there is no sentence for {code}");
        }
        assert_eq!(of_code("InvalidRestAPIForAccountSetting"), Some(msg::ERROR_INVALID_REST_API_FOR_ACCOUNT_SETTING));
        assert_eq!(of_code("FromTheFuture"), None);
    }

    #[test]
    fn french_has_the_singular_for_zero() {
        assert!(!is_one(Language::English, 0) && is_one(Language::English, 1) && !is_one(Language::English, 2));
        assert!(is_one(Language::French, 0) && is_one(Language::French, 1) && !is_one(Language::French, 2));
    }

    #[test]
    fn languages_are_found_by_the_first_part_of_a_tag() {
        assert_eq!(Language::of_tag("fr-CA"), Some(Language::French));
        assert_eq!(Language::of_tag("EN"), Some(Language::English));
        assert_eq!(Language::of_tag("de-CH"), None);
    }
}
