//! Weights of rows: a weight k is k equal rows, and a weight 0 is a row that is not there.

use ann_core::block::{Kernel, Scratch, Tally, accumulate};
use ann_core::ndarray::{Array2, Axis};
use ann_core::{Activation, Architecture, ClassWeights, Error, Init, Loss, Network, Problem, Scalar, seeded};
use proptest::prelude::*;
use rand::RngExt;

const KERNELS: [Kernel; 3] = [Kernel::Textbook, Kernel::Fused, Kernel::Wide];

/// Sums of up to 40 rows of weight up to 5 in another order: each of some 200 additions rounds by 1.1e-16 of
/// numbers that are at most the largest.
const SUMS: f64 = 1e-12;

proptest! {
    #[test]
    fn a_weight_of_k_is_k_equal_rows(counts in prop::collection::vec(0_u8..5, 2..40), seed in any::<u64>()) {
        let counts: Vec<u8> = counts.into_iter().chain([1]).collect();
        let copied: Vec<usize> = (0..counts.len()).flat_map(|row| vec![row; counts[row].into()]).collect();
        let weights: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
        for case in Case::all(counts.len(), seed) {
            let (copies, weighted) = (case.chosen(&copied), case.with_weights(weights.clone()));
            for kernel in KERNELS {
                close(&weighted.sums::<f64>(kernel), &copies.sums::<f64>(kernel), SUMS)?;
            }
        }
    }

    #[test]
    fn a_weight_of_0_is_an_absent_row(present in prop::collection::vec(any::<bool>(), 2..40), seed in any::<u64>()) {
        let present: Vec<bool> = present.into_iter().chain([true]).collect();
        let weights: Vec<f64> = present.iter().map(|&is| if is { 0.75 } else { 0.0 }).collect();
        let rows: Vec<usize> = (0..present.len()).filter(|&row| present[row]).collect();
        for case in Case::all(present.len(), seed) {
            let absent = case.chosen(&rows).with_weights(vec![0.75; rows.len()]);
            for kernel in KERNELS {
                // The same rows in the same order: the same bits.
                prop_assert_eq!(case.with_weights(weights.clone()).sums::<f64>(kernel), absent.sums(kernel));
            }
        }
    }

    #[test]
    fn equal_weights_are_a_factor(rows in 1_usize..70, seed in any::<u64>(), factor in 0.1_f64..9.0) {
        for case in Case::all(rows, seed) {
            for kernel in KERNELS {
                let plain = case.sums::<f64>(kernel);
                close(&case.with_weights(vec![factor; rows]).sums(kernel), &times(&plain, factor), SUMS)?;
                // A power of two rounds nothing. Only the cross-entropy of classes has another sum of losses:
                // without weights, many rows share one logarithm.
                let mut found = case.with_weights(vec![4.0; rows]).sums::<f64>(kernel);
                let expected = times(&plain, 4.0);
                if case.classes.is_some() {
                    found.0.loss = expected.0.loss;
                }
                prop_assert_eq!(found, expected, "{:?}", kernel);
            }
        }
    }

    #[test]
    fn sums_are_weighted_sums_of_single_rows(rows in 1_usize..40, seed in any::<u64>()) {
        let mut rng = seeded(seed);
        let weights: Vec<f64> = (0..rows).map(|_| rng.random_range(0.1..5.0)).collect();
        for case in Case::all(rows, seed) {
            let mut expected = (Tally::default(), vec![0.0; case.parameters.len()]);
            for (row, weight) in weights.iter().enumerate() {
                let single = times(&case.chosen(&[row]).sums(Kernel::Textbook), *weight);
                expected.0 += single.0;
                expected.1.iter_mut().zip(single.1).for_each(|(sum, g)| *sum += g);
            }
            for kernel in KERNELS {
                close(&case.with_weights(weights.clone()).sums(kernel), &expected, SUMS)?;
                // Weights of 0.1 to 5 and entries of size 1: some ten roundings of 6e-8 in each row.
                let single = case.with_weights(weights.clone()).sums::<f32>(kernel);
                let single = (single.0, single.1.iter().map(|&g| f64::from(g)).collect());
                let hits = Tally { hits: expected.0.hits, ..single.0 };
                close(&(hits, single.1), &expected, 1e-4)?;
            }
        }
    }
}

#[test]
fn a_row_of_weight_0_may_be_infinitely_wrong() {
    // The outputs of row 1 overflow, and so does its loss: 0 · ∞ would be NaN.
    let architecture = Architecture::inputs(1).dense(2, Activation::Relu).dense(2, Activation::Identity);
    let parameters = [2.0, 1e10, 0.0, 0.0, 1.0, 1e-10, -1.0, 1e-9, 0.0, 0.5];
    let (x, classes) = (Array2::from_shape_vec((3, 1), vec![1.0, 1e300, -1.0]).unwrap(), [0, 1, 1]);
    let of = |x: &Array2<f64>, classes: &[usize], weights: Vec<f64>, kernel| {
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, x, classes).unwrap();
        let problem = problem.with_weights(weights).unwrap();
        let (mut scratch, mut gradient) =
            (Scratch::with_kernel(&architecture, 3, kernel).unwrap(), vec![0.0; parameters.len()]);
        let tally = accumulate(&problem, &parameters, 0..x.nrows(), &mut scratch, Some(&mut gradient));
        (tally, gradient)
    };
    for kernel in KERNELS {
        let (tally, _) = of(&x, &classes, vec![1.0, 1.0, 2.0], kernel);
        assert!(!tally.loss.is_finite(), "{kernel:?}: the row is wrong enough to prove something");
        let found = of(&x, &classes, vec![1.0, 0.0, 2.0], kernel);
        assert_eq!(found, of(&x.select(Axis(0), &[0, 2]), &[0, 1], vec![1.0, 2.0], kernel), "{kernel:?}");
    }
}

#[test]
fn hits_of_all_rows_have_exactly_the_weight_of_all_rows() {
    // Weights whose sum depends on the order of additions.
    let architecture = Architecture::inputs(1).dense(2, Activation::Identity);
    let x = Array2::from_elem((1000, 1), 1.0);
    let (classes, weights): (Vec<usize>, Vec<f64>) =
        (vec![0; 1000], (1..=1000).map(|n| 1.0 / f64::from(n)).collect());
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    let problem = problem.with_weights(&weights).unwrap();
    for kernel in KERNELS {
        let mut scratch = Scratch::with_kernel(&architecture, 1000, kernel).unwrap();
        let tally = accumulate(&problem, &[1.0, -1.0, 0.0, 0.0], 0..1000, &mut scratch, None);
        assert_eq!(tally.hits.to_bits(), tally.weight.to_bits(), "{kernel:?}");
        assert!((tally.weight - problem.total_weight()).abs() < 1e-14, "{kernel:?}: {tally:?}");
    }
}

#[test]
fn balanced_classes_weigh_the_same() {
    // 4 rows of class 0, 1 of class 2, none of class 1: 5 / (2 · 4) and 5 / (2 · 1).
    assert_eq!(weights_of(None, &ClassWeights::Balanced), [0.625, 0.625, 0.625, 2.5, 0.625]);
    // With weights: 4.5 of class 0, 0.5 of class 2; 5 / (2 · 4.5) and 5 / (2 · 0.5) times the weights.
    let (found, of_first) =
        (weights_of(Some(&[1.0, 2.0, 0.0, 0.5, 1.5]), &ClassWeights::Balanced), 5.0 / 9.0);
    assert_eq!(found, [of_first, 2.0 * of_first, 0.0, 2.5, 1.5 * of_first]);
    // A class without weight is not counted.
    assert_eq!(
        weights_of(Some(&[1.0, 1.0, 1.0, 0.0, 1.0]), &ClassWeights::Balanced),
        [1.0, 1.0, 1.0, 0.0, 1.0]
    );
}

#[test]
fn given_class_weights_multiply_those_of_rows() {
    let given = ClassWeights::Given(vec![0.5, 7.0, 4.0]);
    assert_eq!(weights_of(None, &given), [0.5, 0.5, 0.5, 4.0, 0.5]);
    assert_eq!(weights_of(Some(&[1.0, 2.0, 0.0, 0.5, 1.5]), &given), [0.5, 1.0, 0.0, 2.0, 0.75]);
    assert_eq!(weights_of(Some(&[1.0, 2.0, 0.0, 0.5, 1.5]), &ClassWeights::None), [1.0, 2.0, 0.0, 0.5, 1.5]);
    let (architecture, x) = (three_classes(), Array2::<f64>::zeros((1, 1)));
    let plain = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0]).unwrap();
    let plain = plain.with_class_weights(&ClassWeights::None).unwrap();
    assert_eq!((plain.weights(), plain.total_weight()), (None, 1.0));
}

/// The weights of rows of classes 0, 0, 0, 2, 0 of three.
fn weights_of(rows: Option<&[f64]>, classes: &ClassWeights) -> Vec<f64> {
    let (architecture, x) = (three_classes(), Array2::zeros((5, 1)));
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0, 0, 0, 2, 0]).unwrap();
    let problem = match rows {
        Some(weights) => problem.with_weights(weights).unwrap(),
        None => problem,
    };
    let problem = problem.with_class_weights(classes).unwrap();
    let weights = problem.weights().unwrap();
    assert_eq!(problem.total_weight(), weights.iter().sum::<f64>());
    weights.to_vec()
}

#[test]
fn weights_that_are_refused() {
    for (weights, message) in [
        (vec![1.0], "1 weights were given for 2 rows, expected one for each row"),
        (
            vec![1.0, -0.5],
            "the weight of row 1 (counted from 0) is -0.5, expected 0 or a positive normal number",
        ),
        (
            vec![f64::NAN, 1.0],
            "the weight of row 0 (counted from 0) is NaN, expected 0 or a positive normal number",
        ),
        (
            vec![1.0, f64::INFINITY],
            "the weight of row 1 (counted from 0) is inf, expected 0 or a positive normal number",
        ),
        (
            vec![1.0, 1e-310],
            "the weight of row 1 (counted from 0) is 1e-310, expected 0 or a positive normal number",
        ),
        (vec![0.0; 2], "all rows have the weight 0, expected at least one with a positive weight"),
        (
            vec![1e308; 2],
            "the weights of all rows add up to inf, more than the features' precision holds: scale them down",
        ),
    ] {
        assert_eq!(refused(|problem| problem.with_weights(weights.clone())).to_string(), message);
    }
    // In f32 the sum of two finite weights may be infinite, too.
    let (architecture, x) = (three_classes(), Array2::<f32>::zeros((2, 1)));
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0, 1]).unwrap();
    let error = problem.with_weights(vec![3e38_f32; 2]).unwrap_err();
    assert!(matches!(error, Error::TotalWeight { value } if value > 5e38), "{error}");
}

#[test]
fn class_weights_that_are_refused() {
    let of = |given: &[f64]| {
        refused(|problem| problem.with_class_weights(&ClassWeights::Given(given.to_vec()))).to_string()
    };
    assert_eq!(
        of(&[1.0; 2]),
        "2 class weights were given, the network has 3 outputs: expected one for each output"
    );
    for (value, text) in [(-1.0, "-1.0"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let message =
            format!("the weight of class 2 (counted from 0) is {text}, expected a finite number ≥ 0");
        assert_eq!(of(&[1.0, 1.0, value]), message);
    }
    assert_eq!(
        of(&[0.0, 0.0, 1.0]),
        "all rows have the weight 0, expected at least one with a positive weight"
    );
    let (architecture, x) = (three_classes(), Array2::<f64>::zeros((1, 1)));
    let y = Array2::zeros((1, 3));
    let values = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let error = values.with_class_weights(&ClassWeights::Balanced).unwrap_err();
    let message = "class weights need targets that are classes, mean squared error has values";
    assert_eq!(error.to_string(), message);
}

fn refused(weigh: impl FnOnce(Problem<'_>) -> ann_core::Result<Problem<'_>>) -> Error {
    let (architecture, x) = (three_classes(), Array2::zeros((2, 1)));
    weigh(Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0, 1]).unwrap()).unwrap_err()
}

fn three_classes() -> Architecture {
    Architecture::inputs(1).dense(3, Activation::Identity)
}

/// Rows of a 3-4-2 network, with weights or without.
#[derive(Clone, Debug)]
struct Case {
    loss: Loss,
    parameters: Vec<f64>,
    x: Array2<f64>,
    classes: Option<Vec<usize>>,
    values: Array2<f64>,
    weights: Option<Vec<f64>>,
}

impl Case {
    /// One case for each way in which a kernel sums losses and hits.
    fn all(rows: usize, seed: u64) -> Vec<Self> {
        let losses = [
            (Loss::SoftmaxCrossEntropy, true),
            (Loss::SmoothedCrossEntropy { smoothing: 0.25 }, true),
            (Loss::BinaryCrossEntropy, false),
            (Loss::MeanSquaredError, false),
        ];
        losses.into_iter().map(|(loss, has_classes)| Self::new(loss, has_classes, rows, seed)).collect()
    }

    fn new(loss: Loss, has_classes: bool, rows: usize, seed: u64) -> Self {
        let mut rng = seeded(seed);
        let network: Network = Network::init(&architecture(), Init::default(), &mut rng).unwrap();
        let x = Array2::from_shape_fn((rows, 3), |_| rng.random_range(-1.0..1.0));
        let values = Array2::from_shape_fn((rows, 2), |_| rng.random_range(0.0..1.0));
        let classes = has_classes.then(|| (0..rows).map(|_| rng.random_range(0..2)).collect());
        Self { loss, parameters: network.into_parameters(), x, classes, values, weights: None }
    }

    fn with_weights(&self, weights: Vec<f64>) -> Self {
        Self { weights: Some(weights), ..self.clone() }
    }

    fn chosen(&self, rows: &[usize]) -> Self {
        let classes = self.classes.as_ref().map(|classes| rows.iter().map(|&row| classes[row]).collect());
        let (x, values) = (self.x.select(Axis(0), rows), self.values.select(Axis(0), rows));
        Self { x, values, classes, ..self.clone() }
    }

    fn sums<F: Scalar>(&self, kernel: Kernel) -> (Tally, Vec<F>) {
        let (architecture, x, values) = (architecture(), self.x.mapv(F::of), self.values.mapv(F::of));
        let problem = match &self.classes {
            Some(classes) => Problem::new(&architecture, self.loss.clone(), &x, classes),
            None => Problem::new(&architecture, self.loss.clone(), &x, &values),
        };
        let mut problem = problem.unwrap();
        if let Some(weights) = &self.weights {
            let weights: Vec<F> = weights.iter().map(|&weight| F::of(weight)).collect();
            problem = problem.with_weights(weights).unwrap();
        }
        let parameters: Vec<F> = self.parameters.iter().map(|&parameter| F::of(parameter)).collect();
        let mut scratch = Scratch::with_kernel(&architecture, x.nrows(), kernel).unwrap();
        let mut gradient = vec![F::zero(); parameters.len()];
        let tally = accumulate(&problem, &parameters, 0..x.nrows(), &mut scratch, Some(&mut gradient));
        (tally, gradient)
    }
}

fn architecture() -> Architecture {
    Architecture::inputs(3).dense(4, Activation::Tanh).dense(2, Activation::Identity)
}

fn times((tally, gradient): &(Tally, Vec<f64>), factor: f64) -> (Tally, Vec<f64>) {
    let Tally { loss, weight, hits, .. } = *tally;
    let mut scaled = Tally::default();
    (scaled.loss, scaled.weight, scaled.hits) = (factor * loss, factor * weight, factor * hits);
    (scaled, gradient.iter().map(|g| factor * g).collect())
}

/// Every number within `tolerance` of the largest.
fn close(
    found: &(Tally, Vec<f64>),
    expected: &(Tally, Vec<f64>),
    tolerance: f64,
) -> Result<(), TestCaseError> {
    let numbers = |(tally, gradient): &(Tally, Vec<f64>)| {
        [&[tally.loss, tally.weight, tally.hits][..], gradient].concat()
    };
    let (found, expected) = (numbers(found), numbers(expected));
    let largest = expected.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    for (found, expected) in found.iter().zip(&expected) {
        prop_assert!((found - expected).abs() <= tolerance * largest, "{} {}", found, expected);
    }
    Ok(())
}
