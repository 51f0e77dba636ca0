//! Typical mistakes, planted into a right gradient: each is found, and blamed on the right layer and kind.

use crate::common::{Data, Task, gradient, point};
use ann_core::{Activation, Init, ParameterId, ParameterKind, Problem, block};
use ann_datasets::doughnut;
use ann_gradcheck::{Config, Error, Layers, Point, Report, Verdict, check_problem, reference};

const LAMBDA: f64 = 0.01;
const ALL: [&str; 6] = ["W¹", "b¹", "W²", "b²", "W³", "b³"];

#[test]
fn no_mistake() {
    let report = check(|_, _, _| {});
    report.ensure_ok().unwrap();
    assert_eq!(report.verdict(), Verdict::Pass);
}
#[test]
fn sign() {
    let flip = |problem: &Problem<'_>, _: &[f64], gradient: &mut [f64]| {
        gradient[problem.layout().layers()[1].weights()].iter_mut().for_each(|entry| *entry = -*entry);
    };
    find(flip, &["W²"]);
}
#[test]
fn one_entry_off_by_a_millionth_of_itself() {
    let place = ParameterId { layer: 2, kind: ParameterKind::Weight, unit: 0, input: 3 };
    let report =
        find(|problem, _, gradient| gradient[problem.layout().index(place).unwrap()] *= 1.0 + 1e-6, &["W²"]);
    let [finding] = report.findings() else { panic!("one entry: {report}") };
    assert_eq!(report.name_of(finding.index), "W²[0, 3]");
    assert!((finding.analytic / finding.numerical - 1.0 - 1e-6).abs() < 1e-9, "{finding:?}");
    assert!(report.summary().contains("W²[0, 3]"), "{}", report.summary());
}
#[test]
fn right_at_the_point_given_and_wrong_elsewhere() {
    // A gradient written down once, and given back ever after.
    let data = Data::from(doughnut());
    let architecture = data.architecture(&[4, 3], &Activation::Sigmoid, Task::Classification);
    let problem = data.problem(&architecture, Task::Classification);
    let at = point(&architecture, Init::XavierNormal { gain: 2.0 }, 5);
    let frozen = reference::gradient(&problem, &at).unwrap();
    let by_heart = |problem: &Problem<'_>, _: &[f64], out: &mut [f64]| match problem.rows() {
        216 => out.copy_from_slice(&frozen),
        _ => out.copy_from_slice(&reference::gradient(problem, &at).unwrap()),
    };
    let report = check_problem(&problem, &at, by_heart, &Config::default()).unwrap();
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
    assert!(report.findings().iter().all(|finding| finding.case.point != Point::Given), "{report}");
}
#[test]
fn the_last_of_all_rows_forgotten() {
    let forget = |problem: &Problem<'_>, at: &[f64], gradient: &mut [f64]| {
        let n = problem.rows();
        let mut last = vec![0.0; at.len()];
        let mut scratch = block::Scratch::new(problem.architecture(), 1).unwrap();
        block::accumulate(problem, at, n - 1..n, &mut scratch, Some(&mut last));
        gradient.iter_mut().zip(last).for_each(|(sum, last)| *sum -= last / n as f64);
    };
    find(forget, &ALL);
}
#[test]
fn bias_gradient_forgotten() {
    find(|problem, _, gradient| gradient[problem.layout().layers()[2].bias()].fill(0.0), &["b³"]);
}
#[test]
fn mean_forgotten() {
    // The sum over rows instead of their mean; the penalty stays right.
    let sum = |problem: &Problem<'_>, at: &[f64], gradient: &mut [f64]| {
        add_penalty(problem, at, gradient, -2.0 * problem.l2());
        gradient.iter_mut().for_each(|entry| *entry *= problem.rows() as f64);
        add_penalty(problem, at, gradient, 2.0 * problem.l2());
    };
    find(sum, &ALL);
}
#[test]
fn lambda_instead_of_two_lambda() {
    find(|problem, at, gradient| add_penalty(problem, at, gradient, -problem.l2()), &["W¹", "W²", "W³"]);
}
#[test]
fn penalty_on_biases() {
    let penalise = |problem: &Problem<'_>, at: &[f64], gradient: &mut [f64]| {
        for index in problem.layout().layers().iter().flat_map(ann_core::LayerSpan::bias) {
            gradient[index] += 2.0 * problem.l2() * at[index];
        }
    };
    find(penalise, &["b¹", "b²", "b³"]);
}
#[test]
fn a_layer_alone() {
    let spoil = |problem: &Problem<'_>, _: &[f64], gradient: &mut [f64]| {
        gradient[problem.layout().layers()[0].bias()].fill(0.0);
    };
    let one = |layer| check_with(spoil, &Config { layers: Layers::One(layer), ..Config::default() });
    assert_eq!(failed(&one(1)), ["b¹"]);
    assert_eq!((one(2).verdict(), one(2).groups().len()), (Verdict::Pass, 2));
    assert_eq!(one(2).layer(1), Err(Error::LayerNotChecked { layer: 1 }));
}

/// Adds `factor` · W to a gradient.
fn add_penalty(problem: &Problem<'_>, at: &[f64], gradient: &mut [f64], factor: f64) {
    for index in problem.layout().layers().iter().flat_map(ann_core::LayerSpan::weights) {
        gradient[index] += factor * at[index];
    }
}

/// The mistake is found in these parts and in no other.
#[track_caller]
fn find(mistake: impl Fn(&Problem<'_>, &[f64], &mut [f64]), parts: &[&str]) -> Report {
    let report = check(mistake);
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
    assert_eq!(failed(&report), parts, "{report}");
    let error = report.ensure_ok().expect_err("a wrong gradient");
    assert!(matches!(error, Error::NotVerified { verdict: Verdict::Fail, .. }), "{error}");
    report
}

fn failed(report: &Report) -> Vec<String> {
    let failed = report.groups().iter().filter(|group| group.verdict == Verdict::Fail);
    failed.map(ann_gradcheck::Group::title).collect()
}

fn check(mistake: impl Fn(&Problem<'_>, &[f64], &mut [f64])) -> Report {
    check_with(mistake, &Config::default())
}

/// 2-[4, 3]-2, sigmoid, λ > 0, on the doughnut.
fn check_with(mistake: impl Fn(&Problem<'_>, &[f64], &mut [f64]), config: &Config) -> Report {
    let data = Data::from(doughnut());
    let architecture = data.architecture(&[4, 3], &Activation::Sigmoid, Task::Classification);
    let problem = data.problem(&architecture, Task::Classification).with_l2(LAMBDA).expect("λ ≥ 0");
    let at = point(&architecture, Init::XavierNormal { gain: 2.0 }, 5);
    let spoiled = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        gradient(problem, at, out);
        mistake(problem, at, out);
    };
    check_problem(&problem, &at, spoiled, config).expect("settings and point are in order")
}
