//! Numbers, sizes, times and lengths of time as people of a language write them. Pure: zone and now are arguments.

use super::i18n::{Language, in_language, msg};
use crate::api::{Duration, Timestamp};

/// Between groups of digits in French.
const NARROW_SPACE: char = '\u{202f}';
/// Between a number and its unit, so that they stay on one line.
const NO_BREAK_SPACE: char = '\u{a0}';

/// `12,345` or `12 345`.
pub fn number(language: Language, n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let separator = match language {
        Language::English => ',',
        Language::French => NARROW_SPACE,
    };
    let mut out = String::with_capacity(digits.len() * 2);
    if n < 0 {
        out.push('\u{2212}');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// With so many digits behind the point: `1.5` or `1,5`.
pub fn decimal(language: Language, n: f64, digits: usize) -> String {
    let text = format!("{n:.digits$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = number(language, whole.parse().unwrap_or_default());
    match (fraction, language) {
        ("", _) => whole,
        (_, Language::English) => format!("{whole}.{fraction}"),
        (_, Language::French) => format!("{whole},{fraction}"),
    }
}

/// `0 B`, `999 B`, `1.5 KiB`, `12 MiB`: three digits at most before the unit. French counts octets.
pub fn bytes(language: Language, n: u64) -> String {
    let units = match language {
        Language::English => ["B", "KiB", "MiB", "GiB", "TiB", "PiB"],
        Language::French => ["o", "Kio", "Mio", "Gio", "Tio", "Pio"],
    };
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 9.95);
    format!("{}{NO_BREAK_SPACE}{}", decimal(language, value, digits), units[unit])
}

/// The share in whole per cent, rounded down so that 100 % means all.
pub fn percent(language: Language, part: i64, whole: i64) -> String {
    let share = if whole <= 0 { 0 } else { part.clamp(0, whole) * 100 / whole };
    match language {
        Language::English => format!("{share}%"),
        Language::French => format!("{share}{NO_BREAK_SPACE}%"),
    }
}

/// The two largest units: `340 ms`, `12 s`, `4 min 5 s`, `2 h 10 min`, `3 d 4 h`; `∞` for no limit.
pub fn duration(language: Language, length: Duration) -> String {
    if length.is_unlimited() {
        return "∞".to_owned();
    }
    let sign = if length.micros() < 0 { "\u{2212}" } else { "" };
    let micros = length.micros().unsigned_abs();
    if micros > 0 && micros < 1_000_000 {
        return format!("{sign}{}{NO_BREAK_SPACE}ms", (micros / 1000).max(1));
    }
    let day = match language {
        Language::English => "d",
        Language::French => "j",
    };
    let secs = micros / 1_000_000;
    let units = [(secs / 86_400, day), (secs / 3600 % 24, "h"), (secs / 60 % 60, "min"), (secs % 60, "s")];
    let first = units.iter().position(|(n, _)| *n > 0).unwrap_or(units.len() - 1);
    let parts: Vec<_> = units[first..]
        .iter()
        .take(2)
        .enumerate()
        .filter(|(i, (n, _))| *i == 0 || *n > 0)
        .map(|(_, (n, unit))| format!("{n}{NO_BREAK_SPACE}{unit}"))
        .collect();
    format!("{sign}{}", parts.join(" "))
}

/// A past or future moment in one unit: `just now`, `12 s ago`, `in 5 min`.
pub fn relative(language: Language, at: Timestamp, now: Timestamp) -> String {
    let distance = now.since(at);
    let secs = distance.micros().unsigned_abs() / 1_000_000;
    let day = if language == Language::French { "j" } else { "d" };
    let (n, unit) = match secs {
        0 => return in_language(language, msg::FORMAT_NOW, &[]),
        1..60 => (secs, "s"),
        60..3600 => (secs / 60, "min"),
        3600..86_400 => (secs / 3600, "h"),
        _ => (secs / 86_400, day),
    };
    let frame = if distance.micros() >= 0 { msg::FORMAT_AGO } else { msg::FORMAT_AHEAD };
    in_language(language, frame, &[("time", &format!("{n}{NO_BREAK_SPACE}{unit}"))])
}

/// `Nov 23, 2026, 21:41:20 UTC` or `23 nov. 2026, 21:41:20 UTC+1`; `offset_mins` is the zone's offset east of UTC.
pub fn date_time(language: Language, at: Timestamp, offset_mins: i32) -> String {
    let shifted = at.plus(Duration::from_mins(i64::from(offset_mins))).to_string();
    let (date, clock) = shifted.split_once('T').unwrap_or((&shifted, ""));
    let mut date = date.split('-');
    let year = date.next().unwrap_or_default();
    let month: usize = date.next().and_then(|m| m.parse().ok()).unwrap_or(1);
    let day: u32 = date.next().and_then(|d| d.parse().ok()).unwrap_or(1);
    let clock = clock.get(..8).unwrap_or_default();
    let zone = zone(offset_mins);
    match language {
        Language::English => format!("{} {day}, {year}, {clock} {zone}", MONTHS_EN[month - 1]),
        Language::French => format!("{day} {} {year}, {clock} {zone}", MONTHS_FR[month - 1]),
    }
}

/// `21:41`, or with the day `Nov 23, 21:41` and `23 nov., 21:41`: where what stands around it says the rest.
pub fn moment(language: Language, at: Timestamp, offset_mins: i32, with_day: bool) -> String {
    let shifted = at.plus(Duration::from_mins(i64::from(offset_mins))).to_string();
    let part = |range: std::ops::Range<usize>| shifted.get(range).unwrap_or_default();
    let clock = part(11..16);
    let month: usize = part(5..7).parse().unwrap_or(1);
    let day = part(8..10).trim_start_matches('0');
    match (with_day, language) {
        (false, _) => clock.to_owned(),
        (true, Language::English) => format!("{} {day}, {clock}", MONTHS_EN[month - 1]),
        (true, Language::French) => format!("{day} {}, {clock}", MONTHS_FR[month - 1]),
    }
}

/// `UTC`, `UTC+1`, `UTC−3:30`.
pub fn zone(offset_mins: i32) -> String {
    let (hours, mins) = (offset_mins.abs() / 60, offset_mins.abs() % 60);
    let sign = if offset_mins < 0 { '\u{2212}' } else { '+' };
    match (offset_mins, mins) {
        (0, _) => "UTC".to_owned(),
        (_, 0) => format!("UTC{sign}{hours}"),
        _ => format!("UTC{sign}{hours}:{mins:02}"),
    }
}

const MONTHS_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTHS_FR: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];

#[cfg(test)]
mod tests {
    use super::Language::{English, French};
    use super::*;

    /// Special spaces as plain ones, so that the cases can be read.
    fn plain(text: String) -> String {
        text.replace([NARROW_SPACE, NO_BREAK_SPACE], " ")
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let check = |n, en: &str, fr: &str| {
            assert_eq!(number(English, n), en);
            assert_eq!(plain(number(French, n)), fr);
        };
        check(0, "0", "0");
        check(999, "999", "999");
        check(1000, "1,000", "1 000");
        check(-1_234_567, "−1,234,567", "−1 234 567");
        assert_eq!(plain(decimal(French, 1234.56, 1)), "1 234,6");
        assert_eq!(decimal(English, 12.0, 0), "12");
    }

    #[test]
    fn sizes_have_at_most_three_digits() {
        let check = |n, en: &str, fr: &str| {
            assert_eq!(plain(bytes(English, n)), en);
            assert_eq!(plain(bytes(French, n)), fr);
        };
        check(0, "0 B", "0 o");
        check(1023, "1,023 B", "1 023 o");
        check(1536, "1.5 KiB", "1,5 Kio");
        check(12 * 1024 * 1024, "12 MiB", "12 Mio");
    }

    #[test]
    fn lengths_show_two_units() {
        let check = |text: &str, en: &str| assert_eq!(plain(duration(English, text.parse().unwrap())), en);
        check("PT0S", "0 s");
        check("PT0.34S", "340 ms");
        check("PT0.0000002S", "0 s");
        check("PT59.9S", "59 s");
        check("PT4M5S", "4 min 5 s");
        check("PT2H", "2 h");
        check("PT2H0M9S", "2 h");
        check("P3DT4H10M", "3 d 4 h");
        check("-PT5M", "−5 min");
        assert_eq!(plain(duration(French, Duration::from_days(2))), "2 j");
        assert_eq!(duration(English, Duration::UNLIMITED), "∞");
    }

    #[test]
    fn moments_are_told_from_now() {
        let now = Timestamp::from_secs(1_000_000);
        let check = |secs: i64, en: &str, fr: &str| {
            let at = Timestamp::from_secs(1_000_000 - secs);
            assert_eq!(plain(relative(English, at, now)), en);
            assert_eq!(plain(relative(French, at, now)), fr);
        };
        check(0, "just now", "à l’instant");
        check(12, "12 s ago", "il y a 12 s");
        check(150, "2 min ago", "il y a 2 min");
        check(7200, "2 h ago", "il y a 2 h");
        check(86_400 * 3, "3 d ago", "il y a 3 j");
        check(-300, "in 5 min", "dans 5 min");
    }

    #[test]
    fn dates_are_written_in_the_zone() {
        let at: Timestamp = "2026-11-23T23:41:20.123Z".parse().unwrap();
        assert_eq!(date_time(English, at, 0), "Nov 23, 2026, 23:41:20 UTC");
        assert_eq!(date_time(French, at, 60), "24 nov. 2026, 00:41:20 UTC+1");
        assert_eq!(date_time(English, at, -210), "Nov 23, 2026, 20:11:20 UTC−3:30");
        assert_eq!(
            (moment(English, at, 0, true), moment(French, at, 60, true)),
            ("Nov 23, 23:41".into(), "24 nov., 00:41".into())
        );
        assert_eq!(moment(English, at, 60, false), "00:41");
    }

    #[test]
    fn a_hundred_per_cent_is_all() {
        assert_eq!(percent(English, 999, 1000), "99%");
        assert_eq!(percent(English, 5, 0), "0%");
        assert_eq!(plain(percent(French, 1000, 1000)), "100 %");
    }
}
