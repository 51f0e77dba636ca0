//! Kinks decided, not tolerated: ReLU, leaky ReLU, and whatever declares where it bends.

use crate::common::{Data, HIDDEN, Task, check, check_with, gradient, point};
use ann_core::ndarray::{Array1, Array2, array};
use ann_core::{Activation, ActivationFn, Architecture, Init, Loss, ParameterKind, Problem, Targets};
use ann_datasets::{doughnut, example, squares};
use ann_gradcheck::{Config, Report, Verdict};

#[test]
fn doughnut_relu() {
    claim(&doughnut().into(), &Activation::Relu);
}
#[test]
fn squares_relu() {
    claim(&squares().into(), &Activation::Relu);
}
#[test]
fn example_relu() {
    claim(&example().into(), &Activation::Relu);
}
#[test]
fn doughnut_leaky_relu() {
    claim(&doughnut().into(), &Activation::LeakyRelu { slope: 0.01 });
}

#[test]
fn doughnut_elu() {
    claim(&doughnut().into(), &Activation::Elu { alpha: 0.5 });
}

/// The report's network passes, for both tasks; the frozen central differences stay within its 1e-7, and
/// those across kinks do not.
#[track_caller]
fn claim(data: &Data, activation: &Activation) {
    let mut across_kinks = 0.0_f64;
    for task in [Task::Classification, Task::Regression] {
        let architecture = data.architecture(&HIDDEN, activation, task);
        let problem = data.problem(&architecture, task);
        for seed in 0..3 {
            let report = check_with(&problem, &living_point(&architecture, seed), &Config::default());
            assert_eq!(report.verdict(), Verdict::Pass, "seed {seed}: {report}");
            assert!(report.largest_from_central().is_some_and(|largest| largest <= 1e-7), "{report}");
            let across =
                report.entries().iter().filter_map(|entry| Some((entry.plain? - entry.analytic).abs()));
            across_kinks = across.fold(across_kinks, f64::max);
        }
    }
    if data.features.nrows() > 3 {
        // Freezing is not idle: without it a right gradient would be blamed.
        assert!(across_kinks > 1e-6, "{across_kinks:.1e}");
    }
}

/// W ~ N(0, 1 / (2 fan_in)), b ~ N(¼, ½²). Biases let units live whatever their inputs are, the layer of
/// width 1 above all. A quarter of He's variance, because with all of it the softmax bends so much at inputs
/// up to 9 that h²/6 · f‴ exceeds 1e-7 (5.5e-6 was measured); with this much the largest difference of 200
/// seeds was 2.6e-8.
fn living_point(architecture: &Architecture, seed: u64) -> Vec<f64> {
    let mut at = point(architecture, Init::HeNormal, seed);
    for span in architecture.layout().expect("it has layers").layers() {
        at[span.weights()].iter_mut().for_each(|weight| *weight *= 0.5);
        at[span.bias()].iter_mut().for_each(|bias| *bias = 0.25 + 0.5 * *bias);
    }
    at
}

#[test]
fn a_kink_within_h_by_hand() {
    // z = w = h/2, on. ŷ = w, ℓ = (ŷ − 1)², ∂ℓ/∂w = 2 (w − 1) = h − 2.
    // Across the kink: ((3h/2 − 1)² − (0 − 1)²) / 2h = −3/2 + 9h/8.
    let h = 1e-4;
    let report = tiny(Activation::Relu, [h / 2.0, 0.0, 1.0, 0.0], 0.0);
    let weight = report.entries()[0];
    assert!((weight.central.unwrap() - (h - 2.0)).abs() < 1e-11, "{weight:?}");
    assert!((weight.numerical - (h - 2.0)).abs() < 1e-15, "{weight:?}");
    assert!((weight.plain.unwrap() - (-1.5 + 9.0 * h / 8.0)).abs() < 1e-11, "{weight:?}");
    assert!(report.findings().is_empty(), "{report}");
    assert_eq!((report.groups()[0].kinked, report.groups()[1].kinked, report.at_kink()), (1, 1, 0));
    // W² and b² move no pre-activation of the hidden layer.
    assert_eq!((report.groups()[2].kinked, report.groups()[3].kinked), (0, 0));
}

#[test]
fn a_unit_exactly_at_the_kink_is_off() {
    // z = 0: ReLU′(0) = 0, and the unit frozen off agrees.
    let report = tiny(Activation::Relu, [0.0, 0.0, 1.0, 0.0], 0.0);
    assert_eq!((report.entries()[0].analytic, report.entries()[0].numerical), (0.0, 0.0));
    assert_eq!((report.at_kink(), report.groups()[0].kinked), (1, 1));
    assert!(report.findings().is_empty(), "{report}");
    // The convention is checked as such: ReLU′(0) = 1 is found out.
    let architecture = Architecture::inputs(1).dense(1, Activation::Relu).dense(1, Activation::Identity);
    let (x, y) = (array![[1.0]], array![1.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).expect("shapes fit");
    let on = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        gradient(problem, at, out);
        if at[0] + at[1] == 0.0 {
            let delta = 2.0 * (at[3] - 1.0) * at[2];
            out[..2].copy_from_slice(&[delta, delta]);
        }
    };
    let report =
        ann_gradcheck::check_problem(&problem, &[0.0, 0.0, 1.0, 0.0], on, &Config::default()).unwrap();
    let wrong: Vec<_> = report.findings().iter().map(|finding| report.name_of(finding.index)).collect();
    assert_eq!(wrong, ["W¹[0, 0]", "b¹[0]"], "{report}");
}

/// σ(z) = z above 0, z/10 below; σ′(0) = 1, unlike that of `Activation::LeakyRelu`.
#[derive(Clone, Copy, Debug)]
struct Leaky;
impl ActivationFn for Leaky {
    fn value(&self, z: f64) -> f64 {
        if z < 0.0 { 0.1 * z } else { z }
    }
    fn derivative(&self, z: f64, _a: f64) -> f64 {
        if z < 0.0 { 0.1 } else { 1.0 }
    }
    fn kinks(&self) -> &[f64] {
        &[0.0]
    }
}

#[test]
fn a_custom_activation_declares_its_kink() {
    for weight in [-2e-5, 0.0, 2e-5] {
        let report = tiny(Leaky.into(), [weight, 0.0, 1.0, 0.0], 0.0);
        assert!(report.findings().is_empty() && report.entries()[0].is_kinked(), "{report}");
    }
    let data = Data::from(doughnut());
    let architecture = data.architecture(&[7, 5], &Leaky.into(), Task::Classification);
    let problem = data.problem(&architecture, Task::Classification);
    check(&problem, &point(&architecture, Init::HeNormal, 3)).ensure_ok().unwrap();
}

#[test]
fn a_wrong_relu_derivative_is_found() {
    // ReLU′ taken as 1 everywhere: hidden layers as if they were linear, on the same values.
    #[derive(Debug)]
    struct Careless;
    impl ActivationFn for Careless {
        fn value(&self, z: f64) -> f64 {
            z.max(0.0)
        }
        fn derivative(&self, _z: f64, _a: f64) -> f64 {
            1.0
        }
    }
    let data = Data::from(doughnut());
    let (right, wrong) = [Activation::Relu, Careless.into()]
        .map(|activation| data.architecture(&[5], &activation, Task::Classification))
        .into();
    let at = point(&right, Init::HeNormal, 3);
    let careless = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        let (x, Targets::Classes(classes)) = (problem.features(), problem.targets()) else {
            panic!("a classification");
        };
        let spoiled = Problem::new(&wrong, Loss::SoftmaxCrossEntropy, &x, classes);
        gradient(&spoiled.expect("the same rows, λ = 0"), at, out);
    };
    let problem = data.problem(&right, Task::Classification);
    let report = ann_gradcheck::check_problem(&problem, &at, careless, &Config::default()).unwrap();
    let failed = report.groups().iter().filter(|group| group.verdict == Verdict::Fail);
    let failed: Vec<_> = failed.filter_map(|group| group.part).collect();
    assert_eq!(failed, [(1, ParameterKind::Weight), (1, ParameterKind::Bias)]);
}

/// 1-1-1 with θ = (W¹, b¹, W², b²), one sample x = 1, y = 1, squared error.
fn tiny(activation: Activation, at: [f64; 4], l2: f64) -> Report {
    let architecture = Architecture::inputs(1).dense(1, activation).dense(1, Activation::Identity);
    let (x, y): (Array2<f64>, Array1<f64>) = (array![[1.0]], array![1.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y);
    check(&problem.and_then(|problem| problem.with_l2(l2)).expect("shapes fit"), &at)
}
