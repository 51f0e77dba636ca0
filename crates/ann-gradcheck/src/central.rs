//! The comparison that the report makes, for a [`Problem`]: central differences of every parameter, frozen at
//! kinks.

use std::ops::Range;

use ann_core::{Layout, ParameterId, ParameterKind};

use crate::Result;
use crate::block::{Block, BlockBuffers, Change};
use crate::difference::{finite_derivative, neighbours};
use crate::frozen::Frozen;
use crate::lanes::ROWS;
use crate::textbook::Reference;
use crate::threads::for_parts;

/// The central difference of J by one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Difference {
    /// Of the frozen network.
    pub frozen: f64,
    /// Of the network with its kinks, if some unit of some sample leaves its piece.
    pub plain: Option<f64>,
}

/// (J(θ + h) − J(θ − h)) / 2h for the parameters at `indices`; `at` is the point of `reference`.
/// `None` where θ ± h is θ itself in `f64`, or the difference is not finite.
pub(crate) fn differences(
    reference: &Reference,
    layout: &Layout,
    at: &[f64],
    indices: impl Iterator<Item = usize> + Clone,
    step: f64,
) -> Result<Vec<Option<Difference>>> {
    let found = told_differences(reference, layout, at, indices, step)?;
    Ok(found.into_iter().map(Result::ok).collect())
}

/// The same, with an error where there is no difference.
pub(crate) fn told_differences(
    reference: &Reference,
    layout: &Layout,
    at: &[f64],
    indices: impl Iterator<Item = usize> + Clone,
    step: f64,
) -> Result<Vec<Result<Difference>>> {
    let network = Frozen::new(reference)?;
    let places: Vec<ParameterId> = indices.clone().map(|index| layout.locate(index)).collect();
    let of_part = |blocks: Range<usize>| -> Result<Vec<Change>> {
        let mut sums = vec![Change::default(); places.len()];
        let mut buffers = BlockBuffers::new(reference);
        for block in blocks {
            Block::new(&network, block * ROWS, step)?.add_changes(&places, &mut sums, &mut buffers);
        }
        Ok(sums)
    };
    let parts = for_parts(reference.rows().div_ceil(ROWS), of_part);
    let parts = parts.into_iter().collect::<Result<Vec<_>>>()?;
    let sums = parts.into_iter().reduce(added).expect("a problem has rows");
    Ok(sums
        .iter()
        .zip(indices)
        .map(|(sum, index)| sum.difference(reference, layout, at, index, step))
        .collect())
}

fn added(mut sums: Vec<Change>, others: Vec<Change>) -> Vec<Change> {
    sums.iter_mut().zip(others).for_each(|(sum, other)| sum.add(other));
    sums
}

impl Change {
    /// The mean change over rows divided by 2h, plus the difference of the penalty.
    fn difference(
        &self,
        reference: &Reference,
        layout: &Layout,
        at: &[f64],
        index: usize,
        step: f64,
    ) -> Result<Difference> {
        let [low, high] = neighbours(at, index, step, Some(layout))?;
        let is_bias = layout.locate(index).kind == ParameterKind::Bias;
        let penalty = |weight| if is_bias { 0.0 } else { reference.penalty_of(weight) };
        let penalty = (penalty(high) - penalty(low)) / (high - low);
        // z was moved by ± h aⱼ, not θ, so no rounding of θ ± h changes the step: it is 2h.
        let of = |change: f64| {
            let difference = change / reference.total_weight() / (2.0 * step) + penalty;
            finite_derivative(difference, index, step, Some(layout))
        };
        let plain = self.kinked.then(|| of(self.plain)).transpose()?;
        Ok(Difference { frozen: of(self.frozen)?, plain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::{Array1, Array2};
    use ann_core::{Activation, Architecture, Loss, Problem};

    #[test]
    fn of_a_parabola_by_hand() {
        // ŷ = 3x + 1 = 4, e = ŷ − 2 = 2 in nine rows: ∂J/∂w = 2e x + 2λw = 4 + 2 · ¼ · 3, ∂J/∂b = 2e.
        // A parabola has no truncation error, and with h = 1/8 every number is exact in binary.
        assert_eq!(of_line([3.0, 1.0]), [Some(5.5), Some(4.0)]);
    }

    #[test]
    fn there_is_none_where_nothing_moves_or_numbers_end() {
        assert_eq!(of_line([1e20, 0.0])[0], None);
        assert_eq!(of_line([0.0, 1e160]), [None, None]);
    }

    /// Differences by w and b of J = (1/9) Σ (w x + b − y)² + w²/4 with x = 1 and y = 2.
    fn of_line(at: [f64; 2]) -> Vec<Option<f64>> {
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        let (x, y) = (Array2::ones((9, 1)), Array1::from_elem(9, 2.0));
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y);
        let problem = problem.and_then(|problem| problem.with_l2(0.25)).unwrap();
        let reference = Reference::new(&problem, &at).unwrap();
        let found = differences(&reference, problem.layout(), &at, 0..2, 0.125).unwrap();
        assert!(found.iter().flatten().all(|found| found.plain.is_none()));
        found.into_iter().map(|found| Some(found?.frozen)).collect()
    }
}
