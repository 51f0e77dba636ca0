//! Every built-in loss and weights of rows: right gradients pass, kinks of losses are decided like those of
//! activations, and mistakes in weights are found.

use crate::common::{check, check_with, gradient, point};
use ann_core::ndarray::{Array1, Array2, array};
use ann_core::{Activation, Architecture, Init, Loss, LossFn, Problem, Scalar, Target, TargetKind, block};
use ann_gradcheck::{Config, Verdict, check_loss, check_problem, reference};

/// A built-in loss as a custom one, with the values that it needs.
#[derive(Debug)]
struct BuiltIn(Loss, fn(f64) -> f64);

impl LossFn for BuiltIn {
    fn targets(&self) -> TargetKind {
        self.0.targets()
    }
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        match target {
            Target::Values(values) => self.0.value(outputs, Target::Values(&self.values(values))),
            class => self.0.value(outputs, class),
        }
    }
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        match target {
            Target::Values(values) => {
                self.0.gradient(outputs, Target::Values(&self.values(values)), gradient);
            }
            class => self.0.gradient(outputs, class, gradient),
        }
    }
}

impl BuiltIn {
    fn values(&self, values: &[f64]) -> Vec<f64> {
        values.iter().map(|&value| (self.1)(value)).collect()
    }
}

/// The losses, and the range of their targets.
fn losses() -> Vec<BuiltIn> {
    let any: fn(f64) -> f64 = |y| y;
    vec![
        BuiltIn(Loss::SoftmaxCrossEntropy, any),
        BuiltIn(Loss::SmoothedCrossEntropy { smoothing: 0.1 }, any),
        BuiltIn(Loss::BinaryCrossEntropy, |y| y.clamp(0.0, 1.0)),
        BuiltIn(Loss::MeanSquaredError, any),
        BuiltIn(Loss::AbsoluteError, any),
        BuiltIn(Loss::Huber { delta: 0.5 }, any),
        BuiltIn(Loss::Quantile { levels: vec![0.2, 0.5, 0.9] }, any),
        BuiltIn(Loss::Poisson, |y| (3.0 * y).abs().floor()),
    ]
}

#[test]
fn the_derivative_of_each_loss_belongs_to_its_value() {
    for loss in losses() {
        check_loss(&loss, 3).ensure_ok().unwrap_or_else(|error| panic!("{}: {error}", loss.0));
    }
}

#[test]
fn a_pinball_of_the_wrong_sign_is_found() {
    #[derive(Debug)]
    struct Reversed;
    impl LossFn for Reversed {
        fn targets(&self) -> TargetKind {
            TargetKind::Values
        }
        fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
            Loss::Quantile { levels: vec![0.2] }.value(outputs, target)
        }
        fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
            Loss::Quantile { levels: vec![0.8] }.gradient(outputs, target, gradient);
        }
    }
    assert_eq!(check_loss(&Reversed, 2).verdict(), Verdict::Fail);
}

#[test]
fn right_gradients_pass_with_weights_and_without() {
    for loss in losses() {
        for seed in 0..4 {
            let data = Data::new(&loss, 30, seed);
            for weights in [None, Some(&data.weights)] {
                let report = check_with(&data.problem(weights), &data.at, &Config::default());
                assert_eq!(report.verdict(), Verdict::Pass, "{}, seed {seed}: {report}", loss.0);
            }
        }
    }
}

#[test]
fn right_gradients_in_f32_are_not_blamed() {
    for loss in losses() {
        for seed in 0..4 {
            let data = Data::new(&loss, 30, seed);
            let (x, values) = (data.x.mapv(|x| x as f32), data.values.mapv(|y| y as f32));
            let weights: Vec<f32> = data.weights.iter().map(|&weight| weight as f32).collect();
            let problem = match loss.targets() {
                TargetKind::Classes => Problem::new(&data.architecture, loss.0.clone(), &x, &data.classes),
                TargetKind::Values => Problem::new(&data.architecture, loss.0.clone(), &x, &values),
            };
            let problem = problem.and_then(|problem| problem.with_weights(&weights)).unwrap();
            let at: Vec<f32> = data.at.iter().map(|&parameter| parameter as f32).collect();
            let report = check_problem(&problem, &at, gradient_in_f32, &Config::default()).unwrap();
            assert!(report.verdict() < Verdict::Fail, "{}, seed {seed}: {report}", loss.0);
        }
    }
}

fn gradient_in_f32(problem: &Problem<'_, f32>, at: &[f32], gradient: &mut [f32]) {
    gradient.fill(0.0);
    let mut scratch = block::Scratch::new(problem.architecture(), problem.rows()).unwrap();
    block::accumulate(problem, at, 0..problem.rows(), &mut scratch, Some(gradient));
    gradient.iter_mut().for_each(|g| *g = f32::of(f64::from(*g) / problem.total_weight()));
}

#[test]
fn differences_across_the_kink_of_a_loss_are_frozen() {
    // ŷ = 0 and y = h/2: |ŷ − y| falls with slope −1. Across the kink: (h/2 − 3h/2) / 2h = −½.
    let h = 1e-4;
    for (loss, frozen, plain) in [
        (Loss::AbsoluteError, -1.0, -0.5),
        // (¾ h/2 − ¼ 3h/2) / 2h = 0.
        (Loss::Quantile { levels: vec![0.25] }, -0.25, 0.0),
    ] {
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        let (x, y) = (array![[1.0]], array![h / 2.0]);
        let problem = Problem::new(&architecture, loss, &x, &y).unwrap();
        let report = check(&problem, &[0.0, 0.0]);
        assert!(report.findings().is_empty(), "{report}");
        for entry in report.entries() {
            // Numbers of 1e-4, each rounded to 1e-16 of itself, divided by 2h.
            let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-11;
            assert!(close(entry.central, frozen) && close(entry.plain, plain), "{entry:?}");
            assert_eq!((entry.numerical, report.outputs_at_kink()), (frozen, 0));
        }
    }
}

#[test]
fn at_the_kink_of_a_loss_any_slope_between_its_sides_is_accepted() {
    // ŷ = w x + b with w = 2, b = 1 hits both rows exactly.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[1.0], [3.0]], array![3.0, 7.0]);
    let at = [2.0, 1.0];
    for (loss, allowed, wrong) in [
        (Loss::AbsoluteError, [-1.0, 0.0, 1.0], 40.0),
        (Loss::Quantile { levels: vec![0.25] }, [-0.25, 0.0, 0.75], 40.0),
    ] {
        let problem = Problem::new(&architecture, loss, &x, &y).unwrap();
        let with_slope = |slope: f64| {
            let of = move |problem: &Problem<'_>, point: &[f64], out: &mut [f64]| {
                gradient(problem, point, out);
                if point == at {
                    // Each row at its kink has this slope instead of 0.
                    let (x, n) = (problem.features(), problem.rows() as f64);
                    out[0] += slope * x.sum() / n;
                    out[1] += slope;
                }
            };
            check_problem(&problem, &at, of, &Config::default()).unwrap()
        };
        for slope in allowed {
            let report = with_slope(slope);
            assert!(report.verdict() < Verdict::Fail, "slope {slope}: {report}");
            assert_eq!(report.outputs_at_kink(), 2);
            assert!(report.to_string().contains("2 outputs are exactly at the kink of the loss"), "{report}");
        }
        assert_eq!(with_slope(wrong).verdict(), Verdict::Fail);
    }
}

#[test]
fn a_row_of_weight_0_does_not_count() {
    // Its loss is infinite, and its gradient would be NaN.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y): (Array2<f64>, Array1<f64>) =
        (array![[1.0], [1e200], [2.0], [-1.0]], array![3.0, 0.0, 1.0, 0.5]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let problem = problem.with_weights(&[1.0, 0.0, 0.5, 3.0]).unwrap();
    let report = check_with(&problem, &[0.25, 1.0], &Config::default());
    assert_eq!(report.verdict(), Verdict::Pass, "{report}");
    // ŷ = 1.25, 1.5, 0.75: (1.75² + 0.5 · 0.5² + 3 · 0.25²) / 4.5.
    let expected = (3.0625 + 0.125 + 0.1875) / 4.5;
    let found = reference::objective(&problem, &[0.25, 1.0]).unwrap();
    assert!((found - expected).abs() < 1e-15, "{found}, expected {expected}");
}

#[test]
fn an_error_in_the_weight_of_one_row_is_found() {
    let loss = &losses()[3];
    let data = Data::new(loss, 30, 1);
    let problem = data.problem(Some(&data.weights));
    // The weight of the first row is larger by a hundred-thousandth.
    let off = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        let mut weights = problem.weights().unwrap().to_vec();
        weights[0] *= 1.0 + 1e-5;
        gradient(&problem.clone().with_weights(weights).unwrap(), at, out);
    };
    let report = check_problem(&problem, &data.at, off, &Config::default()).unwrap();
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
}

/// Rows of a 2-4-3 network; every fifth has the weight 0.
struct Data {
    architecture: Architecture,
    loss: Loss,
    x: Array2<f64>,
    classes: Vec<usize>,
    values: Array2<f64>,
    weights: Vec<f64>,
    at: Vec<f64>,
}

impl Data {
    fn new(loss: &BuiltIn, rows: usize, seed: u64) -> Self {
        let architecture = Architecture::inputs(2).dense(4, Activation::Tanh).dense(3, Activation::Identity);
        let columns = loss.0.target_columns(3).unwrap();
        let wave = |n: usize, i: usize| (1.3 * n as f64 + 2.0 * i as f64 + seed as f64).sin();
        let weight = |n: usize| if n % 5 == 3 { 0.0 } else { 0.5 + wave(n, 7).abs() };
        Self {
            loss: loss.0.clone(),
            x: Array2::from_shape_fn((rows, 2), |(n, i)| wave(n, i)),
            classes: (0..rows).map(|n| n % 3).collect(),
            values: Array2::from_shape_fn((rows, columns), |(n, j)| (loss.1)(2.0 * wave(n, 3 + j))),
            weights: (0..rows).map(weight).collect(),
            at: point(&architecture, Init::default(), seed),
            architecture,
        }
    }

    fn problem<'a>(&'a self, weights: Option<&'a Vec<f64>>) -> Problem<'a> {
        let (architecture, loss) = (&self.architecture, self.loss.clone());
        let problem = match loss.targets() {
            TargetKind::Classes => Problem::new(architecture, loss, &self.x, &self.classes),
            TargetKind::Values => Problem::new(architecture, loss, &self.x, &self.values),
        };
        let problem = problem.unwrap();
        match weights {
            Some(weights) => problem.with_weights(weights).unwrap(),
            None => problem,
        }
    }
}
