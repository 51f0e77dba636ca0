//! Numbers that pass by all rows side by side: a strip of a matrix, copied.

use std::array;

use crate::Scalar;
use crate::column::{Aligned, Column, SQUARE, transpose_square};
use crate::lanes::Vector;

use super::StridedRows;

/// Lines of the widest registers in a strip; the last strip may have one.
pub(super) const LINES: usize = 2;

/// So many neighbouring numbers of each row of a matrix, filled up to one or two lines.
#[derive(Clone, Debug)]
pub(super) struct Panel<F> {
    numbers: Aligned<F>,
}

/// A strip: its first number, how many there are, and its width when it is filled up to whole lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strip {
    pub start: usize,
    pub count: usize,
    pub width: usize,
}

/// Strips of a matrix of so many columns.
pub(super) fn strips<F: Vector>(columns: usize) -> impl Iterator<Item = Strip> {
    (0..columns).step_by(LINES * F::LANES).map(move |start| {
        let count = (LINES * F::LANES).min(columns - start);
        Strip { start, count, width: padded::<F>(count) }
    })
}

/// `numbers`, filled up to whole lines.
pub(super) fn padded<F: Vector>(numbers: usize) -> usize {
    numbers.next_multiple_of(F::LANES)
}

impl<F: Scalar> Panel<F> {
    /// Room for a strip of a matrix of `rows` rows, and one line more.
    pub fn new(rows: usize) -> Self {
        Self { numbers: Aligned::zeros(Self::numbers(rows)) }
    }

    /// How many numbers [`new`](Self::new) makes room for.
    pub fn numbers(rows: usize) -> usize {
        rows.saturating_add(1).saturating_mul(LINES * F::LANES)
    }

    /// Zeros.
    #[inline(always)]
    pub fn zeros(&mut self, count: usize) -> &mut [F] {
        let zeros = &mut self.numbers[..count];
        zeros.fill(F::zero());
        zeros
    }

    /// The biases of a strip of units, then their weights from the first input, from the second, …
    /// `weights`: (fan_out, fan_in).
    #[inline(always)]
    pub fn transpose(&mut self, weights: &[F], bias: &[F], strip: Strip) -> &[F] {
        let fan_in = weights.len() / bias.len();
        let panel = &mut self.numbers[..(fan_in + 1) * strip.width];
        if strip.count < strip.width {
            panel.fill(F::zero());
        }
        let (first, panel) = panel.split_at_mut(strip.width);
        first[..strip.count].copy_from_slice(&bias[strip.start..][..strip.count]);
        let weights = &weights[strip.start * fan_in..][..strip.count * fan_in];
        for (block, panel) in panel.chunks_mut(INPUTS * strip.width).enumerate() {
            for (index, weights) in weights.chunks(SQUARE * fan_in).enumerate() {
                transpose_rows(&weights[block * INPUTS..], fan_in, &mut panel[index * SQUARE..], strip.width);
            }
        }
        &self.numbers[..(fan_in + 1) * strip.width]
    }

    /// A line of zeros, then the strip of each row.
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

/// Inputs whose weights are transposed together: their part of the panel stays in the first cache.
const INPUTS: usize = 64;

/// Up to four rows become columns.  `rows`: the first numbers of each `stride`, as many as `columns` has of each `width`.
#[inline(always)]
fn transpose_rows<F: Scalar>(rows: &[F], stride: usize, columns: &mut [F], width: usize) {
    let length = columns.len().div_ceil(width);
    let mut done = 0;
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

/// Up to 32 rows become columns; the last one fills up.
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

/// And back.
#[inline(always)]
pub(super) fn columns_to_rows<F: Scalar>(columns: &[Column<F>], rows: &mut [F], stride: usize) {
    for (lane, row) in rows.chunks_exact_mut(stride).enumerate() {
        row.iter_mut().zip(columns).for_each(|(number, column)| *number = column.0[lane]);
    }
}
