//! Sums of losses, weights and hits over rows: one order of additions for every instruction set.

use pulp::Simd;

use super::{Results, Tile};
use crate::Scalar;
use crate::column::{Column, TILE};
use crate::lanes::{Lanes, Vector};
use crate::pass::Tally;

/// Losses are summed in `f64`, whatever the number type of the rows. Row i of a tile is added to lane i mod
/// LANES.
const LANES: usize = f64::LANES;

/// Sums over the rows so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    loss: [f64; LANES],
    weight: [f64; LANES],
    /// The weight of the rows that are hits.
    hits: [f64; LANES],
    /// Product of numbers whose logarithms must still be added to the loss. ln a + ln b = ln (a b), so many
    /// numbers share one logarithm.
    product: [f64; LANES],
    /// Upper bound of the binary exponent of the product.
    exponent: f64,
}

impl Sums {
    pub const ZERO: Self = Self {
        loss: [0.0; LANES],
        weight: [0.0; LANES],
        hits: [0.0; LANES],
        product: [1.0; LANES],
        exponent: 0.0,
    };

    /// Adds up the lanes.
    #[inline(always)]
    pub fn tally<S: Simd>(mut self, simd: S) -> Tally {
        self.take_logarithms(simd);
        Tally { loss: folded(self.loss), weight: folded(self.weight), hits: folded(self.hits) }
    }

    /// Adds the logarithm of each number. The numbers are between 1 and `largest`.
    #[inline(always)]
    pub(super) fn add_logarithms<S: Simd>(&mut self, simd: S, numbers: &Column<f64>, largest: usize) {
        // Each lane is multiplied by TILE / LANES numbers. If the product could overflow, its logarithm is
        // taken first.
        let exponent = (TILE / LANES) as f64 * f64::from(largest.ilog2() + 1);
        if self.exponent + exponent > f64::from(f64::MAX_EXP - 1) {
            self.take_logarithms(simd);
        }
        self.exponent += exponent;
        for numbers in numbers.0.chunks_exact(LANES) {
            for (product, number) in self.product.iter_mut().zip(numbers) {
                *product *= number;
            }
        }
    }

    /// Adds the logarithms of the products to the losses, and starts new products.
    #[inline(always)]
    fn take_logarithms<S: Simd>(&mut self, simd: S) {
        for register in f64::registers_mut::<S>(&mut self.product) {
            [*register] = Lanes::<S, f64> { simd, registers: [*register] }.ln().registers;
        }
        for (sum, logarithm) in self.loss.iter_mut().zip(self.product) {
            *sum += logarithm;
        }
        self.product = [1.0; LANES];
        self.exponent = 0.0;
    }

    /// Adds the losses, weights and hits of a tile.
    #[inline(always)]
    pub(super) fn add<S: Simd, F: Scalar>(&mut self, simd: S, results: &mut Results<F>, tile: &Tile<'_, F>) {
        let Results { losses, hits } = results;
        losses.0[tile.rows..].fill(0.0);
        hits.0[tile.rows..].fill(F::ZERO);
        match tile.weights {
            None => {
                add_lanes(&mut self.loss, losses);
                self.weight[0] += tile.rows as f64;
                // Hits are whole numbers, so the order of their additions does not matter.
                let mut sum = hits.lanes::<S, 1>(simd, 0);
                for part in 1..Column::<F>::parts::<S, 1>() {
                    sum = sum + hits.lanes(simd, part);
                }
                self.hits[0] += <F as Vector>::sum(simd, sum.registers[0]).as_f64();
            }
            Some(weights) => {
                add_products(&mut self.loss, losses, weights);
                add_lanes(&mut self.weight, weights);
                // In the order of the weights: if all rows are hits, both sums are equal.
                add_products(&mut self.hits, hits, weights);
            }
        }
    }
}

/// Adds each number of a column to its lane.
#[inline(always)]
fn add_lanes<F: Scalar>(sums: &mut [f64; LANES], column: &Column<F>) {
    for numbers in column.0.as_chunks::<LANES>().0 {
        for lane in 0..LANES {
            sums[lane] += numbers[lane].as_f64();
        }
    }
}

/// Adds each number of a column, times its weight, to its lane.
#[inline(always)]
fn add_products<F: Scalar, W: Scalar>(sums: &mut [f64; LANES], column: &Column<F>, weights: &Column<W>) {
    for (numbers, weights) in column.0.as_chunks::<LANES>().0.iter().zip(weights.0.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += numbers[lane].as_f64() * weights[lane].as_f64();
        }
    }
}

/// The sum of all lanes, added by halves as in all sums over lanes: the upper half to the lower half.
#[inline(always)]
fn folded(mut lanes: [f64; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}
