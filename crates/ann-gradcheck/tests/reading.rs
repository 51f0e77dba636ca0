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
fn a_users_wrong_closure_is_understood_in_one_look() {
    let report = squares(&[1.0, 2.0, 3.0], 1, -1.0, &Config::default());
    assert_eq!(report.verdict(), Verdict::Fail);
    let first = report.summary();
    // ∂f/∂x₂ = 2 · 2 · 2
    assert!(
        first.starts_with("fail: 1 of 3 entries is wrong; worst θ[1]: analytic -8.000000e0, numerical 8.0"),
        "{first}"
    );
    let text = report.to_string();
    assert!(text.contains("analytic/numerical = -1.000000"), "{text}");
    assert!(text.contains("self-test: θ[2] spoiled by 1.0e-6 of itself, found"), "{text}");
    assert_eq!(report.layer(1), Err(Error::NoLayout));
}

#[test]
fn entries_go_by_the_names_they_were_given() {
    let config = Config::default().with_names(["width", "height", "depth"]);
    let report = squares(&[1.0, 2.0, 3.0], 1, -1.0, &config);
    assert!(report.summary().contains("worst height: analytic -8.0"), "{report}");
    let text = report.to_string();
    assert!(text.contains("\nwrong: height: ") && text.contains("\nself-test: depth spoiled"), "{text}");
    assert_eq!(report.groups()[0].title(), "θ");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("it is JSON");
    assert_eq!(
        (&json["findings"][0]["name"], &json["entries"][2]["name"]),
        (&"height".into(), &"depth".into())
    );
    assert_eq!(
        (&json["unjudged"], &json["groups"][0]["worst"]["name"]),
        (&serde_json::json!([]), &"height".into())
    );
}

#[test]
fn a_closure_with_layout() {
    let config = Config::default().with_layout(layout());
    let report = squares(&[1.0; 13], 10, 0.5, &config);
    let verdicts: Vec<_> = report.groups().iter().map(|group| (group.title(), group.verdict)).collect();
    let expected =
        [("W¹", Verdict::Pass), ("b¹", Verdict::Pass), ("W²", Verdict::Fail), ("b²", Verdict::Pass)];
    assert_eq!(verdicts, expected.map(|(title, verdict)| (title.to_string(), verdict)));
    let finding = report.groups()[2].finding.expect("it failed");
    assert_eq!(
        (report.name_of(finding.index), finding.analytic / finding.numerical > 0.49),
        ("W²[0, 1]".into(), true)
    );
    let lines = report.to_string().lines().count();
    assert_eq!(
        lines,
        1 + 1 + 4 + 1 + 1,
        "summary, header, four groups, one wrong entry, self-test:\n{report}"
    );
}

#[test]
fn a_layer_side_by_side() {
    let report = squares(&[1.0; 13], 12, 3.0, &Config::default().with_layout(layout()));
    let one = report.layer(1).unwrap();
    assert_eq!(one.analytic.weights, array![[2.0, 4.0], [6.0, 8.0], [10.0, 12.0]]);
    assert_eq!(one.analytic.bias, array![14.0, 16.0, 18.0]);
    assert!((&one.numerical.weights - &one.analytic.weights).iter().all(|d| d.abs() < 1e-9));
    let two = report.layer(2).unwrap();
    assert_eq!((two.analytic.bias[0], two.numerical.bias[0].round()), (78.0, 26.0));
    assert_eq!(report.layer(0), Err(Error::LayerOutOfRange { layer: 0, layers: 2 }));
    assert_eq!(report.layer(3), Err(Error::LayerOutOfRange { layer: 3, layers: 2 }));
}

#[test]
fn every_run_tests_itself() {
    for seed in 0..20 {
        let report = squares(&[1.0; 13], 0, 1.0, &Config { seed, ..Config::default() }.with_layout(layout()));
        let test = report.self_test().expect("derivatives stand out");
        assert!(test.found && test.factor >= 1.0 + 1e-6 && test.factor < 1.0 + 1e-3, "{report}");
        // The largest entry of a layer and kind is its last here.
        assert!([5, 8, 11, 12].contains(&test.index), "{test:?}");
        let told = format!("self-test: {} spoiled by 1.0e-6 of itself, found", report.name_of(test.index));
        assert!(report.to_string().contains(&told), "{report}");
    }
}

#[test]
fn the_report_of_a_problem_reads_as_a_table() {
    let report = by_hand(2.0);
    let text = report.to_string();
    assert!(text.starts_with("pass: 2 entries agree in 27 comparisons"), "{text}");
    let header = text.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(header, "entries exercised largest |d| largest |a − d| bound at |a − central| verdict");
    assert!(text.lines().nth(2).unwrap().contains("W¹[0, 0]") && text.contains("b¹[0]"), "{text}");
}

#[test]
fn json_holds_what_the_table_shows() {
    let json: serde_json::Value = serde_json::from_str(&by_hand(3.0).to_json()).expect("it is JSON");
    assert_eq!(json["verdict"], "fail");
    assert_eq!(json["groups"][0]["title"], "W¹");
    assert_eq!(
        (&json["groups"][0]["verdict"], &json["groups"][1]["verdict"]),
        (&"fail".into(), &"pass".into())
    );
    assert_eq!(json["findings"][0]["name"], "W¹[0, 0]");
    assert_eq!(json["findings"][0]["case"].as_str().map(|case| case.ends_with("loss")), Some(true), "{json}");
    assert_eq!((&json["self_test"]["name"], &json["self_test"]["found"]), (&"b¹[0]".into(), &true.into()));
    assert_eq!(
        (&json["entries"][1]["name"], &json["step"], &json["reason"]),
        (&"b¹[0]".into(), &1e-4.into(), &serde_json::Value::Null)
    );
}

/// ŷ = w x + b on three rows; ∂ℓ/∂w = (c/N) Σ e x, of which c = 2 is right.
fn by_hand(c: f64) -> Report {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y): (Array2<f64>, Array1<f64>) = (array![[1.0], [3.0], [-1.0]], array![2.0, 2.0, 1.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).expect("shapes fit");
    let gradient = |problem: &Problem<'_>, theta: &[f64], out: &mut [f64]| {
        let ann_core::Targets::Values(y) = problem.targets() else { panic!("a regression") };
        let (x, n) = (problem.features(), problem.rows() as f64);
        let errors = &x.column(0) * theta[0] + theta[1] - y.column(0);
        out[0] = c / n * (&errors * &x.column(0)).sum();
        out[1] = 2.0 / n * errors.sum();
    };
    check_problem(&problem, &[2.0, 1.0], gradient, &Config::default())
        .expect("point and settings are in order")
}
