//! A panel: a strip of a matrix, copied so that it is contiguous in memory.

use std::array;

use crate::Scalar;
use crate::column::{Aligned, Column, SQUARE, transpose_square};
use crate::lanes::Vector;

use super::StridedRows;

/// Number of lines in a strip; the last strip of a matrix may have only one line.
pub(super) const LINES: usize = 2;

/// A few neighbouring numbers of each row of a matrix, padded to one or two lines.
#[derive(Clone, Debug)]
pub(super) struct Panel<F> {
    numbers: Aligned<F>,
}

/// A range of columns of a matrix: the first column, the number of columns, and this number rounded up to
/// whole lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strip {
    pub start: usize,
    pub count: usize,
    pub width: usize,
}

/// The strips of a matrix with `columns` columns.
pub(super) fn strips<F: Vector>(columns: usize) -> impl Iterator<Item = Strip> {
    (0..columns).step_by(LINES * F::LANES).map(move |start| {
        let count = (LINES * F::LANES).min(columns - start);
        Strip { start, count, width: padded::<F>(count) }
    })
}

/// `numbers`, rounded up to whole lines.
pub(super) fn padded<F: Vector>(numbers: usize) -> usize {
    numbers.next_multiple_of(F::LANES)
}

impl<F: Scalar> Panel<F> {
    /// A panel for strips of matrices of at most `rows` rows, and one row more for biases or zeros.
    pub fn new(rows: usize) -> Self {
        Self { numbers: Aligned::zeros(Self::numbers(rows)) }
    }

    /// Number of values that [`new`](Self::new) allocates.
    pub fn numbers(rows: usize) -> usize {
        rows.saturating_add(1).saturating_mul(LINES * F::LANES)
    }

    /// `count` zeros. The caller adds numbers to them.
    #[inline(always)]
    pub fn zeros(&mut self, count: usize) -> &mut [F] {
        let zeros = &mut self.numbers[..count];
        zeros.fill(F::zero());
        zeros
    }

    /// Overwrites the panel with the biases of a strip of units, then their weights from the first input,
    /// from the second input, and so on. `weights`: (fan_out, fan_in).
    #[inline(always)]
    pub fn transpose(&mut self, weights: &[F], bias: &[F], strip: Strip) -> &[F] {
        let fan_in = weights.len() / bias.len();
        let panel = &mut self.numbers[..(fan_in + 1) * strip.width];
        // A full strip is overwritten completely. In the last strip, the lanes without a unit would keep
        // numbers of another matrix, so they are set to 0.
        if strip.count < strip.width {
            panel.fill(F::zero());
        }
        let (first, panel) = panel.split_at_mut(strip.width);
        first[..strip.count].copy_from_slice(&bias[strip.start..][..strip.count]);
        let weights = &weights[strip.start * fan_in..][..strip.count * fan_in];
        // Weights are read along rows of W and written along columns. This is done in blocks of inputs, so
        // that the lines being written stay in the first-level cache.
        for (block, panel) in panel.chunks_mut(INPUTS_TOGETHER * strip.width).enumerate() {
            for (index, weights) in weights.chunks(SQUARE * fan_in).enumerate() {
                transpose_rows(
                    &weights[block * INPUTS_TOGETHER..],
                    fan_in,
                    &mut panel[index * SQUARE..],
                    strip.width,
                );
            }
        }
        &self.numbers[..(fan_in + 1) * strip.width]
    }

    /// Overwrites the panel with a row of zeros, then the strip of each row of `matrix`. The zeros are in the
    /// place where [`transpose`](Self::transpose) writes the biases: products start their sums with this row.
    #[inline(always)]
    pub fn copy(&mut self, matrix: StridedRows<'_, F>, rows: usize, strip: Strip) -> &[F] {
        let Strip { start, count, width } = strip;
        let panel = &mut self.numbers[..(rows + 1) * width];
        let (first, others) = panel.split_at_mut(width);
        first.fill(F::zero());
        for (row, panel) in others.chunks_exact_mut(width).enumerate() {
            let (numbers, rest) = panel.split_at_mut(count);
            numbers.copy_from_slice(&matrix.from(row)[start..start + count]);
            rest.fill(F::zero());
        }
        panel
    }
}

/// Number of inputs whose weights are transposed together: their part of the panel stays in the first-level
/// cache.
const INPUTS_TOGETHER: usize = 64;

/// Transposes up to four rows into columns. `rows`: `stride` numbers per row. The first of them are used, one
/// for each column. `columns`: `width` numbers per column.
#[inline(always)]
fn transpose_rows<F: Scalar>(rows: &[F], stride: usize, columns: &mut [F], width: usize) {
    let length = columns.len().div_ceil(width);
    let mut done = 0;
    // Four rows are transposed in squares of 4 × 4, whose rows are read and written as a whole. The rest is
    // copied number by number.
    if rows.len() > (SQUARE - 1) * stride {
        let rows: [&[[F; SQUARE]]; SQUARE] =
            array::from_fn(|unit| rows[unit * stride..][..length].as_chunks().0);
        done = rows[0].len() * SQUARE;
        for (part, columns) in columns.chunks_mut(SQUARE * width).enumerate().take(rows[0].len()) {
            let numbers = transpose_square(array::from_fn(|unit| rows[unit][part]));
            for (column, numbers) in columns.chunks_mut(width).zip(numbers) {
                column[..SQUARE].copy_from_slice(&numbers);
            }
        }
    }
    for (unit, row) in rows.chunks(stride).enumerate() {
        columns.chunks_mut(width).zip(row).skip(done).for_each(|(column, &number)| column[unit] = number);
    }
}

/// Transposes up to 32 rows into columns. Lanes without a row repeat the last row; the losses do not use
/// them.
#[inline(always)]
pub(super) fn rows_to_columns<F: Scalar>(rows: &[F], stride: usize, columns: &mut [Column<F>]) {
    let count = rows.len() / stride;
    for (lane, row) in rows.chunks_exact(stride).enumerate() {
        columns.iter_mut().zip(row).for_each(|(column, &number)| column.0[lane] = number);
    }
    for column in columns {
        let last = column.0[count - 1];
        column.0[count..].fill(last);
    }
}

/// Transposes columns into up to 32 rows: the reverse of [`rows_to_columns`].
#[inline(always)]
pub(super) fn columns_to_rows<F: Scalar>(columns: &[Column<F>], rows: &mut [F], stride: usize) {
    for (lane, row) in rows.chunks_exact_mut(stride).enumerate() {
        row.iter_mut().zip(columns).for_each(|(number, column)| *number = column.0[lane]);
    }
}
