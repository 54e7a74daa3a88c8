//! Points in time and lengths of time as Batch writes them: ISO 8601, UTC.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Date, Month, OffsetDateTime, Time};

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    pub const fn from_secs(secs: i64) -> Self {
        Timestamp(secs * 1_000_000)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time that lies `duration` later; the end of time when that is beyond what can be written.
    pub const fn plus(self, duration: Duration) -> Self {
        Timestamp(self.0.saturating_add(duration.0))
    }

    /// From `earlier` to here; negative when `earlier` is later.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    fn date_time(self) -> OffsetDateTime {
        let nanos = i128::from(self.0) * 1000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// RFC 1123, as HTTP headers have it: `Mon, 23 Nov 2026 21:18:55 GMT`.
    pub fn to_http_date(self) -> String {
        let t = self.date_time();
        let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][t.weekday().number_days_from_monday() as usize];
        let month = MONTHS[u8::from(t.month()) as usize - 1];
        format!("{day}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT", t.day(), t.year(), t.hour(), t.minute(), t.second())
    }

    /// Reads RFC 1123, the only HTTP date that is still sent.
    pub fn from_http_date(text: &str) -> Option<Self> {
        let (_, rest) = text.trim().split_once(", ")?;
        let mut words = rest.split(' ');
        let day = words.next()?.parse().ok()?;
        let name = words.next()?;
        let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(name))? as u8 + 1;
        let year = words.next()?.parse().ok()?;
        let mut clock = words.next()?.split(':').map(|part| part.parse::<u8>().ok());
        let time = Time::from_hms(clock.next()??, clock.next()??, clock.next()??).ok()?;
        let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
        Some(Timestamp::from_secs(date.with_time(time).assume_utc().unix_timestamp()))
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.date_time();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second()
        )?;
        match t.microsecond() {
            0 => f.write_str("Z"),
            micros => write!(f, ".{micros:06}Z"),
        }
    }
}

/// The text is no ISO 8601 time that we can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 8601 date and time")]
pub struct NotATime;

impl FromStr for Timestamp {
    type Err = NotATime;

    /// Reads `2024-01-31`, `2024-01-31T10:20`, with seconds, with any number of fraction digits, with `Z`, an offset or
    /// neither (taken as UTC).
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let text = text.trim();
        if !text.is_ascii() || text.len() < 10 {
            return Err(NotATime);
        }
        let (date, clock) = text.split_at(10);
        let mut parts = date.split('-');
        let mut next = || parts.next().filter(|p| p.bytes().all(|b| b.is_ascii_digit())).ok_or(NotATime);
        let (year, month, day) = (next()?, next()?, next()?);
        let month = month.parse().ok().and_then(|m: u8| Month::try_from(m).ok()).ok_or(NotATime)?;
        let date =
            Date::from_calendar_date(year.parse().map_err(|_| NotATime)?, month, day.parse().map_err(|_| NotATime)?)
                .map_err(|_| NotATime)?;
        let (time, offset_secs) = if clock.is_empty() { (Time::MIDNIGHT, 0) } else { read_clock(&clock[1..])? };
        let micros = date.with_time(time).assume_utc().unix_timestamp_nanos() / 1000;
        i64::try_from(micros).map(|m| Timestamp(m - offset_secs * 1_000_000)).map_err(|_| NotATime)
    }
}

/// Reads `10:20[:30[.1234567]][Z|+01:00|-0500]`; the second number is the offset in seconds east of UTC.
fn read_clock(text: &str) -> Result<(Time, i64), NotATime> {
    let split = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(split);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut numbers = clock.split(':').map(|part| part.parse::<u8>().map_err(|_| NotATime));
    let (hour, minute) = (numbers.next().ok_or(NotATime)??, numbers.next().ok_or(NotATime)??);
    let second = numbers.next().transpose()?.unwrap_or(0);
    if numbers.next().is_some() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotATime);
    }
    let micros = format!("{fraction:0<6}")[..6].parse().map_err(|_| NotATime)?;
    let time = Time::from_hms_micro(hour, minute, second, micros).map_err(|_| NotATime)?;
    let offset = match zone.as_bytes() {
        [] | [b'Z' | b'z'] => 0,
        [sign, rest @ ..] => {
            let digits: String = rest.iter().filter(|b| **b != b':').map(|b| *b as char).collect();
            if digits.len() > 4 {
                return Err(NotATime);
            }
            let number: i64 = digits.parse().map_err(|_| NotATime)?;
            let secs = if digits.len() <= 2 { number * 3600 } else { number / 100 * 3600 + number % 100 * 60 };
            if *sign == b'-' { -secs } else { secs }
        }
    };
    Ok((time, offset))
}

/// A length of time in microseconds. Batch's «no limit» (`P10675199DT2H48M5.4775807S`) is [`Duration::UNLIMITED`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub i64);

impl Duration {
    /// The largest length that .NET can hold; Batch's clients send it and expect it for «no limit».
    pub const UNLIMITED: Duration = Duration(922_337_203_685_477_580);

    pub const fn from_secs(secs: i64) -> Self {
        Duration(secs * 1_000_000)
    }

    pub const fn from_millis(millis: i64) -> Self {
        Duration(millis * 1000)
    }

    pub const fn from_mins(mins: i64) -> Self {
        Duration::from_secs(mins * 60)
    }

    pub const fn from_days(days: i64) -> Self {
        Duration::from_secs(days * 86_400)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn secs(self) -> i64 {
        self.0 / 1_000_000
    }

    pub const fn is_unlimited(self) -> bool {
        self.0 >= Self::UNLIMITED.0
    }

    /// None when there is no limit.
    pub fn to_std(self) -> Option<std::time::Duration> {
        (!self.is_unlimited()).then(|| std::time::Duration::from_micros(self.0.max(0) as u64))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unlimited() {
            return f.write_str("P10675199DT2H48M5.4775807S");
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let (secs, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let (days, hours, mins, secs) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60, secs % 60);
        write!(f, "{sign}P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if hours + mins + secs + fraction == 0 {
            return f.write_str(if days > 0 { "" } else { "T0S" });
        }
        f.write_str("T")?;
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if mins > 0 {
            write!(f, "{mins}M")?;
        }
        match (secs, fraction) {
            (0, 0) => Ok(()),
            (secs, 0) => write!(f, "{secs}S"),
            (secs, fraction) => write!(f, "{secs}.{}S", format!("{fraction:06}").trim_end_matches('0')),
        }
    }
}

/// The text is no ISO 8601 duration of days, hours, minutes and seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 8601 duration such as PT1H30M")]
pub struct NotADuration;

impl FromStr for Duration {
    type Err = NotADuration;

    /// Reads weeks, days, hours, minutes and seconds, each with an optional fraction. Years and months have no fixed
    /// length and are refused. What is beyond [`Duration::UNLIMITED`] becomes that.
    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let (negative, body) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let body = body.strip_prefix('P').ok_or(NotADuration)?;
        let (mut total, mut number, mut in_time, mut n_parts) = (0i128, String::new(), false, 0);
        for c in body.chars() {
            let unit_secs: i128 = match (c, in_time) {
                ('0'..='9' | '.', _) => {
                    number.push(c);
                    continue;
                }
                ('T', false) if number.is_empty() => {
                    in_time = true;
                    continue;
                }
                ('W', false) => 7 * 86_400,
                ('D', false) => 86_400,
                ('H', true) => 3600,
                ('M', true) => 60,
                ('S', true) => 1,
                _ => return Err(NotADuration),
            };
            total = total.saturating_add(read_part(&number, unit_secs)?);
            number.clear();
            n_parts += 1;
        }
        if n_parts == 0 || !number.is_empty() {
            return Err(NotADuration);
        }
        let micros = i64::try_from(total).unwrap_or(i64::MAX).min(Self::UNLIMITED.0);
        Ok(Duration(if negative { -micros } else { micros }))
    }
}

/// `1.5` of a unit of so many seconds, in microseconds.
fn read_part(number: &str, unit_secs: i128) -> Result<i128, NotADuration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || whole.len() > 18 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotADuration);
    }
    let whole: i128 = whole.parse().map_err(|_| NotADuration)?;
    let fraction: i128 = format!("{fraction:0<6}")[..6].parse().map_err(|_| NotADuration)?;
    Ok((whole * 1_000_000 + fraction) * unit_secs)
}

macro_rules! serde_as_text {
    ($type:ty, $format:literal) => {
        #[cfg(feature = "ssr")]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $format.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": $format })
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(|error| de::Error::custom(format_args!("{text:?} is {error}")))
            }
        }
    };
}

serde_as_text!(Timestamp, "date-time");
serde_as_text!(Duration, "duration");

#[cfg(test)]
mod tests {
    use super::*;

    fn check_time(input: &str, expected: &str) {
        assert_eq!(input.parse::<Timestamp>().map(|t| t.to_string()), Ok(expected.to_owned()), "{input}");
    }

    #[test]
    fn times_are_read_in_the_spellings_that_clients_send() {
        check_time("2024-01-31T10:20:30Z", "2024-01-31T10:20:30Z");
        check_time("2024-01-31T10:20:30.1234567Z", "2024-01-31T10:20:30.123456Z");
        check_time("2024-01-31T10:20:30.5+01:00", "2024-01-31T09:20:30.500000Z");
        check_time("2024-01-31T10:20:30-0530", "2024-01-31T15:50:30Z");
        check_time("2024-01-31", "2024-01-31T00:00:00Z");
        check_time("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "tomorrow", "2024-13-01", "2024-01-31T25:00:00Z", "2024-01-31T10:20:30.12x4Z", "é024-01-31T1"]
        {
            assert_eq!(text.parse::<Timestamp>(), Err(NotATime), "{text}");
        }
    }

    #[test]
    fn http_dates_go_there_and_back() {
        let t = Timestamp::from_secs(1_795_468_735);
        assert_eq!(t.to_http_date(), "Mon, 23 Nov 2026 21:18:55 GMT");
        assert_eq!(Timestamp::from_http_date(&t.to_http_date()), Some(t));
        assert_eq!(Timestamp::from_http_date("Mon, 99 Foo"), None);
    }

    fn check_duration(input: &str, expected: &str) {
        assert_eq!(input.parse::<Duration>().map(|d| d.to_string()), Ok(expected.to_owned()), "{input}");
    }

    #[test]
    fn durations_are_read_in_the_spellings_that_clients_send() {
        check_duration("PT1H", "PT1H");
        check_duration("PT01H00M00S", "PT1H");
        check_duration("PT90M", "PT1H30M");
        check_duration("P7D", "P7D");
        check_duration("P1W", "P7D");
        check_duration("PT0.5S", "PT0.5S");
        check_duration("PT0S", "PT0S");
        check_duration("P10675199DT2H48M5.4775807S", "P10675199DT2H48M5.4775807S");
        check_duration("P999999999999D", "P10675199DT2H48M5.4775807S");
        check_duration("-PT5S", "-PT5S");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "P", "PT", "1H", "P1Y", "P1M", "PT1", "PT1H2", "PTxS", "P1H", "PT1.2.3S", "PT.5S"] {
            assert_eq!(text.parse::<Duration>(), Err(NotADuration), "{text}");
        }
    }
}
