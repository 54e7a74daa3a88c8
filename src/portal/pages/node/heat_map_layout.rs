//! Where the cells of a heat map lie, and which cell a key or the pointer means. No drawing here.

/// Cells are squares in rows, from the top left. Lengths are CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatMapLayout {
    pub n_cells: usize,
    pub n_columns: usize,
    /// Side of a cell, without its gap.
    pub side: f64,
    pub gap: f64,
}

/// A move of the keyboard's cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Left,
    Right,
    Up,
    Down,
    RowStart,
    RowEnd,
    First,
    Last,
}

/// Sides that are tried, from large to small, until all cells fit. Below the last one the map grows downwards.
const SIDES: [f64; 8] = [36.0, 28.0, 24.0, 20.0, 16.0, 12.0, 8.0, 6.0];

/// From this side on a cell has room for a letter.
const LETTER_SIDE: f64 = 16.0;

impl HeatMapLayout {
    /// The largest cells with which the map is not wider than `width` and, if that is possible, not higher than `height`.
    pub fn fit(n_cells: usize, width: f64, height: f64) -> Self {
        let layouts = SIDES.map(|side| Self::with_side(n_cells, width, side));
        layouts.iter().find(|layout| layout.height() <= height).copied().unwrap_or(layouts[SIDES.len() - 1])
    }

    fn with_side(n_cells: usize, width: f64, side: f64) -> Self {
        let gap = if side >= LETTER_SIDE { 3.0 } else { 1.0 };
        let n_columns = (((width + gap) / (side + gap)).floor() as usize).max(1);
        HeatMapLayout { n_cells, n_columns, side, gap }
    }

    pub fn n_rows(&self) -> usize {
        self.n_cells.div_ceil(self.n_columns)
    }

    pub fn height(&self) -> f64 {
        (self.n_rows() as f64 * (self.side + self.gap) - self.gap).max(0.0)
    }

    pub fn has_letters(&self) -> bool {
        self.side >= LETTER_SIDE
    }

    /// The top left corner of a cell.
    pub fn corner(&self, index: usize) -> (f64, f64) {
        let pitch = self.side + self.gap;
        ((index % self.n_columns) as f64 * pitch, (index / self.n_columns) as f64 * pitch)
    }

    /// The cell under a point; none in a gap or outside.
    pub fn cell_at(&self, x: f64, y: f64) -> Option<usize> {
        let pitch = self.side + self.gap;
        if x < 0.0 || y < 0.0 || x % pitch >= self.side || y % pitch >= self.side {
            return None;
        }
        let (column, row) = ((x / pitch) as usize, (y / pitch) as usize);
        let index = row * self.n_columns + column;
        (column < self.n_columns && index < self.n_cells).then_some(index)
    }

    /// Where a key leads from a cell; it stays where there is nothing further.
    pub fn step(&self, from: usize, step: Step) -> usize {
        let last = self.n_cells.saturating_sub(1);
        let row_start = from - from % self.n_columns;
        match step {
            Step::Left => from.saturating_sub(1),
            Step::Right => (from + 1).min(last),
            Step::Up => from.checked_sub(self.n_columns).unwrap_or(from),
            Step::Down if from + self.n_columns <= last => from + self.n_columns,
            Step::Down => from,
            Step::RowStart => row_start,
            Step::RowEnd => (row_start + self.n_columns - 1).min(last),
            Step::First => 0,
            Step::Last => last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_nodes_get_large_cells_and_many_get_small_ones() {
        assert_eq!(HeatMapLayout::fit(4, 800.0, 400.0).side, 36.0);
        assert!(HeatMapLayout::fit(4, 800.0, 400.0).has_letters());
        let many = HeatMapLayout::fit(10_000, 1000.0, 400.0);
        assert!(!many.has_letters());
        assert!(many.n_columns * many.n_rows() >= 10_000);
        assert!(many.n_columns as f64 * (many.side + many.gap) <= 1001.0);
    }

    #[test]
    fn a_narrow_screen_still_has_a_column() {
        let layout = HeatMapLayout::fit(3, 2.0, 10.0);
        assert_eq!((layout.n_columns, layout.n_rows()), (1, 3));
        assert_eq!(HeatMapLayout::fit(0, 100.0, 100.0).height(), 0.0);
    }

    #[test]
    fn the_pointer_finds_every_cell_at_its_own_place() {
        let layout = HeatMapLayout::fit(57, 300.0, 120.0);
        for index in 0..57 {
            let (x, y) = layout.corner(index);
            assert_eq!(layout.cell_at(x + 1.0, y + 1.0), Some(index));
            assert_eq!(layout.cell_at(x + layout.side + 0.5, y), None, "gap after {index}");
        }
        assert_eq!(layout.cell_at(-1.0, 0.0), None);
        assert_eq!(layout.cell_at(0.0, layout.height() + 5.0), None);
    }

    #[test]
    fn keys_move_within_the_map() {
        // Rows of 4: the last row holds cells 8 and 9.
        let layout = HeatMapLayout { n_cells: 10, n_columns: 4, side: 20.0, gap: 3.0 };
        let check = |from, step, to| assert_eq!(layout.step(from, step), to, "{step:?} from {from}");
        check(0, Step::Left, 0);
        check(3, Step::Right, 4);
        check(9, Step::Right, 9);
        check(1, Step::Up, 1);
        check(5, Step::Up, 1);
        check(5, Step::Down, 9);
        check(6, Step::Down, 6);
        check(6, Step::RowStart, 4);
        check(6, Step::RowEnd, 7);
        check(8, Step::RowEnd, 9);
        check(5, Step::First, 0);
        check(5, Step::Last, 9);
    }
}
