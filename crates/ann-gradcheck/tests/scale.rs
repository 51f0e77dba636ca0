//! Networks too large to compare entry by entry: random directions, and bisection to the culprit.

use crate::common::{gradient, point};
use ann_core::ndarray::{Array2, array};
use ann_core::{Activation, Architecture, Init, Loss, ParameterId, ParameterKind, Problem};
use ann_gradcheck::{Config, Report, Verdict, check_gradient, check_problem};

/// 40-[500, 30]-5: 35 685 parameters, more than are compared one by one.
fn large(mistake: impl Fn(&Problem<'_>, &mut [f64]), seed: u64) -> Report {
    let architecture = Architecture::inputs(40)
        .dense(500, Activation::Tanh)
        .dense(30, Activation::Sigmoid)
        .dense(5, Activation::Identity);
    let x = Array2::from_shape_fn((4, 40), |(n, i)| ((n * 40 + i) as f64 * 0.7).sin());
    let classes: Vec<usize> = (0..4).map(|n| n % 5).collect();
    let problem =
        Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap().with_l2(1e-3).unwrap();
    assert!(problem.layout().len() > Config::default().entries);
    let spoiled = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        gradient(problem, at, out);
        mistake(problem, out);
    };
    let config = Config { seed, points: 2, ..Config::default() };
    check_problem(&problem, &point(&architecture, Init::default(), 7), spoiled, &config).unwrap()
}

#[test]
fn a_right_gradient_passes() {
    let report = large(|_, _| {}, 1);
    assert_eq!(report.verdict(), Verdict::Pass, "{report}");
    let first = &report.groups()[0];
    assert_eq!((first.entries, first.tried), (20_000, first.exercised), "{report}");
    assert!(first.tried < 64 * report.cases().len() && report.to_string().contains(" of "), "{report}");
    assert!(report.self_test().is_some_and(|test| test.found), "{report}");
}
#[test]
fn one_entry_among_thousands_is_found_and_named() {
    for (seed, unit, input) in [(1, 123, 17), (2, 499, 39), (3, 0, 0)] {
        let place = ParameterId { layer: 1, kind: ParameterKind::Weight, unit, input };
        let report = large(|problem, out| out[problem.layout().index(place).unwrap()] *= 1.001, seed);
        let wrong: Vec<_> = report.findings().iter().map(|finding| report.name_of(finding.index)).collect();
        assert_eq!(wrong, [place.to_string()], "{report}");
    }
}
#[test]
fn a_whole_group_is_blamed_and_no_other() {
    let report = large(
        |problem, out| {
            out[problem.layout().layers()[1].weights()].iter_mut().for_each(|g| *g *= 1.0 + 1e-6);
        },
        4,
    );
    let failed: Vec<_> =
        report.groups().iter().filter(|group| group.wrong > 0).map(ann_gradcheck::Group::title).collect();
    assert_eq!(failed, ["W²"], "{report}");
}
#[test]
fn closures_of_many_parameters() {
    // f = Σ cos(xᵢ + i), with 30 000 entries; one of them wrong.
    const N: usize = 30_000;
    let value = |x: &[f64]| x.iter().enumerate().map(|(i, x)| (x + i as f64).cos()).sum::<f64>() / N as f64;
    let check = |wrong: Option<usize>| {
        let gradient = |x: &[f64], out: &mut [f64]| {
            for (i, (x, out)) in x.iter().zip(&mut *out).enumerate() {
                *out = -(x + i as f64).sin() / N as f64;
            }
            if let Some(wrong) = wrong {
                out[wrong] += 1e-4;
            }
        };
        check_gradient(value, gradient, &vec![0.3; N], &Config { points: 1, ..Config::default() }).unwrap()
    };
    let right = check(None);
    assert!(right.findings().is_empty() && right.verdict() < Verdict::Fail, "{right}");
    let wrong = check(Some(20_123));
    assert_eq!(wrong.findings().iter().map(|finding| finding.index).collect::<Vec<_>>(), [20_123], "{wrong}");
}
#[test]
fn a_sample_agrees_with_all_entries() {
    // The same problem both ways; W¹ has 120 entries, of which a sample and directions stand for all.
    let architecture = Architecture::inputs(3).dense(40, Activation::Relu).dense(2, Activation::Identity);
    let x = Array2::from_shape_fn((9, 3), |(n, i)| ((n * 3 + i) as f64).sin());
    let problem =
        Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0, 1, 1, 0, 1, 0, 0, 1, 1]).unwrap();
    let at = point(&architecture, Init::HeNormal, 2);
    let all = check_problem(&problem, &at, gradient, &Config::default()).unwrap();
    let few = check_problem(&problem, &at, gradient, &Config { entries: 1, ..Config::default() }).unwrap();
    assert_eq!((all.verdict(), few.verdict()), (Verdict::Pass, Verdict::Pass), "{few}");
    assert!(few.groups()[0].tried < all.groups()[0].tried, "{few}");
    for other in few.entries() {
        let one = all.entries()[other.index];
        assert_eq!((one.index, one.numerical), (other.index, other.numerical));
    }
}
#[test]
fn a_penalty_alone_may_be_wrong() {
    // Sampled, λW instead of 2λW; one output, whose bias is the last group.
    let architecture = Architecture::inputs(4).dense(30, Activation::Tanh).dense(1, Activation::Identity);
    let x = Array2::from_shape_fn((5, 4), |(n, i)| ((n * 4 + i) as f64).sin());
    let y = array![0.1, 0.2, 0.3, 0.4, 0.5];
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap().with_l2(0.1).unwrap();
    let half = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        gradient(problem, at, out);
        for index in problem.layout().layers().iter().flat_map(ann_core::LayerSpan::weights) {
            out[index] -= problem.l2() * at[index];
        }
    };
    let config = Config { entries: 1, ..Config::default() };
    let report = check_problem(&problem, &point(&architecture, Init::default(), 3), half, &config).unwrap();
    let failed = |title: &str| report.groups().iter().any(|group| group.title() == title && group.wrong > 0);
    assert_eq!(["W¹", "b¹", "W²", "b²"].map(failed), [true, false, true, false], "{report}");
    assert!(report.entries().is_sorted_by(|one, other| one.index < other.index), "{report}");
}
#[test]
fn a_tolerance_holds_along_directions_too() {
    // 200 entries, each off by up to 1% of the largest.
    let value = |x: &[f64]| x.iter().map(|x| x.sin()).sum();
    let rough = |x: &[f64], out: &mut [f64]| {
        for (i, (g, x)) in out.iter_mut().zip(x).enumerate() {
            *g = x.cos() + 0.01 * (7.0 * i as f64).sin();
        }
    };
    let of = |tolerance: f64| {
        let config = Config { tolerance, entries: 1, points: 1, ..Config::default() };
        check_gradient(value, rough, &[0.3; 200], &config).unwrap()
    };
    assert_eq!(of(0.02).verdict(), Verdict::Pass, "{}", of(0.02));
    assert_eq!(of(0.001).verdict(), Verdict::Fail, "{}", of(0.001));
}
