//! What a report tells its reader.

use ann_core::ndarray::{Array1, Array2, array};
use ann_core::{Activation, Architecture, Layout, Loss, Problem};
use ann_gradcheck::{Config, Error, Report, Verdict, check_gradient, check_problem};

/// f(x) = Σ i xᵢ² with i from 1, and its gradient 2 i xᵢ, with one entry wrong by a factor.
fn squares(at: &[f64], spoiled: usize, factor: f64, config: &Config) -> Report {
    let value = |x: &[f64]| (1..).zip(x).map(|(i, x)| f64::from(i) * x * x).sum();
    let gradient = |x: &[f64], out: &mut [f64]| {
        (1..).zip(x).zip(&mut *out).for_each(|((i, x), out)| *out = 2.0 * f64::from(i) * x);
        out[spoiled] *= factor;
    };
    check_gradient(value, gradient, at, config).expect("settings and point are in order")
}

fn layout() -> Layout {
    // 2-3-1: W¹ 0 to 5, b¹ 6 to 8, W² 9 to 11, b² 12.
    Architecture::inputs(2)
        .dense(3, Activation::Tanh)
        .dense(1, Activation::Identity)
        .layout()
        .expect("two layers")
}

#[test]
fn a_closure_without_layout() {
    let report = squares(&[1.0, 2.0, 3.0], 1, -1.0, &Config::default());
    assert_eq!((report.verdict(), report.name(report.worst())), (Verdict::Fail, "θ[1]".to_string()));
    assert!((report.worst().relative() - 2.0).abs() < 1e-9, "opposite signs");
    let text = report.to_string();
    assert!(
        text.starts_with(
            "fail: 1 of 3 entries differ by more than 1e-7; the largest difference is 1.6e1 at θ[1]"
        ),
        "{text}"
    );
    assert!(text.contains("analytic/numerical = -1.000000"), "{text}");
    assert_eq!(report.layer(1), Err(Error::NoLayout));
}

#[test]
fn a_closure_with_layout() {
    let at = [1.0; 13];
    let config = Config::default().with_layout(layout());
    let report = squares(&at, 10, 0.5, &config);
    let verdicts: Vec<_> = report.groups().iter().map(|group| (group.title(), group.verdict)).collect();
    let expected =
        [("W¹", Verdict::Pass), ("b¹", Verdict::Pass), ("W²", Verdict::Fail), ("b²", Verdict::Pass)];
    assert_eq!(verdicts, expected.map(|(title, verdict)| (title.to_string(), verdict)));
    assert_eq!(report.name(report.worst()), "W²[0, 1]");
    let lines = report.to_string().lines().count();
    assert_eq!(lines, 1 + 1 + 4 + 1, "summary, header, four groups, one wrong entry:\n{report}");
}

#[test]
fn a_layer_side_by_side() {
    let report = squares(&[1.0; 13], 12, 3.0, &Config::default().with_layout(layout()));
    let one = report.layer(1).unwrap();
    assert_eq!(one.analytic.weights, array![[2.0, 4.0], [6.0, 8.0], [10.0, 12.0]]);
    assert_eq!(one.analytic.bias, array![14.0, 16.0, 18.0]);
    assert!((&one.numerical.weights - &one.analytic.weights).iter().all(|d| d.abs() < 1e-7));
    let two = report.layer(2).unwrap();
    assert_eq!((two.analytic.bias[0], two.numerical.bias[0].round()), (78.0, 26.0));
    assert_eq!(report.layer(0), Err(Error::LayerOutOfRange { layer: 0, layers: 2 }));
    assert_eq!(report.layer(3), Err(Error::LayerOutOfRange { layer: 3, layers: 2 }));
}

#[test]
fn five_percent_of_zeros_are_vacuous_only_when_exceeded() {
    // The derivative by xᵢ is exactly 0 at xᵢ = 0.
    let with_zeros = |zeros: usize, count: usize| {
        let at: Vec<f64> = (0..count).map(|i| if i < zeros { 0.0 } else { 1.0 }).collect();
        squares(&at, 0, 1.0, &Config::default())
    };
    assert_eq!(with_zeros(1, 20).verdict(), Verdict::Pass);
    assert_eq!(with_zeros(1, 19).verdict(), Verdict::Vacuous);
    assert_eq!(with_zeros(1, 19).groups()[0].zeros, 1);
    assert!(with_zeros(2, 20).summary().starts_with("vacuous: "), "{}", with_zeros(2, 20).summary());
}

#[test]
fn a_failure_outweighs_silence() {
    let report = squares(&[0.0, 0.0, 1.0], 2, 2.0, &Config::default());
    assert_eq!((report.groups()[0].zeros, report.verdict()), (2, Verdict::Fail));
}

#[test]
fn the_report_of_a_problem_reads_as_a_table() {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y): (Array2<f64>, Array1<f64>) = (array![[1.0], [3.0]], array![2.0, 2.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    // θ = (2, 1): ŷ = 3, 7; J = (1 + 25) / 2; ∂J/∂w = (2·1·1 + 2·5·3) / 2 = 16, ∂J/∂b = (2·1 + 2·5) / 2 = 6
    let by_hand = |_: &[f64], out: &mut [f64]| out.copy_from_slice(&[16.0, 6.0]);
    let report = check_problem(&problem, &[2.0, 1.0], by_hand, &Config::default()).unwrap();
    let text = report.to_string();
    assert!(text.starts_with("pass: 2 entries agree within 1e-7"), "{text}");
    let header = text.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(header, "entries largest |n| largest |a − n| at largest relative zeros kinked verdict");
    assert!(text.lines().nth(2).unwrap().contains("W¹[0, 0]") && text.contains("b¹[0]"), "{text}");
}
