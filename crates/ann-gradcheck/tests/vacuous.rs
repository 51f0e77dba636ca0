//! A check that proves nothing says so: wherever a gradient of zeros would pass too, the verdict is no pass.

mod common;

use ann_core::{Activation, Init, Network, Problem, seeded};
use ann_datasets::squares;
use ann_gradcheck::{Config, Report, Verdict, check_gradient, check_problem};
use common::{Data, HIDDEN, Task, gradient};

/// Layers that Xavier's start, gain 1 and biases 0, leaves with next to no gradient: σ′ ≤ 1/4 in each of six layers.
const QUIET: usize = 3;
/// Of the seeds 0 to 59 the one at which all of them are below the tolerance: zeros in all three layers agree.
const SEED: u64 = 36;

#[test]
fn zeros_for_the_first_layers_do_not_pass() {
    // λ = 0.1: nor does a penalty, done right, make up for them.
    for l2 in [0.0, 0.1] {
        let report = quiet(l2, true);
        assert_eq!(report.wrong().count(), 0, "{report}");
        assert_eq!(report.verdict(), Verdict::Vacuous, "{report}");
        assert!(report.ensure_ok().is_err());
    }
}
#[test]
fn nor_does_the_right_gradient_where_zeros_would() {
    for l2 in [0.0, 0.1] {
        let report = quiet(l2, false);
        let first = &report.groups()[0];
        // Not one entry is 0: it is the size that says nothing.
        assert!(first.largest > 0.0 && first.largest <= report.tolerance() && first.zeros == 0, "{report}");
        assert_eq!(first.verdict, Verdict::Vacuous, "{report}");
        let last = report.groups().last().expect("seven layers");
        assert_eq!((last.verdict, report.verdict()), (Verdict::Pass, Verdict::Vacuous), "{report}");
        assert!(report.summary().starts_with("vacuous: the loss says too little about W¹, b¹"), "{report}");
    }
}
#[test]
fn a_derivative_as_large_as_the_tolerance_is_vacuous_a_larger_one_is_not() {
    // f(x) = s x: the difference at 0 with h = 1/8 is s itself, exactly.
    let slope = |s: f64| {
        let config = Config { step: 0.125, tolerance: 0.25, ..Config::default() };
        let report = check_gradient(|x| s * x[0], |_, out| out[0] = s, &[0.0], &config);
        report.expect("settings and point are in order").verdict()
    };
    assert_eq!(
        [0.25, -0.25, 0.25_f64.next_up()].map(slope),
        [Verdict::Vacuous, Verdict::Vacuous, Verdict::Pass]
    );
}
#[test]
fn one_large_derivative_carries_its_group() {
    // Where zeros fail for one entry of a group they fail.
    let value = |x: &[f64]| x[0] + 1e-9 * x[1];
    let right = |_: &[f64], out: &mut [f64]| out.copy_from_slice(&[1.0, 1e-9]);
    let report = check_gradient(value, right, &[0.0, 0.0], &Config::default());
    report.expect("settings and point are in order").ensure_ok().unwrap();
}

/// Squares, six hidden layers, sigmoid, at Xavier's start; the loss's gradient in the quiet layers right or forgotten.
fn quiet(l2: f64, forget: bool) -> Report {
    let data = Data::from(squares());
    let architecture = data.architecture(&HIDDEN, &Activation::Sigmoid, Task::Classification);
    let problem = data.problem(&architecture, Task::Classification).with_l2(l2).expect("λ ≥ 0");
    let init = Init::XavierNormal { gain: 1.0 };
    let start: Network = Network::init(&architecture, init, &mut seeded(SEED)).expect("it has layers");
    let under_test = |at: &[f64], out: &mut [f64]| {
        gradient(&problem, at, out);
        if forget {
            forget_loss(&problem, at, out);
        }
    };
    check_problem(&problem, start.parameters(), under_test, &Config::default())
        .expect("settings and point are in order")
}

/// Leaves 2λW alone in the quiet layers.
fn forget_loss(problem: &Problem<'_>, at: &[f64], gradient: &mut [f64]) {
    for span in &problem.layout().layers()[..QUIET] {
        gradient[span.bias()].fill(0.0);
        for index in span.weights() {
            gradient[index] = 2.0 * problem.l2() * at[index];
        }
    }
}
