//! Activations and losses of a user's own: their derivatives are checked before anything relies on them.

use crate::common::{Data, Task, check, gradient, point};
use ann_core::ndarray::{Array1, Array2};
use ann_core::{
    Activation, ActivationFn, Architecture, Init, Loss, LossFn, Problem, Scalar, Target, TargetKind, block,
};
use ann_datasets::{doughnut, iris};
use ann_gradcheck::{Config, Verdict, check_activation, check_loss, check_problem, reference};

/// An activation from two closures and its kinks.
struct Custom<V, D>(V, D, &'static [f64]);
impl<V, D> std::fmt::Debug for Custom<V, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Custom")
    }
}
impl<V, D> ActivationFn for Custom<V, D>
where
    V: Fn(f64) -> f64 + Send + Sync,
    D: Fn(f64) -> f64 + Send + Sync,
{
    fn value(&self, z: f64) -> f64 {
        (self.0)(z)
    }
    fn derivative(&self, z: f64, _a: f64) -> f64 {
        (self.1)(z)
    }
    fn kinks(&self) -> &[f64] {
        self.2
    }
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

#[test]
fn smooth_ones_pass() {
    check_activation(&Custom(|z: f64| z * sigmoid(z), |z| sigmoid(z) * (1.0 + z * (1.0 - sigmoid(z))), &[]))
        .ensure_ok()
        .unwrap();
    check_activation(&Custom(f64::sin, f64::cos, &[])).ensure_ok().unwrap();
    check_activation(&Custom(|z: f64| z.powi(3), |z| 3.0 * z * z, &[])).ensure_ok().unwrap();
    check_activation(&Custom(|z: f64| (-z * z).exp(), |z: f64| -2.0 * z * (-z * z).exp(), &[]))
        .ensure_ok()
        .unwrap();
    check_activation(&Custom(|z: f64| z.abs().max(1e-300) * z, |z: f64| 2.0 * z.abs(), &[]))
        .ensure_ok()
        .unwrap();
}
/// A built-in activation as a user's own.
#[derive(Debug)]
struct BuiltIn(Activation);
impl ActivationFn for BuiltIn {
    fn value(&self, z: f64) -> f64 {
        self.0.value(z)
    }
    fn derivative(&self, z: f64, _a: f64) -> f64 {
        self.0.derivative(z)
    }
    fn kinks(&self) -> &[f64] {
        self.0.kinks()
    }
}

#[test]
fn built_in_ones_pass() {
    let with_factor = [Activation::LeakyRelu { slope: 0.01 }, Activation::Elu { alpha: 0.25 }];
    for activation in with_factor.into_iter().chain(SMOOTH).chain([Activation::Relu, Activation::Selu]) {
        check_activation(&BuiltIn(activation)).ensure_ok().unwrap();
    }
}
#[test]
fn built_in_ones_do_not_pass_with_a_slope_that_is_a_little_off() {
    for activation in SMOOTH {
        let slope = |z| activation.derivative(z) + 1e-7 * activation.value(z - 1.0);
        let off = Custom(|z| activation.value(z), slope, &[]);
        assert_eq!(check_activation(&off).verdict(), Verdict::Fail, "{activation}");
    }
}

/// Those without kinks.
const SMOOTH: [Activation; 7] = [
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Elu { alpha: 1.0 },
    Activation::Softplus,
    Activation::Silu,
    Activation::Mish,
    Activation::Gelu,
];

#[test]
fn declared_kinks_pass_with_any_slope_between_their_sides() {
    for at_kink in [0.0, 0.5, 1.0] {
        let relu = Custom(
            |z: f64| z.max(0.0),
            move |z| if z == 0.0 { at_kink } else { f64::from(u8::from(z > 0.0)) },
            &[0.0],
        );
        check_activation(&relu).ensure_ok().unwrap();
    }
    // At both kinks of a hard tanh: the slope of one side, or of the other.
    for at_kinks in [0.0, 1.0] {
        let slope = move |z: f64| if z.abs() == 1.0 { at_kinks } else { f64::from(u8::from(z.abs() < 1.0)) };
        let hard_tanh = Custom(|z: f64| z.clamp(-1.0, 1.0), slope, &[-1.0, 1.0]);
        check_activation(&hard_tanh).ensure_ok().unwrap();
        let undeclared = Custom(|z: f64| z.clamp(-1.0, 1.0), slope, &[-1.0]);
        let report = check_activation(&undeclared);
        assert_eq!(report.verdict(), Verdict::Inconclusive, "{at_kinks}: {report}");
    }
    // At each of the two kinks, a slope outside the range between its two sides is wrong.
    for wrong in [-1.0, 1.0] {
        let slope = move |z: f64| if z == wrong { 5.0 } else { f64::from(u8::from(z.abs() < 1.0)) };
        let report = check_activation(&Custom(|z: f64| z.clamp(-1.0, 1.0), slope, &[-1.0, 1.0]));
        assert_eq!(report.verdict(), Verdict::Fail, "{wrong}: {report}");
    }
    let steep = Custom(
        |z: f64| z.max(0.0),
        |z: f64| if z >= 0.0 { if z == 0.0 { 1.5 } else { 1.0 } } else { 0.0 },
        &[0.0],
    );
    let report = check_activation(&steep);
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
    assert!(report.summary().contains("σ′(0): analytic 1.5"), "{}", report.summary());
}
#[test]
fn an_undeclared_kink_is_told() {
    let report = check_activation(&Custom(|z: f64| z.max(0.0), |z| f64::from(u8::from(z > 0.0)), &[]));
    assert_eq!(report.verdict(), Verdict::Inconclusive, "{report}");
    assert!(
        report.summary().ends_with("not differentiable at σ′(0): if there is a kink, declare it in `kinks`")
    );
}
#[test]
fn wrong_ones_fail_and_say_where() {
    let report = check_activation(&Custom(f64::tanh, |z: f64| 1.0 - z.tanh(), &[]));
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
    // Off by a millionth, on a part of the line.
    let off = |z: f64| if z > 2.0 { z.cos() * (1.0 + 1e-6) } else { z.cos() };
    let report = check_activation(&Custom(f64::sin, off, &[]));
    assert!(
        report.findings().iter().all(|finding| !report.name_of(finding.index).starts_with("σ′(-")),
        "{report}"
    );
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
}
#[test]
fn one_that_is_not_finite_is_invalid() {
    let report = check_activation(&Custom(f64::ln, f64::recip, &[]));
    assert_eq!(report.verdict(), Verdict::Invalid);
    assert_eq!(report.summary(), "invalid: σ′(-30): value or derivative is not finite");
    // Overflow far out: e³⁰⁰ is finite, its square is not.
    let report = check_activation(&Custom(|z: f64| (z * 30.0).exp().powi(2), |z| z, &[]));
    assert_eq!(report.verdict(), Verdict::Invalid);
}

/// Cross-entropy by the shortest formula, with a factor on a part of its gradient.
#[derive(Debug)]
struct CrossEntropy {
    factor: f64,
}
impl LossFn for CrossEntropy {
    fn targets(&self) -> TargetKind {
        TargetKind::Classes
    }
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        outputs.iter().map(|o| o.exp()).sum::<f64>().ln() - outputs[target.class()]
    }
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        let sum: f64 = outputs.iter().map(|o| o.exp()).sum();
        for (g, o) in gradient.iter_mut().zip(outputs) {
            *g = o.exp() / sum * self.factor;
        }
        gradient[target.class()] -= 1.0;
    }
}

/// Σ |ŷ − y|, with a kink at every target.
#[derive(Debug)]
struct Absolute;
impl LossFn for Absolute {
    fn targets(&self) -> TargetKind {
        TargetKind::Values
    }
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        outputs.iter().zip(target.values()).map(|(o, y)| (o - y).abs()).sum()
    }
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        gradient.iter_mut().zip(outputs).zip(target.values()).for_each(|((g, o), y)| *g = (o - y).signum());
    }
}

#[test]
fn losses_for_classes_and_values() {
    for outputs in [2, 3, 13] {
        check_loss(&CrossEntropy { factor: 1.0 }, outputs).ensure_ok().unwrap();
        check_loss(&Absolute, outputs).ensure_ok().unwrap();
    }
    check_loss(&Absolute, 1).ensure_ok().unwrap();
    let none = check_loss(&Absolute, 0);
    assert_eq!(none.summary(), "invalid: the loss was to be checked with 0 outputs, expected at least 1");
    let report = check_loss(&CrossEntropy { factor: 1.0 + 1e-5 }, 3);
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
    assert!(
        report.summary().contains("∂ℓ/∂o[") && report.summary().contains("class "),
        "{}",
        report.summary()
    );
}

/// Cross-entropy with a weight for each class: made for as many outputs as there are weights.
#[derive(Debug)]
struct Weighted {
    weights: [f64; 12],
    /// The weight that this class has in the gradient, if it is another one.
    in_gradient: Option<(usize, f64)>,
}
impl LossFn for Weighted {
    fn targets(&self) -> TargetKind {
        TargetKind::Classes
    }
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        assert_eq!(outputs.len(), self.weights.len(), "a weight for each class");
        self.weights[target.class()] * CrossEntropy { factor: 1.0 }.value(outputs, target)
    }
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        CrossEntropy { factor: 1.0 }.gradient(outputs, target, gradient);
        let other = self.in_gradient.filter(|(class, _)| *class == target.class());
        let weight = other.map_or(self.weights[target.class()], |(_, weight)| weight);
        gradient.iter_mut().for_each(|g| *g *= weight);
    }
}

#[test]
fn a_loss_made_for_one_number_of_outputs() {
    let weights = std::array::from_fn(|class| 1.0 + class as f64);
    check_loss(&Weighted { weights, in_gradient: None }, 12).ensure_ok().unwrap();
    // Wrong for one class alone, the last one too.
    for class in [0, 5, 11] {
        let report = check_loss(&Weighted { weights, in_gradient: Some((class, 0.5)) }, 12);
        assert_eq!(report.verdict(), Verdict::Fail, "{report}");
        assert!(
            report
                .findings()
                .iter()
                .all(|finding| { report.name_of(finding.index).ends_with(&format!("class {class}")) })
        );
    }
}

#[test]
fn a_problem_checks_its_own_functions_first_and_says_so() {
    let data = Data::from(iris());
    let softsign: Activation =
        Custom(|z: f64| z / (1.0 + z.abs()), |z: f64| (1.0 + z.abs()).powi(-2), &[]).into();
    let architecture = Architecture::inputs(4)
        .dense(5, softsign.clone())
        .dense(4, Activation::Tanh)
        .dense(4, softsign)
        .dense(3, Activation::Identity);
    for (loss, expected) in [
        (Loss::SoftmaxCrossEntropy, vec!["Custom"]),
        (CrossEntropy { factor: 1.0 }.into(), vec!["Custom", "CrossEntropy { factor: 1.0 }"]),
    ] {
        let problem = Problem::new(&architecture, loss, &data.features, &data.classes).unwrap();
        let report = check(&problem, &point(&architecture, Init::default(), 1));
        let names: Vec<_> = report.functions().iter().map(|function| function.name.as_str()).collect();
        assert_eq!((names, report.verdict()), (expected, Verdict::Pass), "{report}");
        assert!(
            report.to_string().contains("derivative taken from Custom, after its own check: pass"),
            "{report}"
        );
    }
}
#[test]
fn a_wrong_function_fails_the_problem_though_backpropagation_is_right() {
    let data = Data::from(doughnut());
    let wrong = Custom(f64::tanh, |z: f64| 1.0 - z.tanh(), &[]);
    let architecture = data.architecture(&[4], &wrong.into(), Task::Classification);
    let problem = data.problem(&architecture, Task::Classification);
    let at = point(&architecture, Init::default(), 1);
    let report = check_problem(&problem, &at, gradient, &Config::default()).unwrap();
    assert!(report.findings().is_empty(), "the chain rule through it is as it should be: {report}");
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
    assert!(report.summary().starts_with("fail: Custom: fail: "), "{}", report.summary());
}

#[test]
fn standard_activations_that_cancel_far_out_are_not_blamed() {
    // GELU in its tanh form and mish: 1 + tanh, and ln (1 + eᶻ), lose their digits far below 0.
    let c = (2.0 / std::f64::consts::PI).sqrt();
    let inner = move |z: f64| c * (z + 0.044715 * z.powi(3));
    let gelu = move |z: f64| 0.5 * z * (1.0 + inner(z).tanh());
    let slope = move |z: f64| {
        let t = inner(z).tanh();
        0.5 * (1.0 + t) + 0.5 * z * (1.0 - t * t) * c * (1.0 + 3.0 * 0.044715 * z * z)
    };
    check_activation(&Custom(gelu, slope, &[])).ensure_ok().unwrap();
    let softplus = |z: f64| (1.0 + z.exp()).ln();
    let mish = move |z: f64| z * softplus(z).tanh();
    let slope = move |z: f64| {
        let t = softplus(z).tanh();
        t + z * (1.0 - t * t) * sigmoid(z)
    };
    check_activation(&Custom(mish, slope, &[])).ensure_ok().unwrap();
}
#[test]
fn a_clamped_activation_is_not_blamed() {
    let clamped = |z: f64| f64::from(u8::from(z.abs() < 1.0));
    check_activation(&Custom(|z: f64| z.clamp(-1.0, 1.0), clamped, &[-1.0, 1.0])).ensure_ok().unwrap();
}
#[test]
fn a_steep_function_does_not_hide_a_mistake_where_it_is_small() {
    // e³⁰ is 1e13; what is wrong below 0 is wrong by 1.
    let report = check_activation(&Custom(f64::exp, |z: f64| if z > 0.0 { z.exp() } else { 0.0 }, &[]));
    assert_eq!(report.verdict(), Verdict::Fail, "{report}");
}
#[test]
fn kinks_out_of_order_or_out_of_reach_are_no_panic() {
    let report = check_activation(&Custom(|z| z, |_| 1.0, &[1.0, 0.0]));
    assert_eq!(report.summary(), "invalid: kinks are [1.0, 0.0], expected finite numbers in rising order");
    let report = check_activation(&Custom(|z| z, |_| 1.0, &[1.0, 1.0]));
    assert_eq!(report.summary(), "invalid: kinks are [1.0, 1.0], expected finite numbers in rising order");
    let far = check_activation(&Custom(|z| z, |_| 1.0, &[1e300]));
    assert!(far.verdict() < Verdict::Fail, "{far}");
}

/// y − o ln y of a count y ≥ 0, with o = ln of the rate: negative targets are none.
#[derive(Debug)]
struct Poisson;
impl LossFn for Poisson {
    fn targets(&self) -> TargetKind {
        TargetKind::Values
    }
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        outputs.iter().zip(target.values()).map(|(o, y)| o.exp() - y * o + y.sqrt()).sum()
    }
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        gradient.iter_mut().zip(outputs).zip(target.values()).for_each(|((g, o), y)| *g = o.exp() - y);
    }
}

#[test]
fn a_loss_is_tried_at_the_targets_of_its_problem() {
    let data = Data::from(doughnut());
    let architecture = Architecture::inputs(2).dense(3, Activation::Tanh).dense(1, Activation::Identity);
    let problem = Problem::new(&architecture, Poisson, &data.features, &data.values).unwrap();
    check(&problem, &point(&architecture, Init::default(), 1)).ensure_ok().unwrap();
}

/// Σ (ŷ − y)²
#[derive(Debug)]
struct Squares;
impl LossFn for Squares {
    fn targets(&self) -> TargetKind {
        TargetKind::Values
    }
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        outputs.iter().zip(target.values()).map(|(o, y)| (o - y).powi(2)).sum()
    }
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        gradient.iter_mut().zip(outputs).zip(target.values()).for_each(|((g, o), y)| *g = 2.0 * (o - y));
    }
}

#[test]
fn a_right_gradient_close_to_a_fit_is_not_blamed() {
    // ŷ − y = 1e-8 is left of numbers of size 1: the last bits of ŷ are the ninth digit of the gradient.
    for left in [1e-7, 1e-8] {
        near_a_fit(left, |problem, at| {
            let report = check(problem, at);
            assert!(report.findings().is_empty(), "{left}: {report}");
            assert_eq!(off_by_a_ten_thousandth(problem, at), Verdict::Fail, "{left}");
        });
    }
    // With 1e-8 left, differences of the loss cannot tell to a thousandth whether its own gradient is right.
    near_a_fit(1e-7, |problem, at| check(problem, at).ensure_ok().unwrap());
}

/// 2-8-1 with squared errors, and ŷ − y = `left` in twelve rows.
fn near_a_fit(left: f64, check: impl FnOnce(&Problem<'_>, &[f64])) {
    let architecture = Architecture::inputs(2).dense(8, Activation::Tanh).dense(1, Activation::Identity);
    let x = Array2::from_shape_fn((12, 2), |(n, i)| ((n * 2 + i) as f64).sin());
    let at = point(&architecture, Init::default(), 1);
    let anything = Array1::zeros(12);
    let problem = Problem::new(&architecture, Squares, &x, &anything).unwrap();
    let y: Array1<f64> = reference::outputs(&problem, &at).unwrap().iter().map(|row| row[0] - left).collect();
    check(&Problem::new(&architecture, Squares, &x, &y).unwrap(), &at);
}

#[test]
fn a_right_gradient_of_sure_classes_is_not_blamed() {
    let architecture = Architecture::inputs(2).dense(4, Activation::Sigmoid).dense(2, Activation::Identity);
    let x = Array2::from_shape_fn((10, 2), |(n, i)| ((n * 2 + i) as f64).sin());
    let loss = CrossEntropy { factor: 1.0 };
    let problem = Problem::new(&architecture, loss, &x, &[0; 10]).unwrap();
    for (seed, gap) in (0..10).flat_map(|seed| [(seed, 10.0), (seed, 30.0)]) {
        let at = sure(&problem, seed, [gap, 0.0]);
        let report = check(&problem, &at);
        assert!(report.findings().is_empty() && report.verdict() != Verdict::Fail, "{seed} {gap}: {report}");
        if gap == 10.0 {
            // p − 1 = −5e-5; with a gap of 30 it is −1e-13, and rounded to 1e-16.
            assert_eq!(off_by_a_ten_thousandth(&problem, &at), Verdict::Fail, "seed {seed}");
        }
    }
}
#[test]
fn a_right_gradient_of_sure_classes_is_not_blamed_in_f32() {
    // Logits 530 and 500 are off by 3e-5 each, and p − 1 = −1e-13 by as much of itself: 500 roundings.
    let architecture = Architecture::inputs(2).dense(4, Activation::Sigmoid).dense(2, Activation::Identity);
    let x = Array2::from_shape_fn((10, 2), |(n, i)| ((n * 2 + i) as f32).sin());
    let loss = CrossEntropy { factor: 1.0 };
    let problem = Problem::new(&architecture, loss, &x, &[0; 10]).unwrap();
    let times = |factor: f32| {
        move |problem: &Problem<'_, f32>, at: &[f32], out: &mut [f32]| {
            let (n, mut scratch) =
                (problem.rows(), block::Scratch::new(problem.architecture(), problem.rows()).unwrap());
            out.fill(0.0);
            block::accumulate(problem, at, 0..n, &mut scratch, Some(out));
            out.iter_mut().for_each(|g| *g *= factor / n as f32);
        }
    };
    for seed in 0..10 {
        let at: Vec<f32> = sure(&problem, seed, [530.0, 500.0]).into_iter().map(|x| x as f32).collect();
        let config = Config { points: 0, ..Config::default() };
        let report = check_problem(&problem, &at, times(1.0), &config).unwrap();
        assert!(report.findings().is_empty() && report.verdict() != Verdict::Fail, "seed {seed}: {report}");
        let report = check_problem(&problem, &at, times(1.05), &config).unwrap();
        assert_eq!(report.verdict(), Verdict::Fail, "seed {seed}: {report}");
    }
}

/// A point with these biases of the two outputs.
fn sure<F: Scalar>(problem: &Problem<'_, F>, seed: u64, biases: [f64; 2]) -> Vec<f64> {
    let mut at = point(problem.architecture(), Init::default(), seed);
    at[problem.layout().layers()[1].bias()].copy_from_slice(&biases);
    at
}

#[test]
fn a_right_gradient_at_the_top_of_a_sine_is_not_blamed() {
    // z = π/2 + 1e-7 in every row: σ′ = −1e-7, in which the last bits of z, 1e-16, are the ninth digit.
    let architecture =
        Architecture::inputs(3).dense(1, Custom(f64::sin, f64::cos, &[])).dense(1, Activation::Identity);
    let at = [0.7, -1.3, 0.9, 0.4, 1.1, 0.2];
    let x = Array2::from_shape_fn((8, 3), |(n, i)| {
        let [first, second] = [n as f64, 2.0 * n as f64 + 1.0].map(f64::sin);
        let rest = std::f64::consts::FRAC_PI_2 + 1e-7 - (at[0] * first + at[1] * second + at[3]);
        [first, second, rest / at[2]][i]
    });
    let y = Array1::zeros(8);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    check(&problem, &at).ensure_ok().unwrap();
    assert_eq!(off_by_a_ten_thousandth(&problem, &at), Verdict::Fail);
}

/// What is said of the gradient of the engine times 1.0001.
fn off_by_a_ten_thousandth(problem: &Problem<'_>, at: &[f64]) -> Verdict {
    let wrong = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        gradient(problem, at, out);
        out.iter_mut().for_each(|g| *g *= 1.0001);
    };
    check_problem(problem, at, wrong, &Config { points: 0, ..Config::default() }).unwrap().verdict()
}

/// (ŷ₀ − y₀)² + w (ŷ₁ − y₁)², with the derivative by ŷ₁ times `factor`.
#[derive(Debug)]
struct Unequal {
    weight: f64,
    factor: f64,
}
impl LossFn for Unequal {
    fn targets(&self) -> TargetKind {
        TargetKind::Values
    }
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        let Target::Values(y) = target else { unreachable!("values were asked for") };
        (outputs[0] - y[0]).powi(2) + self.weight * (outputs[1] - y[1]).powi(2)
    }
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        let Target::Values(y) = target else { unreachable!("values were asked for") };
        gradient[0] = 2.0 * (outputs[0] - y[0]);
        gradient[1] = self.factor * 2.0 * self.weight * (outputs[1] - y[1]);
    }
}

#[test]
fn a_wrong_derivative_by_an_output_that_hardly_matters_does_not_pass() {
    for (weight, factor) in [(1e-14, 0.0), (1e-12, 1.001), (1e-10, 1.00001), (1.0, 1.00001), (1.0, 0.0)] {
        let report = check_loss(&Unequal { weight, factor }, 2);
        assert_ne!(report.verdict(), Verdict::Pass, "{weight}: {report}");
    }
    check_loss(&Unequal { weight: 1e-3, factor: 1.0 }, 2).ensure_ok().unwrap();
}
