//! The exact oracle for a problem: derivatives of its loss, penalty and total, with bounds.

use std::ops::Range;

use ann_core::{Layout, ParameterKind, Scalar};

use crate::Result;
use crate::exact::{Exact, Exactly, along, entries};
use crate::ledger::{self, KnownDerivative, Part};
use crate::oracle::{COARSEST, Oracle};
use crate::report::Arithmetic;
use crate::textbook::Reference;

/// Error of the sum over rows, per row, in roundings of the sum. If all rows have the same sign, adding them
/// one by one reaches it (N/8 was measured for 20 000 rows in `f32`).
const SUMS: f64 = 0.25;

/// How far rounding may move a right gradient, by the precision it was computed in.
///
/// In `f64` the bound is 1e-11|d| + 1e-12 max|d|, plus 16 times the error that
/// [`Rounding`](crate::rounding::Rounding) estimates; with it, 900 correct networks raised no false alarm.
/// The maximum is over mean absolute derivatives of the samples, so it stays large where samples cancel. In
/// `f32`, with u = 2⁻²⁴, it is 16u times the entry, plus 16u times the largest of the group, plus 16 times
/// the estimated error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Precision {
    /// Factor of |d|.
    relative: f64,
    /// Factor of the largest mean |dₙ| of the group.
    group: f64,
    /// Factor of the estimated error, which is in roundings.
    error: f64,
    /// Half an ulp of 1.
    pub rounding: f64,
    /// Largest total error from underflow: a million times the smallest normal number.
    underflow: f64,
}

impl Precision {
    pub fn of<F: Scalar>() -> Self {
        let (rounding, underflow) = (F::epsilon().as_f64() / 2.0, 1e6 * F::min_positive_value().as_f64());
        let error = 16.0 * rounding;
        let (relative, group) = match Arithmetic::of::<F>() {
            Arithmetic::F64 => (1e-11, 1e-12),
            Arithmetic::F32 => (error, error),
        };
        Self { relative, group, error, rounding, underflow }
    }
}

/// The exact oracle for one part of J at one point and some rows.
pub(crate) struct Witness<'w> {
    pub reference: &'w Reference,
    pub layout: &'w Layout,
    /// The derivatives of all entries, unless there are too many.
    pub exact: Option<&'w Exact>,
    pub part: Part,
    pub precision: Precision,
    /// The tolerance of the user, as a share of the largest derivative of the group.
    pub tolerance: f64,
    /// The gradient with λ = 0; the whole gradient minus this one is the gradient of the penalty.
    pub loss_gradient: &'w [f64],
    /// How much the gradient changes between calls at one point.
    pub jitter: f64,
    /// Columns of the input that are 0 in every row: the weights of the first layer on these columns have no
    /// effect.
    pub zero_inputs: &'w [bool],
    /// The largest derivative of the group compared last.
    pub largest: f64,
}

impl Witness<'_> {
    fn exactly(&self, indices: &[usize]) -> Vec<Exactly> {
        match self.exact {
            Some(exact) => indices.iter().map(|&index| exact.loss(index)).collect(),
            None => entries(self.reference, self.layout, indices, self.precision.rounding),
        }
    }

    /// The derivative of the loss, where `largest` is the largest mean absolute derivative in its group.
    fn truth(&self, exactly: Exactly, penalty: f64, largest: f64) -> KnownDerivative {
        let Exactly { derivative, size, error } = exactly;
        let value = derivative + penalty;
        let Precision { relative, group, error: of_error, underflow, .. } = self.precision;
        let bound = relative * (derivative.abs() + penalty.abs())
            + group * largest
            + of_error * error
            + SUMS * self.precision.rounding * self.reference.rows() as f64 * size
            + underflow;
        let bound = bound + self.tolerance * largest;
        if !(value.is_finite() && bound.is_finite()) {
            // The error estimate overflowed, so the oracle cannot decide.
            return KnownDerivative { value, bound: f64::INFINITY, kind: ledger::Certainty::Excused };
        }
        KnownDerivative { value, bound, kind: ledger::Certainty::Ordinary }
    }

    /// 2λw as the difference of two gradients, each with the rounding error of `loss`; exactly 0 for a bias
    /// and for λ = 0.
    fn penalty(&self, index: usize, loss: &KnownDerivative) -> KnownDerivative {
        let value = self.reference.penalty_derivative(index);
        if self.layout.locate(index).kind == ParameterKind::Bias || self.reference.l2() == 0.0 {
            return KnownDerivative { value: 0.0, bound: self.jitter, kind: ledger::Certainty::Known };
        }
        let bound = 2.0 * loss.bound + (self.precision.relative + self.tolerance) * value.abs() + self.jitter;
        KnownDerivative { value, bound, kind: ledger::Certainty::Ordinary }
    }

    /// Whether the loss cannot depend on this entry, whatever θ is.
    fn is_idle(&self, index: usize) -> bool {
        let place = self.layout.locate(index);
        place.layer == 1 && place.kind == ParameterKind::Weight && self.zero_inputs[place.input]
    }
}

impl Oracle for Witness<'_> {
    fn entries(&mut self, indices: &[usize], _analytic: &[f64]) -> Result<Vec<KnownDerivative>> {
        let exactly = self.exactly(indices);
        let penalty = |index| match self.part {
            Part::Total => self.reference.penalty_derivative(index),
            Part::Loss | Part::Penalty => 0.0,
        };
        let sizes = exactly.iter().zip(indices).map(|(exactly, &index)| exactly.size + penalty(index).abs());
        self.largest = sizes.fold(0.0, f64::max);
        let largest = self.largest;
        let truths = exactly.iter().zip(indices).map(|(&exactly, &index)| {
            let truth = self.truth(exactly, penalty(index), largest);
            if self.part == Part::Penalty {
                return self.penalty(index, &truth);
            }
            if self.part == Part::Loss && self.is_idle(index) {
                return KnownDerivative { value: 0.0, bound: 0.0, kind: ledger::Certainty::Known };
            }
            truth
        });
        Ok(truths.collect())
    }

    fn coarsest(&self, moved: usize) -> f64 {
        // A thousandth is enough in f64. In f32 100 bounds already exceed that.
        let of_rounding = if self.precision.rounding < 1e-12 { COARSEST } else { 0.1 };
        of_rounding + 1e3 * self.tolerance * (moved as f64).sqrt()
    }

    fn along(&mut self, group: &Range<usize>, direction: &[f64], _claimed: f64) -> Result<KnownDerivative> {
        let penalties =
            || group.clone().zip(direction).map(|(i, d)| self.reference.penalty_derivative(i) * d);
        let penalty_size: f64 = penalties().map(f64::abs).sum();
        if self.part == Part::Penalty {
            let sizes = || group.clone().zip(direction).map(|(i, d)| (self.loss_gradient[i] * d).abs());
            let rounded = 8.0 * self.precision.rounding * (sizes().sum::<f64>() + 2.0 * penalty_size);
            let bound = rounded + self.jitter * group.len() as f64 + self.tolerance * penalty_size;
            return Ok(KnownDerivative {
                value: penalties().sum(),
                bound,
                kind: ledger::Certainty::Ordinary,
            });
        }
        let place = self.layout.locate(group.start);
        let exactly = along(self.reference, (place.layer, place.kind), direction, self.precision.rounding);
        let penalty = if self.part == Part::Total { penalties().sum() } else { 0.0 };
        let mut truth = self.truth(exactly, penalty, exactly.size);
        if self.part == Part::Total {
            truth.bound += self.precision.relative * penalty_size;
        }
        // The tolerances of n entries with random signs add up to √n times one of them.
        let moves = direction.iter().filter(|d| **d != 0.0).count() as f64;
        truth.bound += self.tolerance * self.largest * moves.sqrt();
        Ok(truth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::array;
    use ann_core::{Activation, Architecture, Loss, Problem};

    #[test]
    fn precisions() {
        let double = Precision::of::<f64>();
        assert_eq!((double.relative, double.group, double.rounding), (1e-11, 1e-12, 2_f64.powi(-53)));
        assert_eq!((double.error, double.underflow), (2_f64.powi(-49), 1e6 * f64::MIN_POSITIVE));
        let single = Precision::of::<f32>();
        let u16 = 2_f64.powi(-20);
        assert_eq!((single.relative, single.group, single.error), (u16, u16, u16));
        assert_eq!((single.rounding, single.underflow), (u16 / 16.0, 1e6 * f64::from(f32::MIN_POSITIVE)));
    }

    #[test]
    fn a_bound_adds_up_what_may_be_wrong() {
        with_witness(Part::Loss, |witness| {
            let truth = witness.truth(Exactly { derivative: -3.0, size: 5.0, error: 7.0 }, 2.0, 11.0);
            // |d| and penalty by 1/8, the largest by 1/16, errors by 1/32; N/4 roundings of 1/64 for N = 2;
            // 1; tolerance 1/2.
            let bound = 5.0 / 8.0 + 11.0 / 16.0 + 7.0 / 32.0 + 2.0 / 4.0 / 64.0 * 5.0 + 1.0 + 11.0 / 2.0;
            assert_eq!((truth.value, truth.bound, truth.kind), (-1.0, bound, ledger::Certainty::Ordinary));
            for (derivative, error) in [(f64::NAN, 1.0), (1.0, f64::INFINITY)] {
                let truth = witness.truth(Exactly { derivative, size: 1.0, error }, 0.0, 1.0);
                assert_eq!((truth.bound, truth.kind), (f64::INFINITY, ledger::Certainty::Excused));
            }
        });
    }

    #[test]
    fn a_penalty_is_the_difference_of_two_gradients() {
        with_witness(Part::Penalty, |witness| {
            let loss = KnownDerivative { value: 9.0, bound: 0.25, kind: ledger::Certainty::Ordinary };
            // 2λw = 3; two bounds of the loss, (1/8 + tolerance 1/2) of itself, jitter 4.
            let truth = witness.penalty(0, &loss);
            assert_eq!((truth.value, truth.bound, truth.kind), (3.0, 6.375, ledger::Certainty::Ordinary));
            let truth = witness.penalty(1, &loss);
            assert_eq!((truth.value, truth.bound, truth.kind), (0.0, 4.0, ledger::Certainty::Known));
            // Along 2: 8u (|8 · 2| + 2 |3 · 2|) with u = 1/64, one entry's jitter, tolerance of 6.
            let truth = witness.along(&(0..1), &[2.0], f64::NAN).unwrap();
            assert_eq!((truth.value, truth.bound), (6.0, 28.0 / 8.0 + 4.0 + 3.0));
        });
    }

    #[test]
    fn the_total_adds_the_penalty_and_its_rounding() {
        let along = |part| with_witness(part, |witness| witness.along(&(0..1), &[-2.0], f64::NAN).unwrap());
        let (loss, total) = (along(Part::Loss), along(Part::Total));
        assert_eq!(total.value - loss.value, -6.0);
        // Bounds hold square roots: they add up to rounding.
        let close = |one: f64, other: f64| assert!((one - other).abs() < 1e-12, "{one} {other}");
        close(total.bound - loss.bound, 2.0 * 6.0 / 8.0);
        let entries = |part| with_witness(part, |witness| witness.entries(&[0, 1], &[0.0; 2]).unwrap());
        let (loss, total) = (entries(Part::Loss), entries(Part::Total));
        assert_eq!((loss[0].value, loss[0].kind), (0.0, ledger::Certainty::Known), "its input is called 0");
        assert_eq!((total[0].value, total[0].kind), (13.0, ledger::Certainty::Ordinary));
        assert_eq!((loss[1].value, total[1].value), (8.0, 8.0));
        // The largest is 10 without the penalty and 13 with it: by 1/16 and tolerance 1/2.
        close(total[1].bound - loss[1].bound, 3.0 / 16.0 + 3.0 / 2.0);
    }

    #[test]
    fn along_many_entries_slack_grows_with_their_root_and_jitter_with_their_number() {
        // ŷ = Σ w x with w = x = 1 and y = 0; four of five weights move.
        let architecture = Architecture::inputs(5).dense(1, Activation::Identity);
        let (x, y) = (array![[1.0, 1.0, 1.0, 1.0, 1.0]], array![0.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let reference = Reference::new(&problem, &[1.0, 1.0, 1.0, 1.0, 1.0, 0.0]).unwrap();
        let bound = |part, largest| {
            let mut witness = witness(&reference, problem.layout(), part);
            (witness.largest, witness.loss_gradient) = (largest, &[0.0; 6]);
            witness.along(&(0..5), &[1.0, -1.0, 0.0, 1.0, -1.0], f64::NAN).unwrap().bound
        };
        // Tolerance ½ of the largest entry, 6, times √4.
        assert_eq!(bound(Part::Loss, 6.0) - bound(Part::Loss, 0.0), 6.0);
        // Jitter 4 of five entries; there is no penalty to round.
        assert_eq!(bound(Part::Penalty, 6.0), 20.0);
    }

    #[test]
    fn a_self_test_may_be_coarser_in_f32_and_with_a_tolerance() {
        let coarsest = |rounding: f64, tolerance: f64, moved: usize| {
            with_witness(Part::Loss, |witness| {
                witness.precision.rounding = rounding;
                witness.tolerance = tolerance;
                witness.coarsest(moved)
            })
        };
        assert_eq!(coarsest(1e-16, 0.0, 9), 1e-3);
        assert_eq!([coarsest(1e-16, 2.0, 1), coarsest(1e-16, 2.0, 9)], [2e3 + 1e-3, 6e3 + 1e-3]);
        assert_eq!(coarsest(1e-8, 0.0, 9), 0.1);
        assert_eq!(coarsest(1e-12, 0.0, 1), 0.1);
    }

    /// ŷ = w x + b with w = b = 3 on x = 1, 1.5, off by 4 each: ∂/∂w = 2 (4·1 + 4·1.5) / 2 = 10, ∂/∂b = 2
    /// (4 + 4) / 2 = 8. λ = ½.
    fn with_witness<T>(part: Part, check: impl FnOnce(&mut Witness<'_>) -> T) -> T {
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        let (x, y) = (array![[1.0], [1.5]], array![2.0, 3.5]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let problem = problem.with_l2(0.5).unwrap();
        let reference = Reference::new(&problem, &[3.0, 3.0]).unwrap();
        check(&mut witness(&reference, problem.layout(), part))
    }

    fn witness<'a>(reference: &'a Reference, layout: &'a Layout, part: Part) -> Witness<'a> {
        Witness {
            reference,
            layout,
            exact: None,
            part,
            precision: Precision {
                relative: 1.0 / 8.0,
                group: 1.0 / 16.0,
                error: 1.0 / 32.0,
                rounding: 1.0 / 64.0,
                underflow: 1.0,
            },
            tolerance: 0.5,
            loss_gradient: &[8.0, 8.0],
            jitter: 4.0,
            zero_inputs: &[true],
            largest: 0.0,
        }
    }
}
