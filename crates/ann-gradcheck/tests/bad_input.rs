//! What a user may get wrong: each an error that says what and where.

use crate::common::gradient;
use ann_core::ndarray::{Array1, Array2, array};
use ann_core::{Activation, ActivationFn, Architecture, Loss, ParameterKind, Problem};
use ann_gradcheck::{
    Config, Error, Layers, Result, Verdict, central_differences, check_gradient, check_problem,
};

#[test]
fn a_step_must_be_positive() {
    for step in [0.0, -1e-4, f64::NAN, f64::INFINITY] {
        let config = Config { step, ..Config::default() };
        says(square(&[1.0], &config), &format!("step (h) is {step}, expected a finite number > 0"));
        assert!(central_differences(|x| x[0], &[1.0], [0], step).is_err());
    }
    let lost = central_differences(|x| x[0], &[1.0], [0], 1e-20);
    assert!(
        lost.unwrap_err().to_string().starts_with("θ[0] = 1 cannot be moved by h = 0.00000000000000000001")
    );
}
#[test]
fn a_step_must_keep_its_width_in_f64() {
    // 0 ± 1e308 are finite, the width 2e308 between them is not.
    let wide = central_differences(|x| x[0], &[0.0], [0], 1e308);
    assert!(wide.unwrap_err().to_string().starts_with("θ[0] = 0 cannot be moved by h = 1"));
}
#[test]
fn an_index_must_be_one_of_the_points() {
    let found = central_differences(|x| x[0], &[1.0, 2.0], [1, 2], 1e-4);
    assert_eq!(found, Err(Error::IndexOutOfRange { index: 2, count: 2 }));
    assert_eq!(found.unwrap_err().to_string(), "there is no entry 2: the point has 2, counted from 0");
}
#[test]
fn a_tolerance_must_not_be_negative() {
    for tolerance in [-1.0, f64::NAN, f64::INFINITY] {
        let config = Config { tolerance, ..Config::default() };
        says(square(&[1.0], &config), &format!("tolerance is {tolerance}, expected a finite number ≥ 0"));
    }
}
#[test]
fn a_point_must_be_finite_and_fit_the_layout() {
    let config = Config::default();
    says(square(&[], &config), "there are no parameters");
    says(square(&[1.0, f64::NAN], &config), "parameter θ[1] is NaN");
    says(square(&[f64::INFINITY], &config), "parameter θ[0] is inf");
    // Of two the first is named.
    says(square(&[1.0, f64::NAN, f64::INFINITY], &config), "parameter θ[1] is NaN");
    let layout = Architecture::inputs(1).dense(1, Activation::Identity).layout().unwrap();
    let named = config.with_layout(layout);
    says(square(&[1.0], &named), "1 parameters were given, the layout has 2");
    says(square(&[1.0, f64::NAN], &named), "parameter b¹[0] is NaN");
}
#[test]
fn names_and_a_domain_must_fit_the_point() {
    let named = Config::default().with_names(["size", "rate"]);
    says(square(&[1.0], &named), "2 names were given for 1 parameters: expected one for each, or none");
    says(square(&[1.0, f64::NAN], &named), "parameter rate is NaN");
    let layout = Architecture::inputs(1).dense(1, Activation::Identity).layout().unwrap();
    says(
        square(&[1.0, 1.0], &named.clone().with_layout(layout)),
        "parameters are named by `names` and by `layout`",
    );
    let within = |range: std::ops::RangeInclusive<f64>| Config::default().with_domain([range]);
    says(
        square(&[1.0, 1.0], &within(0.0..=1.0)),
        "the domain has 1 ranges for 2 parameters: expected one for each",
    );
    for range in [0.0..=0.5, 2.0..=3.0, f64::NAN..=2.0] {
        let (low, high) = range.clone().into_inner();
        let expected = format!("parameter θ[0] is 1, expected a number in its domain from {low} to {high}");
        says(square(&[1.0], &within(range)), &expected);
    }
    for largest_step in [0.0, -1.0, f64::NAN] {
        let config = Config { largest_step, ..Config::default() };
        says(square(&[1.0], &config), &format!("largest_step is {largest_step}, expected a number > 0"));
    }
}
#[test]
fn errors_use_the_names_given() {
    let config = Config::default().with_names(["size", "rate"]);
    let forgetful = |x: &[f64], out: &mut [f64]| out[0] = 2.0 * x[0];
    let report = check_gradient(|x| x[0] * x[0] + x[1], forgetful, &[1.0, 1.0], &config);
    says(report, "the gradient by rate is NaN (point given)");
    let mut sum = 0.0;
    let adding = |x: &[f64], out: &mut [f64]| {
        sum += 1.0;
        out.copy_from_slice(&[2.0 * x[0], sum]);
    };
    let report = check_gradient(|x| x[0] * x[0] + x[1], adding, &[1.0, 1.0], &config);
    says(report, "the gradient by rate (point given) is 1, and 2 when asked again");
}
#[test]
fn a_layer_must_exist() {
    let one = |layer| Config { layers: Layers::One(layer), ..Config::default() };
    says(square(&[1.0], &one(1)), "parameters have no layers without a layout");
    says(linear(&[1.0, 1.0], |_, _, out| out.fill(1.0), &one(0)), "there is no layer 0: expected 1 to 1");
    says(linear(&[1.0, 1.0], |_, _, out| out.fill(1.0), &one(2)), "there is no layer 2: expected 1 to 1");
}
#[test]
fn a_value_must_be_finite() {
    let config = Config::default();
    let gradient = |_: &[f64], out: &mut [f64]| out.fill(0.0);
    let report = check_gradient(|_| f64::NAN, gradient, &[1.0], &config);
    says(report, "the objective is NaN (point given), expected a finite number");
    let outside = central_differences(|x| (x[1] - 1.0).sqrt(), &[3.0, 1.0], [1], 1e-4);
    assert!(outside.unwrap_err().to_string().starts_with("the objective is NaN with θ[1] = 0.9999"));
    // From −MAX to MAX: both values are finite, their difference is not.
    let cliff = |x: &[f64]| if x[1] < 1.0 { f64::MIN } else { f64::MAX };
    let steep = central_differences(cliff, &[1.0, 1.0], [1], 1e-4);
    let expected = "the numerical derivative by θ[1] is inf, expected a finite number: within ±0.0001";
    assert!(steep.unwrap_err().to_string().starts_with(expected));
}
#[test]
fn a_function_that_ends_at_the_point_is_inconclusive() {
    // √(x − 1) is 0 at 1 and NaN below: no derivative to compare with, on no side of it.
    let root = |x: &[f64]| (x[0] - 1.0).sqrt();
    let report =
        check_gradient(root, |_, out| out.fill(0.0), &[1.0], &Config { points: 0, ..Config::default() });
    assert_eq!(report.unwrap().verdict(), Verdict::Inconclusive);
}
#[test]
fn a_closure_must_give_the_same_when_asked_again() {
    let config = Config::default();
    let right = |x: &[f64], out: &mut [f64]| out[0] = 2.0 * x[0];
    let mut calls = 0.0;
    let drifting = |x: &[f64]| {
        calls += 1.0;
        x[0] * x[0] + 1e-9 * calls
    };
    let report = check_gradient(drifting, right, &[1.0], &config);
    says(report, "the objective (point given) is 1.000000001, and 1.000000002 when asked again: does");
    // A drift so slow that two calls in a row agree, but not after all the others.
    let mut calls = 0.0;
    let creeping = |x: &[f64]| {
        calls += 1.0;
        x[0] * x[0] + 2e-13 * calls
    };
    says(check_gradient(creeping, right, &[1.0], &config), "the objective (point given) is 1.0000000000002");
    // Adds to what it gave before: right the first time only.
    let mut sum = 0.0;
    let adding = |x: &[f64], out: &mut [f64]| {
        sum += 2.0 * x[0];
        out[0] = sum;
    };
    let report = check_gradient(|x| x[0] * x[0], adding, &[1.0], &config);
    says(report, "the gradient by θ[0] (point given) is 2, and 4 when asked again");
    let mut calls = 0.0;
    let drifting = |_: &Problem<'_>, _: &[f64], out: &mut [f64]| {
        calls += 1.0;
        out.copy_from_slice(&[1.0, calls]);
    };
    let report = linear(&[1.0, 1.0], drifting, &config);
    let Err(Error::NotRepeatable { parts, .. }) = &report else { panic!("{report:?}") };
    assert_eq!(parts, &[(1, ParameterKind::Bias)]);
    assert_eq!(Verdict::of(&report), Verdict::Invalid);
    says(report, "the gradient by b¹[0] (point given, 2 rows, total) is 1, and 2 when asked again");
}
#[test]
fn rounding_from_call_to_call_is_no_error() {
    // Sums added up in another order each time differ by some 1e-16.
    let mut sign = 1.0;
    let restless = |x: &[f64]| {
        sign = -sign;
        x[0] * x[0] + sign * f64::EPSILON
    };
    let report = check_gradient(restless, |x, out| out[0] = 2.0 * x[0], &[1.0], &Config::default());
    report.unwrap().ensure_ok().unwrap();
    // Where the sum is 0, all of it changes.
    let restless = |x: &[f64]| {
        sign = -sign;
        x[0] * x[0] - 1.0 + sign * f64::EPSILON
    };
    let report = check_gradient(restless, |x, out| out[0] = 2.0 * x[0], &[1.0], &Config::default());
    report.unwrap().ensure_ok().unwrap();
}
#[test]
fn a_gradient_must_be_written_whole_and_finite() {
    let config = Config::default();
    let forgetful = |x: &[f64], out: &mut [f64]| out[0] = 2.0 * x[0];
    let report = check_gradient(|x| x[0] * x[0] + x[1], forgetful, &[1.0, 1.0], &config);
    says(
        report,
        "the gradient by θ[1] is NaN (point given), expected a finite number: does the closure write every entry?",
    );
    let infinite = |_: &Problem<'_>, _: &[f64], out: &mut [f64]| out.copy_from_slice(&[1.0, f64::INFINITY]);
    says(
        linear(&[1.0, 1.0], infinite, &config),
        "the gradient by b¹[0] is inf (point given, 2 rows, total), expected",
    );
    // At w = 1 all is well; three times as large is a point of the checker's own choice.
    let narrow = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        gradient(problem, at, out);
        out[0] /= f64::from(u8::from(at[0] < 2.5));
    };
    says(
        linear(&[1.0, 1.0], narrow, &config),
        "the gradient by W¹[0, 0] is inf (weights enlarged, 2 rows, total), expected",
    );
}
#[test]
fn a_problem_and_its_point_must_fit() {
    let right = |_: &Problem<'_>, _: &[f64], out: &mut [f64]| out.fill(0.0);
    let config = Config::default();
    says(linear(&[], right, &config), "there are no parameters");
    says(linear(&[1.0], right, &config), "1 parameters were given, the layout has 2");
    says(linear(&[1.0, f64::NAN], right, &config), "parameter b¹[0] is NaN");
    says(
        linear(&[1e200, 1.0], right, &config),
        "the objective is inf (point given, 2 rows, total), expected",
    );
    // Moved by h this weight stays what it is: there is no central difference, and the exact gradient needs
    // none.
    let report = linear(&[1e14, 1.0], right, &config).unwrap();
    assert_eq!(report.entries()[0].central, None);
}
#[test]
fn kinks_must_be_finite_and_rise() {
    #[derive(Debug)]
    struct Odd;
    impl ActivationFn for Odd {
        fn value(&self, z: f64) -> f64 {
            z
        }
        fn derivative(&self, _z: f64, _a: f64) -> f64 {
            1.0
        }
        fn kinks(&self) -> &[f64] {
            &[0.0, f64::NAN]
        }
    }
    let architecture = Architecture::inputs(1).dense(1, Odd);
    let report = on(&architecture, &[1.0, 1.0], |_, _, out| out.fill(1.0), &Config::default());
    says(
        report,
        "activation Odd of layer 1 declares the kinks [0.0, NaN], expected finite numbers in rising order",
    );
}

type Checked = Result<ann_gradcheck::Report>;

fn square(at: &[f64], config: &Config) -> Checked {
    let gradient = |x: &[f64], out: &mut [f64]| x.iter().zip(out).for_each(|(x, out)| *out = 2.0 * x);
    check_gradient(|x| x.iter().map(|x| x * x).sum(), gradient, at, config)
}

fn linear(at: &[f64], gradient: impl FnMut(&Problem<'_>, &[f64], &mut [f64]), config: &Config) -> Checked {
    on(&Architecture::inputs(1).dense(1, Activation::Identity), at, gradient, config)
}

fn on(
    architecture: &Architecture,
    at: &[f64],
    gradient: impl FnMut(&Problem<'_>, &[f64], &mut [f64]),
    config: &Config,
) -> Checked {
    let (x, y): (Array2<f64>, Array1<f64>) = (array![[1.0], [2.0]], array![1.0, 2.0]);
    let problem = Problem::new(architecture, Loss::MeanSquaredError, &x, &y).expect("shapes fit");
    check_problem(&problem, at, gradient, config)
}

#[track_caller]
fn says(report: Checked, expected: &str) {
    let error: Error = report.expect_err("an error");
    assert!(error.to_string().starts_with(expected), "found: {error}\nexpected: {expected}");
}
