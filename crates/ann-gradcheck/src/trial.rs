//! The points and rows at which the gradient of a [`Problem`] is tried.

use ann_core::ndarray::{Array2, Axis};
use ann_core::rand::Rng;
use ann_core::{Init, Network, Problem, Scalar, Span, Targets};
use rand_distr::{Distribution, Normal};

use crate::Result;

/// Factor on the weights of the enlarged point: units come near saturation, logits far apart.
const ENLARGED: f64 = 3.0;
/// Steps downhill to the trained point, and the length of the longest.
const STEPS: usize = 20;
const STEP_LENGTH: f64 = 0.2;
/// A gradient is checked on so few rows as well, where there are more.
const FEW: [usize; 3] = [1, 2, 6];

/// Some rows of a problem, spread over all.
#[derive(Debug)]
pub(crate) struct Rows<F> {
    features: Array2<F>,
    targets: Truth<F>,
}

#[derive(Debug)]
enum Truth<F> {
    Classes(Vec<usize>),
    Values(Array2<F>),
}

impl<F: Scalar> Rows<F> {
    /// `count` rows at equal distances, from the first on.
    fn new(problem: &Problem<'_, F>, count: usize) -> Self {
        let rows: Vec<usize> = (0..count).map(|i| i * problem.rows() / count).collect();
        let targets = match problem.targets() {
            Targets::Classes(classes) => Truth::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Targets::Values(values) => Truth::Values(values.select(Axis(0), &rows)),
            _ => unreachable!("the reference refused targets it does not know"),
        };
        Self { features: problem.features().select(Axis(0), &rows), targets }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.features.nrows()
    }

    /// The problem of these rows, with the penalty's strength `l2`.
    pub fn problem<'a>(&'a self, of: &'a Problem<'_, F>, l2: f64) -> Problem<'a, F> {
        let targets: Targets<'a, F> = match &self.targets {
            Truth::Classes(classes) => classes.into(),
            Truth::Values(values) => values.into(),
        };
        let problem = Problem::new(of.architecture(), of.loss().clone(), &self.features, targets);
        problem.and_then(|problem| problem.with_l2(l2)).expect("a part of a problem is one")
    }
}

/// 1, 2, 6 and all rows of a problem, as far as it has them.
pub(crate) fn rows<F: Scalar>(problem: &Problem<'_, F>) -> Vec<Rows<F>> {
    let few = FEW.into_iter().filter(|&count| count < problem.rows());
    few.chain([problem.rows()]).map(|count| Rows::new(problem, count)).collect()
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
    for index in problem.layout().layers().iter().flat_map(Span::weights) {
        point[index] *= F::of(ENLARGED);
    }
    point
}

/// W ~ N(0, 1 / (2 fan_in)), b ~ N(¼, ½²): biases let units live whatever their inputs are; a quarter of He's variance keeps a
/// deep network from running into saturation.
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
