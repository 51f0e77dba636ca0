//! ∂J/∂θ of `Objective` is the derivative of J, which `ann-gradcheck` computes with independent code.

use ann_gradcheck::{Config, Group, Report, Verdict, check_problem, reference};
use ann_train::ann_core::LayerSpan;
use ann_train::ann_core::block::{self, Kernel};
use ann_train::ndarray::{Array2, Axis, Slice};
use ann_train::{
    Accumulation, Activation, Architecture, Init, Loss, Network, Objective, Problem, TargetKind, seeded,
};

// More than a block, so that blocks are added up, and the last one is not full.
const ROWS: usize = block::ROWS + 3;
const SEED: u64 = 2; // each ReLU unit is on for some rows; with seed 1 half of layer 2 is off for all
const LAMBDA: f64 = 0.01;

#[test]
fn cross_entropy_sigmoid() {
    verify(&Loss::SoftmaxCrossEntropy, Activation::Sigmoid);
}
#[test]
fn cross_entropy_tanh() {
    verify(&Loss::SoftmaxCrossEntropy, Activation::Tanh);
}
#[test]
fn cross_entropy_relu() {
    verify(&Loss::SoftmaxCrossEntropy, Activation::Relu);
}
#[test]
fn cross_entropy_leaky_relu() {
    verify(&Loss::SoftmaxCrossEntropy, Activation::LeakyRelu { slope: 0.1 });
}
#[test]
fn squared_error_sigmoid() {
    verify(&Loss::MeanSquaredError, Activation::Sigmoid);
}
#[test]
fn squared_error_tanh() {
    verify(&Loss::MeanSquaredError, Activation::Tanh);
}
#[test]
fn squared_error_relu() {
    verify(&Loss::MeanSquaredError, Activation::Relu);
}
#[test]
fn squared_error_leaky_relu() {
    verify(&Loss::MeanSquaredError, Activation::LeakyRelu { slope: 0.1 });
}
#[test]
fn silu() {
    verify_both(Activation::Silu);
}
#[test]
fn mish() {
    verify_both(Activation::Mish);
}
#[test]
fn gelu() {
    verify_both(Activation::Gelu);
}
#[test]
fn softplus() {
    verify_both(Activation::Softplus);
}
#[test]
fn selu() {
    verify_both(Activation::Selu);
}
#[test]
fn elu() {
    for alpha in [0.0, 0.5, 1.0, 1.7] {
        verify_both(Activation::Elu { alpha });
    }
}
#[test]
fn smoothed_cross_entropy() {
    verify(&Loss::SmoothedCrossEntropy { smoothing: 0.1 }, Activation::Tanh);
}
#[test]
fn binary_cross_entropy() {
    verify(&Loss::BinaryCrossEntropy, Activation::Tanh);
}
#[test]
fn absolute_error() {
    verify(&Loss::AbsoluteError, Activation::Sigmoid);
}
#[test]
fn huber() {
    // Some errors are larger than δ, some smaller.
    verify(&Loss::Huber { delta: 0.5 }, Activation::Tanh);
}
#[test]
fn one_quantile_of_three_columns() {
    verify(&Loss::Quantile { levels: vec![0.9] }, Activation::Tanh);
}
#[test]
fn three_quantiles_of_one_column() {
    verify(&Loss::Quantile { levels: vec![0.1, 0.5, 0.9] }, Activation::Tanh);
}
#[test]
fn poisson() {
    verify(&Loss::Poisson, Activation::Sigmoid);
}
#[test]
fn weights_left_out_of_the_denominator_are_found() {
    let samples = Samples::new(Activation::Tanh);
    let problem = samples.weighted(&Loss::SoftmaxCrossEntropy, 0.0);
    let gradient = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        let mut objective = Objective::new(problem, Accumulation::Batched).unwrap();
        let weight = objective.value_and_gradient(at, out).weight;
        out.iter_mut().for_each(|g| *g *= weight / problem.rows() as f64);
    };
    let report = check_problem(&problem, &point(&problem), gradient, &Config::default()).unwrap();
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
}
#[test]
fn rows_of_many_inputs() {
    for (loss, activation) in [
        (Loss::SoftmaxCrossEntropy, Activation::Sigmoid),
        (Loss::MeanSquaredError, Activation::Tanh),
        (Loss::SoftmaxCrossEntropy, Activation::Silu),
        (Loss::MeanSquaredError, Activation::Elu { alpha: 1.0 }),
    ] {
        // Enough inputs for another kernel.
        verify_samples(&Samples::with_inputs(260, activation), &loss);
    }
}
#[test]
fn leaky_relu_of_other_slopes() {
    for slope in [0.0, 1.0, 1.7] {
        verify(&Loss::SoftmaxCrossEntropy, Activation::LeakyRelu { slope });
        verify(&Loss::MeanSquaredError, Activation::LeakyRelu { slope });
    }
}
#[test]
fn leaky_relu_that_turns_back_below_zero() {
    // σ(z) > 0 does not tell z > 0 then: the fused kernel, which keeps only σ(z), leaves it to the textbook
    // kernel.
    let back = Activation::LeakyRelu { slope: -0.5 };
    assert_eq!(Kernel::choose(&Samples::new(back.clone()).architecture), Kernel::Textbook);
    verify(&Loss::SoftmaxCrossEntropy, back.clone());
    verify(&Loss::MeanSquaredError, back);
}
#[test]
fn elu_that_turns_back_below_zero() {
    let back = Activation::Elu { alpha: -0.5 };
    assert_eq!(Kernel::choose(&Samples::new(back.clone()).architecture), Kernel::Textbook);
    verify_both(back);
}
#[test]
fn lambda_instead_of_two_lambda_is_found_in_the_weights() {
    let samples = Samples::new(Activation::Tanh);
    for loss in [Loss::SoftmaxCrossEntropy, Loss::MeanSquaredError] {
        let problem = samples.problem(&loss, LAMBDA);
        // The gradient of λ/2 ‖W‖² is λW.
        let report = check(&problem, Accumulation::Batched, |l2| l2 / 2.0);
        let failed = report.groups().iter().filter(|group| group.verdict == Verdict::Fail);
        assert_eq!(failed.map(Group::title).collect::<Vec<_>>(), ["W¹", "W²", "W³"], "{report}");
    }
}

#[track_caller]
fn verify_both(activation: Activation) {
    verify(&Loss::SoftmaxCrossEntropy, activation.clone());
    verify(&Loss::MeanSquaredError, activation);
}

/// With and without penalty, both ways to sum.
/// With and without penalty, with and without weights of rows, both ways to sum.
#[track_caller]
fn verify(loss: &Loss, activation: Activation) {
    verify_samples(&Samples::new(activation), loss);
}

#[track_caller]
fn verify_samples(samples: &Samples, loss: &Loss) {
    for problem in [samples.problem(loss, 0.0), samples.problem(loss, LAMBDA), samples.weighted(loss, LAMBDA)]
    {
        let (l2, weight) = (problem.l2(), problem.total_weight());
        for accumulation in [Accumulation::Batched, Accumulation::PerSample] {
            let report = check(&problem, accumulation, |l2| l2);
            assert_eq!(
                report.verdict(),
                Verdict::Pass,
                "λ = {l2}, Σw = {weight}, {accumulation:?}: {report}"
            );
            value_agrees(&problem, accumulation);
        }
    }
}

/// The exact gradient of J against the one that `Objective` computes with the strength `l2(λ)`.
fn check(problem: &Problem<'_>, accumulation: Accumulation, l2: impl Fn(f64) -> f64) -> Report {
    let gradient = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        let problem = problem.clone().with_l2(l2(problem.l2())).expect("λ ≥ 0");
        Objective::new(&problem, accumulation).unwrap().value_and_gradient(at, out);
    };
    check_problem(problem, &point(problem), gradient, &Config::default())
        .expect("settings and point are in order")
}

/// J itself, from both doors of the objective.
#[track_caller]
fn value_agrees(problem: &Problem<'_>, accumulation: Accumulation) {
    let (at, mut objective) = (point(problem), Objective::new(problem, accumulation).unwrap());
    let expected = reference::objective(problem, &at).expect("the point fits");
    let found = [objective.value(&at), objective.value_and_gradient(&at, &mut vec![0.0; at.len()])];
    for found in found.map(|value| value.total()) {
        // J is near 1: a mean over 515 rows, each rounded to 1e-16 some ten times.
        assert!((found - expected).abs() < 1e-13, "{accumulation:?}: {found}, expected {expected}");
    }
}

/// θ with Xavier's weights and biases from 0.1 to 0.9: every ReLU unit is on for some rows, or the check
/// would be vacuous.
fn point(problem: &Problem<'_>) -> Vec<f64> {
    let init = Init::XavierNormal { gain: 1.0 };
    let network: Network =
        Network::init(problem.architecture(), init, &mut seeded(SEED)).expect("it has layers");
    let mut at = network.into_parameters();
    for index in problem.layout().layers().iter().flat_map(LayerSpan::bias) {
        at[index] = 0.5 + 0.4 * (index as f64).sin();
    }
    at
}

/// i-[5, 4]-3, and rows with a class, three values, three labels and three counts each.
struct Samples {
    architecture: Architecture,
    features: Array2<f64>,
    classes: Vec<usize>,
    values: Array2<f64>,
    /// 0, ½ and 1.
    labels: Array2<f64>,
    /// 0, 1, 2, …
    counts: Array2<f64>,
}

impl Samples {
    fn new(activation: Activation) -> Self {
        Self::with_inputs(2, activation)
    }

    fn with_inputs(inputs: usize, activation: Activation) -> Self {
        let hidden = Architecture::inputs(inputs).with_layers(activation.layers([5, 4]));
        let features =
            Array2::from_shape_fn((ROWS, inputs), |(n, i)| (0.7 * n as f64 + 2.0 * i as f64).sin());
        let values =
            Array2::from_shape_fn((ROWS, 3), |(n, j)| features[[n, 0]] * features[[n, 1]] + j as f64 / 3.0);
        let classes = features.axis_iter(Axis(0)).map(|x| usize::from(x[0] > 0.0) + usize::from(x[1] > 0.0));
        Self {
            architecture: hidden.dense(3, Activation::Identity),
            classes: classes.collect(),
            labels: values.mapv(|y| (2.0 * y).round().clamp(0.0, 2.0) / 2.0),
            counts: values.mapv(|y| (3.0 * y).abs().floor()),
            values,
            features,
        }
    }

    /// Every seventh row has the weight 0.
    fn weighted(&self, loss: &Loss, l2: f64) -> Problem<'_> {
        let weight = |row: usize| if row % 7 == 3 { 0.0 } else { 0.25 + (row as f64).cos().abs() };
        let weights: Vec<f64> = (0..ROWS).map(weight).collect();
        self.problem(loss, l2).with_weights(weights).expect("there is a weight for each row")
    }

    fn problem(&self, loss: &Loss, l2: f64) -> Problem<'_> {
        let Self { architecture, features, classes, values, labels, counts } = self;
        let first = values.slice_axis(Axis(1), Slice::from(..1));
        let problem = match loss {
            Loss::BinaryCrossEntropy => Problem::new(architecture, loss.clone(), features, labels),
            Loss::Poisson => Problem::new(architecture, loss.clone(), features, counts),
            Loss::Quantile { levels } if levels.len() == 3 => {
                Problem::new(architecture, loss.clone(), features, first)
            }
            _ if loss.targets() == TargetKind::Classes => {
                Problem::new(architecture, loss.clone(), features, classes)
            }
            _ => Problem::new(architecture, loss.clone(), features, values),
        };
        problem.and_then(|problem| problem.with_l2(l2)).expect("shapes fit, λ ≥ 0")
    }
}
