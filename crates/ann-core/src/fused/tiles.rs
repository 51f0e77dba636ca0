//! Rows of a problem, transposed into tiles, with their targets.

use std::array;

use crate::column::{Column, SQUARE, TILE, transpose_square};
use crate::features::Features;
use crate::{Problem, Scalar, Targets};

/// Number of features that are transposed at a time: the columns being written should stay in the first-level
/// cache.
const FEATURES: usize = 64;

/// Rows of a problem as columns of tiles; reusable. The last tile is padded with zeros.
#[derive(Clone, Debug, Default)]
pub struct Tiles<F> {
    /// Number of rows in the tiles.
    pub(super) rows: usize,
    /// The column of a feature has index tile · inputs + feature.
    pub(super) x: Vec<Column<F>>,
    pub(super) targets: TileTargets<F>,
    /// Staging buffer for the rows of one tile, row-major.
    staging: Vec<F>,
}

/// Targets of the rows of tiles; reusable.
#[derive(Clone, Debug, Default)]
pub(crate) struct TileTargets<F> {
    rows: usize,
    /// For classes: one column per tile with the class as a number, −1 in lanes without a row. For values:
    /// the column of an output has index tile · outputs + output. Empty if there are no targets.
    columns: Vec<Column<F>>,
    /// One column per tile with the weight of each row, 0 in lanes without a row. Empty if there are no
    /// weights.
    weights: Vec<Column<F>>,
    /// Staging buffer for the values of one tile, row-major.
    staging: Vec<F>,
}

/// The targets of consecutive tiles.
pub(crate) struct Group<'a, F> {
    /// Number of rows in the tiles.
    pub rows: usize,
    pub targets: &'a [Column<F>],
    /// A column for each tile; empty if there are no weights.
    pub weights: &'a [Column<F>],
}

impl<F: Scalar> Tiles<F> {
    /// Replaces the contents by the given rows of a problem, in the given order.
    pub fn gather(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        self.gather_features(problem.source(), problem.rows_of_source(rows.clone()));
        self.targets.gather(problem, rows);
    }

    /// Replaces the contents by the given rows of `x`, without targets.
    pub fn gather_features(
        &mut self,
        x: &Features<'_, F>,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
    ) {
        self.targets.clear();
        self.rows = rows.len();
        self.x.resize(rows.len().div_ceil(TILE) * x.width(), Column::ZERO);
        copy_rows(x, rows, &mut self.staging, &mut self.x);
    }
}

impl<F: Scalar> TileTargets<F> {
    /// Removes all targets and weights.
    pub fn clear(&mut self) {
        self.columns.clear();
        self.weights.clear();
    }

    /// Replaces the contents by the targets of the given rows of a problem, in the given order.
    pub fn gather(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        self.clear();
        self.rows = rows.len();
        let tiles = self.rows.div_ceil(TILE);
        if let Some(weights) = problem.weights() {
            self.weights.resize(tiles, Column::ZERO);
            for (i, row) in rows.clone().enumerate() {
                self.weights[i / TILE].0[i % TILE] = weights[row];
            }
        }
        match problem.targets() {
            Targets::Classes(classes) => {
                self.columns.resize(tiles, Column([-F::one(); TILE]));
                for (i, row) in rows.enumerate() {
                    self.columns[i / TILE].0[i % TILE] = F::of(classes[row] as f64);
                }
            }
            Targets::Values(values) => {
                self.columns.resize(tiles * values.ncols(), Column::ZERO);
                copy_rows(&Features::Matrix(values), rows, &mut self.staging, &mut self.columns);
            }
        }
    }

    /// The targets of `tiles` tiles, starting with tile `first`.
    #[inline(always)]
    pub fn group(&self, first: usize, tiles: usize) -> Group<'_, F> {
        let width = self.columns.len() / self.rows.div_ceil(TILE);
        let targets = &self.columns[first * width..(first + tiles) * width];
        let weights = if self.weights.is_empty() { &[] } else { &self.weights[first..first + tiles] };
        Group { rows: (self.rows - first * TILE).min(tiles * TILE), targets, weights }
    }
}

/// The given rows, contiguous in memory: a slice of the matrix if they are consecutive there, otherwise a
/// copy in `staging`.
fn side_by_side<'a, F: Scalar>(
    x: &'a Features<'_, F>,
    rows: impl ExactSizeIterator<Item = usize> + Clone,
    staging: &'a mut Vec<F>,
) -> &'a [F] {
    let (count, first) = (rows.len(), rows.clone().next().unwrap_or(0));
    match x.as_slice() {
        Some(numbers) if rows.clone().eq(first..first + count) => {
            &numbers[first * x.width()..][..count * x.width()]
        }
        _ => {
            staging.clear();
            x.append_to(staging, rows);
            staging
        }
    }
}

/// Transposes rows into columns. `rows`: row-major, `stride` numbers per row, of which the first
/// `columns.len()` are used.
fn transpose_rows<F: Scalar>(rows: &[F], stride: usize, columns: &mut [Column<F>]) {
    for (index, rows) in rows.chunks(SQUARE * stride).enumerate() {
        // Four rows at a time, in squares of 4 × 4, whose rows are read and written as a whole. The last rows
        // and columns, if they do not fill a square, are copied number by number.
        let whole = rows.len() > (SQUARE - 1) * stride;
        let (squares, _) = columns.as_chunks_mut::<SQUARE>();
        let squares = if whole { squares } else { &mut [] };
        for (part, columns) in squares.iter_mut().enumerate() {
            let row =
                |i| *rows[i * stride + part * SQUARE..].first_chunk().expect("the rows have more numbers");
            for (column, numbers) in columns.iter_mut().zip(transpose_square(array::from_fn(row))) {
                column.0.as_chunks_mut().0[index] = numbers;
            }
        }
        let first = SQUARE * squares.len();
        for (lane, row) in rows.chunks(stride).enumerate() {
            for (column, &number) in columns[first..].iter_mut().zip(&row[first..]) {
                column.0[index * SQUARE + lane] = number;
            }
        }
    }
}

/// Copies rows into columns. Each tile has `x.width()` columns.
fn copy_rows<F: Scalar>(
    x: &Features<'_, F>,
    mut rows: impl ExactSizeIterator<Item = usize> + Clone,
    staging: &mut Vec<F>,
    columns: &mut [Column<F>],
) {
    let width = x.width().max(1);
    for tile in columns.chunks_exact_mut(width) {
        // One tile after the other: the staging buffer holds 32 rows and stays in the cache until they are
        // transposed.
        let of_tile = rows.clone().take(TILE);
        rows.by_ref().take(TILE).for_each(drop);
        let staging = side_by_side(x, of_tile, staging);
        for (block, columns) in tile.chunks_mut(FEATURES).enumerate() {
            transpose_rows(&staging[block * FEATURES..], width, columns);
            let count = staging.len() / width;
            for column in columns {
                column.0[count..].fill(F::ZERO);
            }
        }
    }
}
