//! The independent witness agrees with ann-core, and the fast differences with slow ones of the same J.

use crate::common::{Data, HIDDEN, Task, check, point};
use ann_core::ndarray::{Array2, array};
use ann_core::{
    Activation, ActivationFn, Architecture, Init, Loss, LossFn, Network, Problem, Target, TargetKind, block,
};
use ann_datasets::{doughnut, example, iris, squares};
use ann_gradcheck::{Config, Error, central_differences, check_gradient, reference};
use proptest::prelude::*;

#[test]
fn forward_equals_ann_cores() {
    for data in [doughnut(), squares(), example(), iris()].map(Data::from) {
        for activation in BUILT_IN {
            for (task, gain) in [(Task::Classification, 1.0), (Task::Regression, 5.0)] {
                forward_agrees(&data, &activation, task, gain);
            }
        }
    }
}

const BUILT_IN: [Activation; 11] = [
    Activation::Identity,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.1 },
    Activation::Elu { alpha: 0.5 },
    Activation::Selu,
    Activation::Softplus,
    Activation::Silu,
    Activation::Mish,
    Activation::Gelu,
];

#[track_caller]
fn forward_agrees(data: &Data, activation: &Activation, task: Task, gain: f64) {
    let architecture = data.architecture(&HIDDEN, activation, task);
    let problem = data.problem(&architecture, task).with_l2(0.1).expect("λ ≥ 0");
    let at = point(&architecture, Init::XavierNormal { gain }, 11);
    let network = Network::from_parameters(&architecture, at.clone()).expect("one parameter for each place");
    let expected = network.forward(&data.features).expect("the network was made for the data");
    let found = reference::outputs(&problem, &at).expect("the point fits");
    // Sums of up to 50 products, in another order, through 7 layers.
    let close = |a: f64, b: f64, size: f64| (a - b).abs() <= 1e-12 * size.max(1.0);
    let size = expected.iter().fold(0.0_f64, |size, output| size.max(output.abs()));
    for (row, outputs) in expected.rows().into_iter().zip(&found) {
        assert!(
            row.iter().zip(outputs).all(|(&a, &b)| close(a, b, size)),
            "{activation} {task:?} {row} {outputs:?}"
        );
    }
    let mut scratch = block::Scratch::new(&architecture, problem.rows()).unwrap();
    let loss =
        block::accumulate(&problem, &at, 0..problem.rows(), &mut scratch, None).loss / problem.rows() as f64;
    let squares = problem.layout().layers().iter().flat_map(|span| &at[span.weights()]).map(|w| w * w);
    let (expected, found) =
        (loss + 0.1 * squares.sum::<f64>(), reference::objective(&problem, &at).expect("the point fits"));
    // The squared error doubles the relative error of the outputs.
    assert!(close(expected, found, 4.0 * size * size.max(1.0)), "{activation} {task:?}: {expected} {found}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Reusing what a moved parameter cannot change gives the differences of J itself, and the exact gradient
    /// is the one that extrapolated differences of J find.
    #[test]
    fn reuse_changes_nothing(
        widths in prop::collection::vec(1_usize..5, 2..6),
        rows in 1_usize..5,
        l2 in prop_oneof![Just(0.0), 0.0..0.5],
        seed in 0_u64..1000,
        activation in prop::sample::select(BUILT_IN.to_vec()),
    ) {
        let (hidden, outputs) = (&widths[1..widths.len() - 1], widths[widths.len() - 1]);
        let architecture = Architecture::inputs(widths[0])
            .with_layers(activation.layers(hidden.iter().copied()))
            .dense(outputs, Activation::Identity);
        let x = Array2::from_shape_fn((rows, widths[0]), |(n, i)| ((n * 7 + i * 3) as f64).sin());
        let classes: Vec<usize> = (0..rows).map(|n| n % outputs).collect();
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes)
            .and_then(|problem| problem.with_l2(l2)).unwrap();
        let at = point(&architecture, Init::default(), seed);
        let value = |at: &[f64]| reference::objective(&problem, at).unwrap();
        let report = check(&problem, &at);
        let slow = central_differences(value, &at, 0..at.len(), report.step()).unwrap();
        for (entry, slow) in report.entries().iter().zip(slow) {
            // Rounding of J (below 50 here) divided by 2h: 50 · 2⁻⁵³ · 4 / 2e-4 ≈ 1e-10.
            let fast = entry.plain.or(entry.central).unwrap();
            prop_assert!((fast - slow).abs() < 1e-10, "{}: {entry:?} {slow}", report.name(entry));
        }
        prop_assert!(report.findings().is_empty(), "{}", report);
        let exact = |at: &[f64], out: &mut [f64]| out.copy_from_slice(&reference::gradient(&problem, at).unwrap());
        let black_box = check_gradient(value, exact, &at, &Config { points: 0, ..Config::default() }).unwrap();
        prop_assert!(black_box.findings().is_empty(), "{}", black_box);
    }
}

#[test]
fn fast_differences_for_rows_that_fill_no_block() {
    for rows in [1, 7, 8, 9, 17] {
        for activation in [Activation::Sigmoid, Activation::Tanh, Softplus.into()] {
            agrees(&activation, 2, rows, 1.0);
        }
    }
}
#[test]
fn fast_differences_of_one_class() {
    agrees(&Activation::Tanh, 1, 9, 1.0);
}
#[test]
fn fast_differences_of_many_classes() {
    agrees(&Activation::Sigmoid, 23, 30, 1.0);
}
#[test]
fn fast_differences_of_moves_that_are_not_small() {
    // Δz = h x = 0.1 in the first layer, and more than 0.001 in the next ones.
    for activation in [Activation::Sigmoid, Activation::Tanh, Softplus.into()] {
        agrees(&activation, 3, 9, 1e3);
    }
}

/// Both losses of the catalogue, and one of the user's own.
#[track_caller]
fn agrees(activation: &Activation, outputs: usize, rows: usize, size: f64) {
    let architecture = Architecture::inputs(2)
        .with_layers(activation.clone().layers([5, 3, 1, 4]))
        .dense(outputs, Activation::Identity);
    let x = Array2::from_shape_fn((rows, 2), |(n, i)| size * ((n * 7 + i * 3) as f64).sin());
    let y = Array2::from_shape_fn((rows, outputs), |(n, j)| ((n + 5 * j) as f64).cos());
    let classes: Vec<usize> = (0..rows).map(|n| (n * n) % outputs).collect();
    let mut at = point(&architecture, Init::XavierNormal { gain: 2.0 }, 5);
    for index in architecture.layout().expect("it has layers").layers()[0].weights() {
        at[index] /= size;
    }
    let problems = [
        Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes),
        Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).and_then(|problem| problem.with_l2(0.3)),
        Problem::new(&architecture, LogCosh, &x, &y),
    ];
    for problem in problems {
        fast_is_slow(&problem.expect("shapes fit"), &at);
    }
}

/// Against differences of J itself. Their rounding is that of J, below 50 here, divided by 2h:
/// 50 · 2⁻⁵³ · 4 / 2e-4 ≈ 1e-10.
#[track_caller]
fn fast_is_slow(problem: &Problem<'_>, at: &[f64]) {
    const STEP: f64 = 1e-4;
    let fast = reference::central_differences(problem, at, STEP).expect("all is finite");
    let value = |at: &[f64]| reference::objective(problem, at).expect("the point fits");
    assert!(value(at) < 50.0);
    let slow = central_differences(value, at, 0..at.len(), STEP).expect("all is finite");
    for (index, (fast, slow)) in fast.iter().zip(&slow).enumerate() {
        let name = problem.layout().locate(index);
        assert!((fast - slow).abs() < 1e-10, "{} {name}: {fast} {slow}", problem.loss());
    }
    // Else nothing was compared.
    assert!(slow.iter().any(|slow| slow.abs() > 1e-3) || problem.architecture().output_width() == 1);
}

/// ln(1 + eᶻ)
#[derive(Debug)]
struct Softplus;
impl ActivationFn for Softplus {
    fn value(&self, z: f64) -> f64 {
        z.max(0.0) + (-z.abs()).exp().ln_1p()
    }
    fn derivative(&self, z: f64, _a: f64) -> f64 {
        1.0 / (1.0 + (-z).exp())
    }
}

/// Σⱼ ln cosh (oⱼ − yⱼ)
#[derive(Debug)]
struct LogCosh;
impl LossFn for LogCosh {
    fn targets(&self) -> TargetKind {
        TargetKind::Values
    }
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        outputs.iter().zip(target.values()).map(|(o, y)| (o - y).cosh().ln()).sum()
    }
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        for ((g, o), y) in gradient.iter_mut().zip(outputs).zip(target.values()) {
            *g = (o - y).tanh();
        }
    }
}

#[test]
fn fast_differences_of_sure_classifications() {
    // Logits ±500 and two rows, one right, one wrong: ℓ = 0 and ℓ = 1000. Only the wrong one has a slope:
    // ∂ℓ/∂o = (1, −1).
    let architecture = Architecture::inputs(1).dense(2, Activation::Identity);
    let x = array![[1.0], [1.0]];
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0, 1]).unwrap();
    let at = [500.0, -500.0, 0.0, 0.0];
    let found = reference::central_differences(&problem, &at, 1e-4).unwrap();
    for (found, expected) in found.iter().zip([0.5, -0.5, 0.5, -0.5]) {
        // No digit of 1000 is lost in them.
        assert!((found - expected).abs() < 1e-15, "{found}");
    }
    // A step that is not small: ℓ itself is asked.
    assert_eq!(reference::central_differences(&problem, &at, 0.125).unwrap(), [0.5, -0.5, 0.5, -0.5]);
}

#[test]
fn a_loss_beyond_the_numbers_has_no_difference() {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[1.0]], array![0.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    // ŷ² = 1e320 is not, although 4 h ŷ = 4e306 is.
    let error = reference::central_differences(&problem, &[1e160, 0.0], 1e146).unwrap_err();
    assert!(matches!(error, Error::NonFiniteDerivative { value, .. } if value.is_nan()), "{error}");
    // ŷ² = 1.7e308 is, but with h as large as w its change is not: (2ŷ + h) h = 5e308.
    let error = reference::central_differences(&problem, &[1.3e154, 0.0], 1.3e154).unwrap_err();
    let expected =
        Error::NonFiniteDerivative { name: "W¹[0, 0]".into(), value: f64::INFINITY, step: 1.3e154 };
    assert_eq!(error, expected);
    // Nor is there one where the step is lost in rounding.
    let error = reference::central_differences(&problem, &[1e20, 0.0], 1e-4).unwrap_err();
    assert!(matches!(error, Error::StepOutOfScale { .. }), "{error}");
}

#[test]
fn the_exact_gradient_by_hand() {
    // z = 0.5 · 2 − 1 = 0, a = σ(0) = ½, ŷ = 4 · ½ + 1 = 3, e = ŷ − 1 = 2, ∂ℓ/∂ŷ = 2e = 4.
    // ∂W² = 4 · ½, ∂b² = 4, δ¹ = 4 · 4 · ¼ = 4, ∂W¹ = 4 · 2, ∂b¹ = 4.
    let architecture = Architecture::inputs(1).dense(1, Activation::Sigmoid).dense(1, Activation::Identity);
    let (x, y) = (array![[2.0]], array![1.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    assert_eq!(reference::gradient(&problem, &[0.5, -1.0, 4.0, 1.0]).unwrap(), [8.0, 4.0, 2.0, 4.0]);
    // λ = ¼ adds 2λw = w/2 to weights.
    let problem = problem.with_l2(0.25).unwrap();
    assert_eq!(reference::gradient(&problem, &[0.5, -1.0, 4.0, 1.0]).unwrap(), [8.25, 4.0, 4.0, 4.0]);
}

#[test]
fn the_exact_gradient_of_a_sure_classification_has_all_its_digits() {
    // Logits (0, −40), class 0: p₁ = e⁻⁴⁰ / (1 + e⁻⁴⁰), which 1 − p₀ cannot tell from 0.
    let architecture = Architecture::inputs(1).dense(2, Activation::Identity);
    let x = array![[1.0]];
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0]).unwrap();
    let gradient = reference::gradient(&problem, &[0.0, -40.0, 0.0, 0.0]).unwrap();
    let p = (-40.0_f64).exp() / (1.0 + (-40.0_f64).exp());
    assert!((gradient[1] / p - 1.0).abs() < 1e-15, "{gradient:?}");
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let data = Data::from(squares());
    let architecture = data.architecture(&[3, 4], &Activation::Tanh, Task::Classification);
    let problem = data.problem(&architecture, Task::Classification);
    let at = point(&architecture, Init::default(), 3);
    let with_threads = |count| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().expect("threads can be made");
        pool.install(|| (reference::gradient(&problem, &at).unwrap(), check(&problem, &at)))
    };
    assert_eq!(with_threads(1), with_threads(3));
}
