//! A check that proves nothing says so: wherever a gradient of zeros would pass too, the verdict is no pass.

use crate::common::{Data, HIDDEN, Task, check, check_with, gradient, point};
use ann_core::ndarray::{Array2, array};
use ann_core::{Activation, Architecture, Init, Loss, Network, Problem, seeded};
use ann_datasets::{doughnut, squares};
use ann_gradcheck::{Config, Part, Point, Report, Verdict, check_gradient, check_problem};

/// The report's start: gain 5, biases 0. With three of the seeds 100 to 109, this one among them, the layer
/// of width 1 is off for all samples.
const REPORT_SEED: u64 = 102;

#[test]
fn the_reports_own_relu_start_is_vacuous() {
    for data in [Data::from(doughnut()), squares().into()] {
        for task in [Task::Classification, Task::Regression] {
            let report = on_report_start(&data, task, 0);
            assert_eq!(report.verdict(), Verdict::Vacuous, "{report}");
            assert!(report.ensure_ok().unwrap_err().to_string().contains("vacuous"));
            let mut hidden = report.groups().iter().take(2 * HIDDEN.len());
            assert!(hidden.all(|group| group.exercised == 0), "{report}");
        }
    }
}
#[test]
fn more_points_are_tried_first() {
    // From the same dead start, with points drawn where units live.
    let report = on_report_start(&doughnut().into(), Task::Classification, Config::default().points);
    assert_eq!(report.verdict(), Verdict::Pass, "{report}");
    assert!(report.cases().iter().any(|case| case.point == Point::Drawn(1)));
    assert!(report.self_test().is_some_and(|test| test.found));
}
#[test]
fn zeros_for_small_derivatives_do_not_pass() {
    // Six sigmoid layers at Xavier's start leave the first ones gradients of about 1e-8, which 1e-7 used to
    // excuse.
    let data = Data::from(squares());
    let architecture = data.architecture(&HIDDEN, &Activation::Sigmoid, Task::Classification);
    let start: Network =
        Network::init(&architecture, Init::default(), &mut seeded(36)).expect("it has layers");
    // λ = 0.1: nor does a penalty, done right, make up for them.
    for l2 in [0.0, 0.1] {
        let problem = data.problem(&architecture, Task::Classification).with_l2(l2).expect("λ ≥ 0");
        let forget = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
            gradient(problem, at, out);
            forget_loss_of_first_layer(problem, at, out);
        };
        let report =
            check_problem(&problem, start.parameters(), forget, &Config { points: 0, ..Config::default() });
        let report = report.unwrap();
        let group = &report.groups()[0];
        assert!(group.largest < 1e-7 && group.largest > 0.0, "{report}");
        assert_eq!((group.verdict, group.wrong), (Verdict::Fail, group.entries), "{report}");
        check(&problem, start.parameters()).ensure_ok().unwrap();
    }
}
#[test]
fn a_penalty_does_not_hide_that_the_loss_is_flat() {
    // The only hidden unit is off: z = −3 at the one sample, and −5 with enlarged weights.
    let architecture = Architecture::inputs(1).dense(1, Activation::Relu).dense(1, Activation::Identity);
    let (x, y) = (array![[1.0]], array![1.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap().with_l2(0.1).unwrap();
    let report = check(&problem, &[-1.0, -2.0, 1.0, 0.0]);
    assert_eq!(report.entries()[0].analytic, -2.0 * 0.1 * 1.0);
    assert_eq!((report.groups()[0].exercised, report.verdict()), (0, Verdict::Vacuous), "{report}");
}
#[test]
fn what_must_be_zero_counts_as_exercised_and_is_held_to_the_last_bit() {
    // The second input is 0 in every row: no θ gives its weights a gradient.
    let architecture = Architecture::inputs(2).dense(3, Activation::Tanh).dense(1, Activation::Identity);
    let x: Array2<f64> = array![[1.0, 0.0], [-0.5, 0.0], [2.0, 0.0]];
    let y = array![1.0, 0.0, -1.0];
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let at = point(&architecture, Init::default(), 4);
    let report = check(&problem, &at);
    assert_eq!((report.groups()[0].exercised, report.verdict()), (6, Verdict::Pass), "{report}");
    // The smallest number above 0 is not 0: behind that input, on a bias's penalty, and on every penalty with
    // λ = 0.
    let tiny = f64::MIN_POSITIVE;
    let nudged = |index: usize, l2: f64| {
        let problem = problem.clone().with_l2(l2).unwrap();
        let nudge = move |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
            gradient(problem, at, out);
            if problem.l2() > 0.0 || index == 1 {
                out[index] += if index == 1 { tiny } else { 1e-15 };
            }
        };
        check_problem(&problem, &at, nudge, &Config::default()).unwrap()
    };
    let idle = nudged(1, 0.0);
    assert_eq!(idle.findings()[0].index, 1, "{idle}");
    let bias = problem.layout().layers()[0].bias().start;
    let penalty = nudged(bias, 0.1);
    assert_eq!(
        (penalty.findings()[0].index, penalty.findings()[0].case.part),
        (bias, Part::Penalty),
        "{penalty}"
    );
}
#[test]
fn closures_that_are_flat_are_vacuous() {
    // The derivative by xᵢ is exactly 0 everywhere for the first `flat` of them.
    let with_flat = |flat: usize, count: usize| {
        let value = |x: &[f64]| x[flat..].iter().map(|x| x * x).sum();
        let gradient = |x: &[f64], out: &mut [f64]| {
            out.copy_from_slice(x);
            out[..flat].fill(0.0);
            out[flat..].iter_mut().for_each(|g| *g *= 2.0);
        };
        check_gradient(value, gradient, &vec![1.0; count], &Config::default()).unwrap()
    };
    assert_eq!(with_flat(1, 20).verdict(), Verdict::Pass);
    assert_eq!(with_flat(1, 19).verdict(), Verdict::Vacuous);
    assert_eq!(with_flat(1, 19).groups()[0].exercised, 18);
    assert!(with_flat(2, 20).summary().starts_with("vacuous: "), "{}", with_flat(2, 20).summary());
}
#[test]
fn a_tolerance_excuses_but_does_not_certify() {
    // Right to 1%: excused. Zeros where the derivative is below the slack: neither blamed nor exercised.
    let value = |x: &[f64]| 3.0 * x[0] + 0.05 * x[1];
    let config = Config { tolerance: 0.02, ..Config::default() };
    let off = |_: &[f64], out: &mut [f64]| out.copy_from_slice(&[3.03, 0.0]);
    let report = check_gradient(value, off, &[1.0, 1.0], &config).unwrap();
    assert_eq!((report.findings().len(), report.groups()[0].exercised), (0, 1), "{report}");
    assert_eq!(report.verdict(), Verdict::Vacuous, "{report}");
}

fn on_report_start(data: &Data, task: Task, points: usize) -> Report {
    let architecture = data.architecture(&HIDDEN, &Activation::Relu, task);
    let gain = Init::XavierNormal { gain: 5.0 };
    let start: Network = Network::init(&architecture, gain, &mut seeded(REPORT_SEED)).expect("it has layers");
    let config = Config { points, ..Config::default() };
    check_with(&data.problem(&architecture, task), start.parameters(), &config)
}

/// Leaves 2λW alone in the first layer.
fn forget_loss_of_first_layer(problem: &Problem<'_>, at: &[f64], gradient: &mut [f64]) {
    let span = &problem.layout().layers()[0];
    gradient[span.bias()].fill(0.0);
    for index in span.weights() {
        gradient[index] = 2.0 * problem.l2() * at[index];
    }
}
