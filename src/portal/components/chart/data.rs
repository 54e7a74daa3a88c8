//! What a graph shows, and how numbers on it are written.

use crate::api::{Duration, Timestamp};
use crate::portal::components::badge::Tone;
use crate::portal::format;
use crate::portal::i18n::{Language, Msg, in_language, msg};

/// What the numbers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    #[default]
    Count,
    /// Of a whole; written in per cent.
    Thousandths,
    Bytes,
    BytesPerSecond,
}

/// One quantity. A second line of the same tone is dashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartLine {
    pub label: Msg,
    pub tone: Tone,
    pub is_second: bool,
    pub average: Vec<Option<i64>>,
    /// Empty where it is not told.
    pub peak: Vec<Option<i64>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartData {
    /// When the first step begins.
    pub start: Timestamp,
    pub step: Duration,
    pub unit: Unit,
    /// The highest that there can be, where that is known.
    pub whole: Option<i64>,
    /// The lines are parts of a whole and stand on one another.
    pub stacked: bool,
    pub lines: Vec<ChartLine>,
}

impl Unit {
    pub fn text(self, language: Language, value: i64) -> String {
        let bytes = |value: i64| format::bytes(language, value.max(0).unsigned_abs());
        match self {
            Unit::Count => format::number(language, value),
            Unit::Thousandths => format::percent(language, value, 1000),
            Unit::Bytes => bytes(value),
            Unit::BytesPerSecond => in_language(language, msg::CHART_PER_SECOND, &[("size", &bytes(value))]),
        }
    }

    /// A round number, whose half is round too, that is no less than `most`.
    fn round_up(self, most: i64) -> i64 {
        match self {
            Unit::Thousandths => 1000,
            Unit::Count => {
                let steps = (0..18).flat_map(|power| [2, 4, 6, 10].map(|n| n * 10i64.pow(power)));
                steps.into_iter().find(|top| *top >= most).unwrap_or(most)
            }
            Unit::Bytes | Unit::BytesPerSecond => most.max(1024).unsigned_abs().next_power_of_two().min(1 << 62) as i64,
        }
    }
}

impl ChartLine {
    pub fn look(&self) -> (Msg, Tone, bool) {
        (self.label, self.tone, self.is_second)
    }
}

impl ChartData {
    pub fn n_steps(&self) -> usize {
        self.lines.iter().map(|line| line.average.len()).max().unwrap_or(0)
    }

    /// The last step in which something is known.
    pub fn last_known(&self) -> Option<usize> {
        self.lines.iter().filter_map(|line| line.average.iter().rposition(Option::is_some)).max()
    }

    /// When a step begins.
    pub fn time(&self, index: usize) -> Timestamp {
        self.start.plus(Duration(self.step.micros().saturating_mul(index as i64)))
    }

    pub fn is_longer_than_a_day(&self) -> bool {
        self.step.micros().saturating_mul(self.n_steps() as i64) > Duration::from_days(1).micros()
    }

    /// The number at the top of the drawing.
    pub fn top(&self) -> i64 {
        let most = if self.stacked {
            (0..self.n_steps()).map(|index| self.lines.iter().map(|line| known(&line.average, index)).sum()).max()
        } else {
            self.lines.iter().flat_map(|line| line.average.iter().chain(&line.peak)).flatten().copied().max()
        };
        let most = most.unwrap_or(0);
        self.whole.filter(|whole| *whole >= most && *whole > 0).unwrap_or_else(|| self.unit.round_up(most))
    }
}

/// What is known of a step; nothing counts as none.
pub fn known(values: &[Option<i64>], index: usize) -> i64 {
    values.get(index).copied().flatten().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_the_scale_is_round() {
        let check = |unit: Unit, most, top| assert_eq!(unit.round_up(most), top, "{unit:?} {most}");
        check(Unit::Count, 0, 2);
        check(Unit::Count, 3, 4);
        check(Unit::Count, 41, 60);
        check(Unit::Count, 61, 100);
        check(Unit::Thousandths, 3, 1000);
        check(Unit::Bytes, 0, 1024);
        check(Unit::BytesPerSecond, 1_500_000, 2 << 20);
        check(Unit::Bytes, i64::MAX, 1 << 62);
    }

    #[test]
    fn numbers_are_written_with_their_units() {
        let check =
            |unit: Unit, value, en: &str| assert_eq!(unit.text(Language::English, value).replace('\u{a0}', " "), en);
        check(Unit::Count, 1200, "1,200");
        check(Unit::Thousandths, 455, "45%");
        check(Unit::Bytes, 1536, "1.5 KiB");
        check(Unit::BytesPerSecond, 2048, "2.0 KiB/s");
    }
}
