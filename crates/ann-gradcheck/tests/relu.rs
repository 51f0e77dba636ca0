//! ReLU: differences of the frozen network, over points at which its units live.

mod common;

use ann_core::ndarray::{Array1, Array2, array};
use ann_core::{Activation, ActivationFn, Architecture, Init, Kind, Loss, Network, Problem, seeded};
use ann_datasets::{doughnut, example, squares};
use ann_gradcheck::{Report, Verdict};
use common::{Data, HIDDEN, Task, check, gradient, point};

#[test]
fn doughnut_classification() {
    claim(&doughnut().into(), Task::Classification);
}
#[test]
fn doughnut_regression() {
    claim(&doughnut().into(), Task::Regression);
}
#[test]
fn squares_classification() {
    claim(&squares().into(), Task::Classification);
}
#[test]
fn squares_regression() {
    claim(&squares().into(), Task::Regression);
}
#[test]
fn example_classification() {
    claim(&example().into(), Task::Classification);
}
#[test]
fn example_regression() {
    claim(&example().into(), Task::Regression);
}

/// W ~ N(0, 1 / (2 fan_in)), b ~ N(¼, ½²).  Biases let units live whatever their inputs are, the layer of width 1 above all.
/// A quarter of He's variance, because with all of it the softmax bends so much at inputs up to 9 that h²/6 · f‴ exceeds 1e-7
/// (5.5e-6 was measured); with this much the largest difference of 200 seeds was 2.6e-8.
fn living_point(architecture: &Architecture, seed: u64) -> Vec<f64> {
    let mut at = point(architecture, Init::HeNormal, seed);
    for span in architecture.layout().expect("it has layers").layers() {
        at[span.weights()].iter_mut().for_each(|weight| *weight *= 0.5);
        at[span.bias()].iter_mut().for_each(|bias| *bias = 0.25 + 0.5 * *bias);
    }
    at
}

/// No frozen difference above 1e-7; over all points 95% of each layer and kind are exercised, by units that switch.
#[track_caller]
fn claim(data: &Data, task: Task) {
    // Three rows switch on fewer units: more points.
    let points = if data.features.nrows() > 3 { 20 } else { 40 };
    let architecture = data.architecture(&HIDDEN, &Activation::Relu, task);
    let problem = data.problem(&architecture, task);
    let mut exercised = vec![false; problem.layout().len()];
    let mut switching = vec![false; HIDDEN.len()];
    let mut across_kinks = 0.0_f64;
    for seed in 0..points {
        let at = living_point(&architecture, seed);
        let report = check(&problem, &at);
        for entry in report.entries() {
            assert!(entry.agrees(1e-7), "seed {seed}: {report}");
            exercised[entry.index] |= !entry.is_zero && entry.analytic != 0.0;
            across_kinks = across_kinks.max(entry.plain.map_or(0.0, |plain| (plain - entry.analytic).abs()));
        }
        mark_switching(&architecture, at, &data.features, &mut switching);
    }
    for span in problem.layout().layers() {
        for part in [span.weights(), span.bias()] {
            let count = exercised[part.clone()].iter().filter(|&&is| is).count();
            let place = problem.layout().locate(part.start);
            assert!(20 * count >= 19 * part.len(), "{count} of {} exercised beside {place}", part.len());
        }
    }
    if data.features.nrows() > 3 {
        // Down to the layer of width 1; the four units behind it see a single input of little spread.
        let to_the_bottleneck = &switching[..5];
        assert_eq!(
            to_the_bottleneck, [true; 5],
            "layers with a unit that is on for some rows and off for others"
        );
        // Freezing is not idle: without it a right gradient would be blamed.
        assert!(across_kinks > 1e-5, "{across_kinks:.1e}");
    }
}

/// Marks the hidden layers of which some unit is on for some rows and off for others.
fn mark_switching(architecture: &Architecture, at: Vec<f64>, features: &Array2<f64>, switching: &mut [bool]) {
    let network = Network::from_parameters(architecture, at).expect("one parameter for each place");
    let mut a = features.clone();
    for (k, switches) in (1..).zip(switching) {
        let layer = network.layer(k).expect("a hidden layer");
        let z = a.dot(&layer.weights.t()) + layer.bias;
        let mixed = |unit: &[f64]| unit.iter().any(|&z| z > 0.0) && unit.iter().any(|&z| z <= 0.0);
        *switches |= z.columns().into_iter().any(|unit| mixed(&unit.to_vec()));
        a = z.mapv(|z| z.max(0.0));
    }
}

#[test]
fn the_reports_own_start_is_vacuous() {
    // Gain 5, biases 0.  With three of the seeds 100 to 109, this one among them, the layer of width 1 is off for all
    // samples: nothing in the hidden layers is tested.
    const SEED: u64 = 102;
    for data in [Data::from(doughnut()), squares().into()] {
        for task in [Task::Classification, Task::Regression] {
            let architecture = data.architecture(&HIDDEN, &Activation::Relu, task);
            let start =
                Network::init(&architecture, Init::XavierNormal { gain: 5.0 }, &mut seeded(SEED)).unwrap();
            let report = check(&data.problem(&architecture, task), start.parameters());
            assert_eq!(report.verdict(), Verdict::Vacuous);
            assert!(report.ensure_ok().unwrap_err().to_string().contains("vacuous"));
            let mut hidden = report.groups().iter().take(2 * HIDDEN.len());
            assert!(hidden.all(|group| group.zeros == group.entries));
        }
    }
}

#[test]
fn a_penalty_does_not_hide_that_the_loss_is_flat() {
    // The only hidden unit is off: z = −1.  The penalty gives W¹ a gradient, but the loss says nothing about it.
    let report = tiny(Activation::Relu, [1.0, -2.0, 1.0, 0.0], 0.1);
    assert_eq!(report.entries()[0].analytic, 2.0 * 0.1 * 1.0);
    assert!(report.entries()[0].is_zero && report.wrong().count() == 0);
    assert_eq!(report.verdict(), Verdict::Vacuous);
}

#[test]
fn a_kink_within_h_by_hand() {
    // z = w = h/2, on.  ŷ = w, ℓ = (ŷ − 1)², ∂ℓ/∂w = 2 (w − 1) = h − 2.
    // Across the kink: ((3h/2 − 1)² − (0 − 1)²) / 2h = −3/2 + 9h/8.
    let h = 1e-4;
    let report = tiny(Activation::Relu, [h / 2.0, 0.0, 1.0, 0.0], 0.0);
    let weight = report.entries()[0];
    assert!((weight.numerical - (h - 2.0)).abs() < 1e-11, "{weight:?}");
    assert!((weight.plain.unwrap() - (-1.5 + 9.0 * h / 8.0)).abs() < 1e-11, "{weight:?}");
    assert_eq!(report.verdict(), Verdict::Pass);
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
}

/// σ(z) = z above 0, z/10 below; σ′(0) = 1, unlike ReLU's.
#[derive(Clone, Copy, Debug)]
struct LeakyRelu;
impl ActivationFn for LeakyRelu {
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
        let report = tiny(LeakyRelu.into(), [weight, 0.0, 1.0, 0.0], 0.0);
        assert!(report.wrong().count() == 0 && report.entries()[0].is_kinked(), "{report}");
    }
    let data = Data::from(doughnut());
    let architecture = data.architecture(&[7, 5], &LeakyRelu.into(), Task::Classification);
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
    let (right, wrong) =
        (data.problem(&right, Task::Classification), data.problem(&wrong, Task::Classification));
    let at = point(right.architecture(), Init::HeNormal, 3);
    let careless = |at: &[f64], out: &mut [f64]| gradient(&wrong, at, out);
    let report = ann_gradcheck::check_problem(&right, &at, careless, &Default::default()).unwrap();
    let failed = report.groups().iter().filter(|group| group.verdict == Verdict::Fail);
    let failed: Vec<_> = failed.filter_map(|group| group.part).collect();
    assert_eq!(failed, [(1, Kind::Weight), (1, Kind::Bias)]);
}

/// 1-1-1 with θ = (W¹, b¹, W², b²), one sample x = 1, y = 1, squared error.
fn tiny(activation: Activation, at: [f64; 4], l2: f64) -> Report {
    let architecture = Architecture::inputs(1).dense(1, activation).dense(1, Activation::Identity);
    let (x, y): (Array2<f64>, Array1<f64>) = (array![[1.0]], array![1.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y);
    check(&problem.and_then(|problem| problem.with_l2(l2)).expect("shapes fit"), &at)
}
