//! Many tasks from one pattern: `{i}` in ids and command lines is replaced by numbers of a range.

/// At most so many tasks are added in one go.
pub const MAX_TASKS: u64 = 100_000;

/// Numbers from `start` to `end`, both included when the steps meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: i64,
    pub end: i64,
    /// Not zero; negative counts down.
    pub step: i64,
    /// Numbers are padded with zeros to so many digits.
    pub n_digits: usize,
}

/// Why a range is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotARange {
    StepIsZero,
    /// The end lies on the other side of the start than the steps go.
    NeverEnds,
    TooMany,
}

impl Range {
    /// How many numbers there are.
    ///
    /// # Errors
    /// When there are none, or more than [`MAX_TASKS`].
    pub fn count(&self) -> Result<u64, NotARange> {
        let way = i128::from(self.end) - i128::from(self.start);
        if self.step == 0 {
            return Err(NotARange::StepIsZero);
        }
        if way != 0 && (way > 0) != (self.step > 0) {
            return Err(NotARange::NeverEnds);
        }
        let count = (way / i128::from(self.step)) as u128 + 1;
        u64::try_from(count).ok().filter(|n| *n <= MAX_TASKS).ok_or(NotARange::TooMany)
    }

    /// The number at `index`, padded.
    pub fn number(&self, index: u64) -> String {
        let value = i128::from(self.start) + i128::from(index) * i128::from(self.step);
        let sign = if value < 0 { "-" } else { "" };
        format!("{sign}{:0width$}", value.unsigned_abs(), width = self.n_digits)
    }
}

/// Puts a number in the place of every `{i}`. Other braces stay: command lines are full of them.
pub fn fill(template: &str, number: &str) -> String {
    template.replace("{i}", number)
}

/// Whether the pattern has a place for a number.
pub fn has_place(template: &str) -> bool {
    template.contains("{i}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: i64, end: i64, step: i64, expected: Result<&[&str], NotARange>) {
        let range = Range { start, end, step, n_digits: 0 };
        let numbers = range.count().map(|count| (0..count).map(|index| range.number(index)).collect::<Vec<_>>());
        assert_eq!(numbers, expected.map(|e| e.iter().map(|n| (*n).to_owned()).collect()), "{range:?}");
    }

    #[test]
    fn ranges_count_up_and_down_with_both_ends() {
        check(1, 3, 1, Ok(&["1", "2", "3"]));
        check(0, 10, 5, Ok(&["0", "5", "10"]));
        check(0, 9, 5, Ok(&["0", "5"]));
        check(3, 1, -1, Ok(&["3", "2", "1"]));
        check(-1, 1, 1, Ok(&["-1", "0", "1"]));
        check(7, 7, 1, Ok(&["7"]));
        check(7, 7, -3, Ok(&["7"]));
    }

    #[test]
    fn ranges_that_make_no_sense_are_refused() {
        check(1, 3, 0, Err(NotARange::StepIsZero));
        check(1, 3, -1, Err(NotARange::NeverEnds));
        check(3, 1, 1, Err(NotARange::NeverEnds));
        check(1, 100_001, 1, Err(NotARange::TooMany));
        check(i64::MIN, i64::MAX, 1, Err(NotARange::TooMany));
        assert_eq!(Range { start: 1, end: 100_000, step: 1, n_digits: 0 }.count(), Ok(100_000));
    }

    #[test]
    fn numbers_are_padded_behind_their_sign() {
        let range = Range { start: -1, end: 10, step: 1, n_digits: 4 };
        assert_eq!([range.number(0), range.number(11)], ["-0001", "0010"]);
    }

    #[test]
    fn only_the_place_of_the_number_is_replaced() {
        assert_eq!(fill("sh -c 'x={i}; echo ${HOME} {i} {j} {}'", "07"), "sh -c 'x=07; echo ${HOME} 07 {j} {}'");
        assert!(has_place("a{i}"));
        assert!(!has_place("a{ i }"));
    }
}
