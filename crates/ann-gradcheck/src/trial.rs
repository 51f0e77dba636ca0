//! The points and rows at which the gradient of a [`Problem`] is tried.

use ann_core::ndarray::{Array2, ArrayRef2, Axis};
use ann_core::rand::Rng;
use ann_core::{Init, LayerSpan, Network, Problem, Scalar, Targets};
use rand_distr::{Distribution, Normal};

use crate::Result;

/// Factor on the weights of the enlarged point: it brings units near saturation and moves logits apart.
const ENLARGED: f64 = 3.0;
/// Number of steps downhill to the trained point, and the largest length of one.
const STEPS: usize = 20;
const STEP_LENGTH: f64 = 0.2;
/// A gradient is also checked on these numbers of rows, if the problem has more.
const FEW: [usize; 3] = [1, 2, 6];

/// Some rows of a problem, spread over all its rows.
#[derive(Debug)]
pub(crate) struct Rows<F> {
    features: Array2<F>,
    targets: OwnedTargets<F>,
    weights: Option<Vec<F>>,
}

#[derive(Debug)]
enum OwnedTargets<F> {
    Classes(Vec<usize>),
    Values(Array2<F>),
}

impl<F: Scalar> Rows<F> {
    /// `count` rows of `all` at equal distances, from the first on.
    fn new(problem: &Problem<'_, F>, features: &ArrayRef2<F>, all: &[usize], count: usize) -> Self {
        let rows: Vec<usize> = (0..count).map(|i| all[i * all.len() / count]).collect();
        let targets = match problem.targets() {
            Targets::Classes(classes) => {
                OwnedTargets::Classes(rows.iter().map(|&row| classes[row]).collect())
            }
            Targets::Values(values) => OwnedTargets::Values(values.select(Axis(0), &rows)),
            _ => unreachable!("the reference refused targets it does not know"),
        };
        let weights = problem.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect());
        Self { features: features.select(Axis(0), &rows), targets, weights }
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.features.nrows()
    }

    /// The problem of these rows, with the penalty's strength `l2`.
    pub fn problem<'a>(&'a self, of: &'a Problem<'_, F>, l2: f64) -> Problem<'a, F> {
        let targets: Targets<'a, F> = match &self.targets {
            OwnedTargets::Classes(classes) => classes.into(),
            OwnedTargets::Values(values) => values.into(),
        };
        let problem = Problem::new(of.architecture(), of.loss().clone(), &self.features, targets);
        let problem = problem.and_then(|problem| problem.with_l2(l2));
        let weighted = problem.and_then(|problem| match &self.weights {
            Some(weights) => problem.with_weights(weights),
            None => Ok(problem),
        });
        weighted.expect("a part of a problem is one")
    }
}

/// 1, 2, 6 and all rows of a problem; numbers that it does not reach are left out. Rows of weight 0 are only
/// among all rows: a problem must have rows that count.
pub(crate) fn rows<F: Scalar>(problem: &Problem<'_, F>) -> Vec<Rows<F>> {
    let all: Vec<usize> = (0..problem.rows()).collect();
    let counts = |row: &usize| problem.weights().is_none_or(|weights| weights[*row] > F::zero());
    let counting: Vec<usize> = all.iter().copied().filter(counts).collect();
    let few = FEW.into_iter().filter(|&count| count < counting.len());
    // `features` copies the rows if they are selected.
    let features = problem.features();
    let few = few.map(|count| Rows::new(problem, &features, &counting, count));
    few.chain([Rows::new(problem, &features, &all, all.len())]).collect()
}

/// The point after some steps downhill, none longer than [`STEP_LENGTH`].
pub(crate) fn trained<F: Scalar>(
    at: &[F],
    mut gradient: impl FnMut(&[F]) -> Result<Vec<f64>>,
) -> Result<Vec<F>> {
    let mut point = at.to_vec();
    for _ in 0..STEPS {
        let slope = gradient(&point)?;
        let norm = slope.iter().map(|g| g * g).sum::<f64>().sqrt();
        let rate = STEP_LENGTH / norm.max(1.0);
        point.iter_mut().zip(&slope).for_each(|(x, g)| *x -= F::of(rate * g));
    }
    Ok(point)
}

/// The point with larger weights.
pub(crate) fn enlarged<F: Scalar>(problem: &Problem<'_, F>, at: &[F]) -> Vec<F> {
    let mut point = at.to_vec();
    for index in problem.layout().layers().iter().flat_map(LayerSpan::weights) {
        point[index] *= F::of(ENLARGED);
    }
    point
}

/// W ~ N(0, 1 / (2 fan_in)), b ~ N(¼, ½²): these biases keep units active for any inputs, and a quarter of
/// He's variance keeps a deep network out of saturation.
pub(crate) fn drawn<F: Scalar>(problem: &Problem<'_, F>, rng: &mut impl Rng) -> Vec<F> {
    let network = Network::init(problem.architecture(), Init::HeNormal, rng).expect("a problem has layers");
    let mut point = network.into_parameters();
    let bias = Normal::new(0.25, 0.5).expect("a positive deviation");
    for span in problem.layout().layers() {
        point[span.weights()].iter_mut().for_each(|weight| *weight *= F::of(0.5));
        point[span.bias()].iter_mut().for_each(|b| *b = F::of(bias.sample(rng)));
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::{Array1, array};
    use ann_core::{Activation, Architecture, Loss, seeded};

    #[test]
    fn rows_are_spread_over_all() {
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        for (count, expected) in [(1, vec![1]), (2, vec![1, 2]), (6, vec![1, 2, 6]), (7, vec![1, 2, 6, 7])] {
            let y = Array1::from_shape_fn(count, |row| row as f64);
            let x = y.clone().insert_axis(Axis(1));
            let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
            let parts = rows(&problem);
            assert_eq!(parts.iter().map(Rows::count).collect::<Vec<_>>(), expected);
            for part in &parts {
                let part = part.problem(&problem, 0.5);
                let Targets::Values(y) = part.targets() else { panic!("a regression") };
                assert_eq!((part.features().view(), part.l2()), (y, 0.5));
                // The i-th of n rows is the one at ⌊i · count / n⌋; where there are 2 of 7, those are 0
                // and 3.
                let last = (part.rows() - 1) * count / part.rows();
                assert_eq!((y[[0, 0]], y[[part.rows() - 1, 0]]), (0.0, last as f64));
            }
        }
    }

    #[test]
    fn training_takes_twenty_steps_downhill_none_longer_than_a_fifth() {
        // |(3, 4)| = 5: steps of 0.2 · (0.6, 0.8). |(0.5, 0)| < 1: steps of 0.2 · 0.5.
        for (slope, moved) in [([3.0, 4.0], [2.4, 3.2]), ([0.5, 0.0], [2.0, 0.0])] {
            let mut seen = Vec::new();
            let point = trained(&[10.0, 20.0], |at: &[f64]| {
                seen.push(at[0]);
                Ok(slope.to_vec())
            })
            .unwrap();
            // Twenty sums of numbers up to 20 are off by less than 1e-12.
            assert!((point[0] - 10.0 + moved[0]).abs() < 1e-12, "{point:?}");
            assert!((point[1] - 20.0 + moved[1]).abs() < 1e-12, "{point:?}");
            assert!(seen.len() == 20 && seen.is_sorted_by(|one, next| one > next), "{seen:?}");
        }
    }

    #[test]
    fn enlarged_points_have_three_times_the_weights() {
        let architecture = Architecture::inputs(1).dense(1, Activation::Tanh).dense(1, Activation::Identity);
        let x = array![[1.0]];
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, x.view()).unwrap();
        assert_eq!(enlarged(&problem, &[1.0, 2.0, 4.0, 8.0]), [3.0, 2.0, 12.0, 8.0]);
    }

    #[test]
    fn drawn_weights_have_a_quarter_of_hes_variance_and_biases_keep_units_alive() {
        let architecture = Architecture::inputs(8).dense(400, Activation::Relu);
        let (x, y) = (Array2::zeros((1, 8)), Array2::zeros((1, 400)));
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let point: Vec<f64> = drawn(&problem, &mut seeded(1));
        let span = &problem.layout().layers()[0];
        // 1 / (2 · 8) = ¼²; of n draws means are known to σ/√n, deviations to a share of 1/√2n: 4% for 400,
        // here 4 of each.
        for (range, mean, deviation) in [(span.weights(), 0.0, 0.25), (span.bias(), 0.25, 0.5)] {
            let n = range.len() as f64;
            let found = point[range.clone()].iter().sum::<f64>() / n;
            let variance = point[range].iter().map(|x| (x - found).powi(2)).sum::<f64>() / n;
            assert!((found - mean).abs() < 4.0 * deviation / n.sqrt(), "{found}, expected {mean}");
            let share = variance.sqrt() / deviation;
            assert!((share - 1.0).abs() < 4.0 / (2.0 * n).sqrt(), "{share} of {deviation}");
        }
    }
}
