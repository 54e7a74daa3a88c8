//! Where lines and areas lie: paths of SVG, in steps to the right and hundredths of the height.

use std::fmt::Write as _;

use super::data::{ChartData, ChartLine, known};
use crate::portal::components::badge::Tone;

pub const HEIGHT: f64 = 100.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Line,
    /// From a line to its peaks.
    Band,
    /// A part of what stands on one another.
    Area,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub kind: Kind,
    pub tone: Tone,
    pub is_second: bool,
    pub d: String,
}

/// Each line, with a band up to its peaks behind it.
pub fn lines(data: &ChartData) -> Vec<Shape> {
    let top = data.top();
    let y = |value: i64| height(value, top);
    let shape = |line: &ChartLine, kind, d| Shape { kind, tone: line.tone, is_second: line.is_second, d };
    let band = |line: &ChartLine| {
        let path = |run: std::ops::Range<usize>| {
            let peaks = run.clone().map(|i| y(known(&line.peak, i).max(known(&line.average, i)))).collect::<Vec<_>>();
            let averages = run.clone().map(|i| y(known(&line.average, i))).collect::<Vec<_>>();
            area(run.start, &peaks, &averages)
        };
        shape(line, Kind::Band, runs(&line.average).into_iter().map(path).collect())
    };
    let stroke = |line: &ChartLine| {
        let path = |run: std::ops::Range<usize>| {
            let heights = run.clone().map(|i| y(known(&line.average, i))).collect::<Vec<_>>();
            points('M', &along(run.start, &heights))
        };
        shape(line, Kind::Line, runs(&line.average).into_iter().map(path).collect())
    };
    let bands = data.lines.iter().filter(|line| !line.peak.is_empty()).map(band);
    bands.chain(data.lines.iter().map(stroke)).collect()
}

/// Each line as an area that begins where the one before it ends.
pub fn stacked(data: &ChartData) -> Vec<Shape> {
    let (top, n_steps) = (data.top(), data.n_steps());
    let mut below = vec![0i64; n_steps];
    let mut shapes = Vec::new();
    for line in &data.lines {
        let above: Vec<i64> = below.iter().enumerate().map(|(i, n)| n + known(&line.average, i)).collect();
        let path = |run: std::ops::Range<usize>| {
            let heights = |of: &[i64]| of[run.clone()].iter().map(|n| height(*n, top)).collect::<Vec<_>>();
            area(run.start, &heights(&above), &heights(&below))
        };
        let d = runs(&line.average).into_iter().map(path).collect();
        shapes.push(Shape { kind: Kind::Area, tone: line.tone, is_second: line.is_second, d });
        below = above;
    }
    shapes
}

/// Steps that follow one another and are known.
fn runs(values: &[Option<i64>]) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (index, value) in values.iter().chain([&None]).enumerate() {
        match (start, value) {
            (None, Some(_)) => start = Some(index),
            (Some(first), None) => {
                runs.push(first..index);
                start = None;
            }
            _ => {}
        }
    }
    runs
}

fn height(value: i64, top: i64) -> f64 {
    HEIGHT - (value as f64 / top.max(1) as f64).clamp(0.0, 1.0) * HEIGHT
}

/// Through the middle of each step, and to the ends of the first and the last: one step alone is seen, too.
fn along(start: usize, heights: &[f64]) -> Vec<(f64, f64)> {
    let (first, last) = (heights.first().copied().unwrap_or(HEIGHT), heights.last().copied().unwrap_or(HEIGHT));
    let middles = heights.iter().enumerate().map(|(i, y)| ((start + i) as f64 + 0.5, *y));
    let end = (start + heights.len()) as f64;
    std::iter::once((start as f64, first)).chain(middles).chain([(end, last)]).collect()
}

fn area(start: usize, upper: &[f64], lower: &[f64]) -> String {
    let mut back = along(start, lower);
    back.reverse();
    points('M', &along(start, upper)) + &points('L', &back) + "Z"
}

fn points(first: char, points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x} {y:.2}", if index == 0 { first } else { 'L' });
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::components::chart::Unit;
    use crate::portal::i18n::msg;

    fn line(average: &[Option<i64>], peak: &[Option<i64>]) -> ChartLine {
        let (average, peak) = (average.to_vec(), peak.to_vec());
        ChartLine { label: msg::NONE, tone: Tone::Good, is_second: false, average, peak }
    }

    fn data(stacked: bool, lines: Vec<ChartLine>) -> ChartData {
        ChartData { unit: Unit::Count, whole: Some(10), stacked, lines, ..ChartData::default() }
    }

    #[test]
    fn a_line_is_broken_where_nothing_is_known() {
        let shapes = lines(&data(false, vec![line(&[Some(5), Some(10), None, Some(0)], &[])]));
        let d = "M0 50.00L0.5 50.00L1.5 0.00L2 0.00M3 100.00L3.5 100.00L4 100.00";
        assert_eq!(shapes.iter().map(|s| (s.kind, s.d.as_str())).collect::<Vec<_>>(), [(Kind::Line, d)]);
        let kinds = |data: &ChartData| lines(data).iter().map(|shape| shape.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&data(false, vec![line(&[Some(5)], &[Some(6)])])), [Kind::Band, Kind::Line]);
    }

    #[test]
    fn areas_stand_on_one_another() {
        let shapes = stacked(&data(true, vec![line(&[Some(2)], &[]), line(&[Some(3)], &[])]));
        assert_eq!(shapes[0].d, "M0 80.00L0.5 80.00L1 80.00L1 100.00L0.5 100.00L0 100.00Z");
        assert_eq!(shapes[1].d, "M0 50.00L0.5 50.00L1 50.00L1 80.00L0.5 80.00L0 80.00Z");
        assert_eq!(stacked(&data(true, vec![line(&[None], &[])]))[0].d, "");
    }
}
