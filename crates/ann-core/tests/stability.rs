//! Numbers of any size: no NaN, and no infinite loss where the true one is finite.

use ann_core::block::{Kernel, Scratch, Tally, accumulate};
use ann_core::ndarray::{Array2, array};
use ann_core::{Activation, Architecture, Error, Loss, Network, Problem, Scalar, argmax, softmax};
use proptest::prelude::*;

use crate::own::{Softplus, every_activation};

const KERNELS: [Kernel; 3] = [Kernel::Textbook, Kernel::Fused, Kernel::Wide];

#[test]
fn logits_of_ten_thousand_have_their_true_loss() {
    logits_of_ten_thousand::<f64>();
    logits_of_ten_thousand::<f32>();
}

fn logits_of_ten_thousand<F: Scalar>() {
    // ℓ = ln(e^z₁ + e^z₂) − z_c: 0 for class 0, the gap for class 1, to the last bit in both types.
    for (logits, gap) in [([1e4, -1e4], 2e4), ([1e4, 0.0], 1e4), ([0.0, -1e4], 1e4)] {
        for (class, expected) in [(0, 0.0), (1, gap)] {
            // ∂b = p − [j = c], with p = (1, 0); a third class far below changes nothing.
            let delta = [class as f64, -(class as f64), 0.0].map(F::of);
            let three = [logits[0], logits[1], -1e5].map(F::of);
            for logits in [&three[..2], &three] {
                for (tally, gradient) in one_row::<F>(logits, class) {
                    assert_eq!(tally.loss, expected, "class {class} of {logits:?}");
                    assert_eq!(
                        gradient[logits.len()..],
                        delta[..logits.len()],
                        "class {class} of {logits:?}"
                    );
                }
            }
        }
    }
    let p = softmax(&Array2::from_shape_vec((1, 2), vec![F::of(1e4), F::of(-1e4)]).unwrap());
    assert_eq!(p.as_slice().unwrap(), [F::one(), F::zero()]);
}

#[test]
fn the_largest_of_many_logits_may_stand_anywhere() {
    for count in [1, 2, 9, 10, 11, 12, 100, 256, 257, 300] {
        for place in 0..count {
            let logits = Array2::from_shape_fn((1, count), |(_, j)| if j == place { 1e4 } else { -1e4 });
            let certain = logits.mapv(|logit| f64::from(u8::from(logit > 0.0)));
            assert_eq!(softmax(&logits), certain, "logit {place} of {count}");
            assert_eq!(argmax(&logits), place, "logit {place} of {count}");
        }
    }
}

#[test]
fn a_gap_that_f32_cannot_hold_is_the_loss() {
    for logits in [&[3e38_f32, -3e38][..], &[3e38, -3e38, -3e38]] {
        for (tally, gradient) in one_row(logits, 1) {
            assert_eq!(tally.loss, 2.0 * f64::from(3e38_f32), "{logits:?}");
            assert_eq!(gradient[logits.len()..][..2], [1.0, -1.0], "{logits:?}");
        }
    }
}

#[test]
fn equal_logits_of_any_size_lose_ln_2() {
    for size in [1e-300, 1.0, 1e4, -1e4, 1e300, -1e300] {
        for (tally, gradient) in one_row(&[size, size], 1) {
            assert_eq!(tally.loss, 2_f64.ln(), "logits {size}");
            assert_eq!(gradient[2..], [0.5, -0.5], "logits {size}");
        }
    }
}

#[test]
fn many_rows_of_k_equal_logits_lose_ln_k_each() {
    // Their product is far beyond all numbers: 2¹²⁸⁰⁰ for the fewest classes.
    const ROWS: usize = 12_800;
    for k in (2..=9).chain([15, 16, 17, 300]) {
        equal_logits_of_many_rows::<f64>(k, ROWS);
        equal_logits_of_many_rows::<f32>(k, ROWS);
    }
}

fn equal_logits_of_many_rows<F: Scalar>(k: usize, rows: usize) {
    let architecture = Architecture::inputs(1).dense(k, Activation::Identity);
    let (x, classes) = (Array2::<F>::zeros((rows, 1)), vec![k - 1; rows]);
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    let parameters = vec![F::zero(); 2 * k];
    let expected = rows as f64 * (k as f64).ln();
    for kernel in KERNELS {
        let mut scratch = Scratch::with_kernel(&architecture, rows, kernel).unwrap();
        let found = accumulate(&problem, &parameters, 0..rows, &mut scratch, None).loss;
        // Σⱼ exp(0) = k is exact, and each row adds one rounding of the sum at most.
        let bound = rows as f64 * f64::EPSILON * expected;
        assert!((found - expected).abs() <= bound, "{kernel:?}, {k} classes: {found}, {expected}");
    }
}

proptest! {
    #[test]
    fn a_shift_of_all_logits_by_ten_thousand_changes_no_bit(
        steps in prop::collection::vec(-4096..4096, 1..6),
        class in any::<prop::sample::Index>(),
    ) {
        // Logits are multiples of 2⁻¹⁰ below 4, and stay so beyond 10 000 even in f32: the shift itself
        // rounds nothing.
        let logits: Vec<f64> = steps.into_iter().map(|step| f64::from(step) / 1024.0).collect();
        let class = class.index(logits.len());
        for shift in [1e4, -1e4] {
            shift_changes_nothing::<f64>(&logits, shift, class)?;
            shift_changes_nothing::<f32>(&logits, shift, class)?;
        }
    }
}

fn shift_changes_nothing<F: Scalar>(logits: &[f64], shift: f64, class: usize) -> Result<(), TestCaseError> {
    let [plain, shifted] = [0.0, shift].map(|shift| {
        let logits: Vec<F> = logits.iter().map(|logit| F::of(logit + shift)).collect();
        one_row(&logits, class)
    });
    // The weights of the row 0 have no gradient; the biases have p − [j = c].
    prop_assert_eq!(plain, shifted, "shifted by {}", shift);
    Ok(())
}

#[test]
fn saturated_sigmoids_give_finite_gradients() {
    saturated::<f64>(Activation::Sigmoid, 0.0, 1.0);
    saturated::<f32>(Activation::Sigmoid, 0.0, 1.0);
}

#[test]
fn saturated_tanhs_give_finite_gradients() {
    saturated::<f64>(Activation::Tanh, -1.0, 1.0);
    saturated::<f32>(Activation::Tanh, -1.0, 1.0);
}

/// Two hidden units with z = −1000 and z = 1000, whose activations are known exactly, and ŷ = their sum.
/// The target is 3.
fn saturated<F: Scalar>(activation: Activation, low: f64, high: f64) {
    let architecture = Architecture::inputs(1).dense(2, activation).dense(1, Activation::Identity);
    let parameters = [-1e3, 1e3, 0.0, 0.0, 1.0, 1.0, 0.0].map(F::of);
    let (x, y) = (array![[F::one()]], array![F::of(3.0)]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let error = low + high - 3.0;
    // σ′ is 0 on both sides, so the first layer has the gradient 0, not 0 · ∞ = NaN.
    // The second has 2 (ŷ − y) (a, 1).
    let delta = 2.0 * error;
    for (tally, gradient) in first_row(&problem, &parameters) {
        assert_eq!(tally.loss, error * error);
        assert_eq!(gradient, [0.0, 0.0, 0.0, 0.0, delta * low, delta * high, delta].map(F::of));
    }
}

#[test]
fn zero_weights_lose_ln_k() {
    for k in 2..=10 {
        zero_weights_lose_ln::<f64>(k);
        zero_weights_lose_ln::<f32>(k);
    }
}

fn zero_weights_lose_ln<F: Scalar>(k: usize) {
    let architecture = Architecture::inputs(2).dense(3, Activation::Sigmoid).dense(k, Activation::Identity);
    let x = array![[F::of(0.3), F::of(-7.0)]];
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0]).unwrap();
    // ln is right to one unit in its last place; ln 10 < 4, so that is at most 2 ε.
    let last_place = 2.0 * F::epsilon().as_f64();
    for (tally, _) in first_row(&problem, &vec![F::zero(); problem.layout().len()]) {
        assert!((tally.loss - (k as f64).ln()).abs() <= last_place, "{k} classes: {}", tally.loss);
    }
}

#[test]
fn finite_features_never_give_nan() {
    // x = 1e308 is finite, 10 x is not: both hidden units become ∞, and the output ∞ − ∞ would be NaN.
    let architecture = Architecture::inputs(1).dense(2, Activation::Relu).dense(1, Activation::Identity);
    let parameters = vec![10.0, 10.0, 0.0, 0.0, 1.0, -1.0, 0.0];
    let network = Network::from_parameters(&architecture, parameters).unwrap();
    let outputs = network.forward(&array![[1.0], [1e308]]);
    assert!(outputs.is_err(), "an overflow must be an error, not {outputs:?}");
}

#[test]
fn an_activation_does_not_hide_a_nan() {
    // z⁽¹⁾ = (10 x, 10 x) = (∞, ∞) for the second row, and z⁽²⁾ = ∞ − ∞.
    for activation in every_activation() {
        // Of the fused, the wide and the textbook kernel.
        for (inputs, last) in [
            (1, Activation::Identity),
            (300, Activation::Identity),
            (1, Softplus.into()),
            (300, Softplus.into()),
        ] {
            let hidden =
                Architecture::inputs(inputs).dense(2, Activation::Identity).dense(1, activation.clone());
            let architecture = hidden.dense(1, last);
            let mut parameters = vec![0.0; architecture.layout().unwrap().len()];
            (parameters[0], parameters[inputs]) = (10.0, 10.0);
            let second = 2 * inputs + 2;
            parameters[second..].copy_from_slice(&[1.0, -1.0, 0.0, 1.0, 0.0]);
            let network = Network::from_parameters(&architecture, parameters).unwrap();
            let mut x = Array2::zeros((2, inputs));
            x[[1, 0]] = 1e308;
            let is_nan = |error| match error {
                Error::NonFiniteOutput { row, output: 0, value } if value.is_nan() => row,
                other => panic!("{architecture}: {other}"),
            };
            assert_eq!(is_nan(network.forward(&x).unwrap_err()), 1);
            let mut predictor = network.predictor().unwrap();
            predictor.predict_into(x.row(0).as_slice().unwrap(), &mut [0.0]).unwrap();
            let error = predictor.predict_into(x.row(1).as_slice().unwrap(), &mut [0.0]).unwrap_err();
            assert_eq!(is_nan(error), 0);
        }
    }
}

#[test]
fn what_only_fills_a_tile_overflows_nowhere() {
    for rows in [1, 7, 15, 33, 63, 519, 1031] {
        filled_up::<f64>(rows, 1e200);
        filled_up::<f32>(rows, 1e30);
    }
}

fn filled_up<F: Scalar>(rows: usize, weight: f64) {
    // σ(w x + w) = σ(w · 1) = 1, but w · w is infinite where σ is left out; ŷ = 1, ℓ = 1, ∂ℓ/∂ŷ = 2.
    let architecture = Architecture::inputs(1).dense(1, Activation::Sigmoid).dense(1, Activation::Sigmoid);
    let (x, y) = (Array2::from_elem((rows, 1), F::one()), Array2::from_elem((rows, 1), F::zero()));
    let architecture = architecture.dense(1, Activation::Identity);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let (n, parameters) = (rows as f64, [weight, weight, weight, 0.0, 1.0, 0.0].map(F::of));
    for kernel in KERNELS {
        let (tally, gradient) = sums(kernel, &problem, &parameters, rows);
        assert_eq!(tally.loss, n);
        assert_eq!(gradient, [0.0, 0.0, 0.0, 0.0, 2.0 * n, 2.0 * n].map(F::of), "{kernel:?}, {rows} rows");
    }
}

#[test]
fn a_row_of_zeros_that_only_fills_a_tile_overflows_nowhere() {
    for rows in [1, 7, 31, 33, 519, 1031] {
        filled_up_with_zeros::<f64>(rows, 1e200);
        filled_up_with_zeros::<f32>(rows, 1e30);
    }
}

fn filled_up_with_zeros<F: Scalar>(rows: usize, large: f64) {
    // x = −s: z⁽¹⁾ = −s + s = 0, so all units are off and ŷ = 1, ℓ = 1, ∂ℓ/∂ŷ = 2.
    // x = 0 would give s · s = ∞.
    let architecture = Architecture::inputs(1).dense(1, Activation::Relu).dense(1, Activation::Relu);
    let architecture = architecture.dense(1, Activation::Identity);
    let (x, y) = (Array2::from_elem((rows, 1), F::of(-large)), Array2::zeros((rows, 1)));
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let (n, parameters) = (rows as f64, [1.0, large, large, 0.0, 1.0, 1.0].map(F::of));
    for kernel in KERNELS {
        let (tally, gradient) = sums(kernel, &problem, &parameters, rows);
        assert_eq!(tally.loss, n);
        assert_eq!(gradient, [0.0, 0.0, 0.0, 0.0, 0.0, 2.0 * n].map(F::of), "{kernel:?}, {rows} rows");
    }
}

#[test]
fn rows_that_overflow_do_so_in_any_company() {
    // a⁽²⁾ = 1e200 · 2e200 = ∞ = ŷ, and ∂ℓ/∂w⁽³⁾ = 2 ŷ a⁽²⁾ = ∞: what fills the tile must not make it NaN.
    let architecture = Architecture::inputs(1).dense(1, Activation::Relu).dense(1, Activation::Relu);
    let architecture = architecture.dense(1, Activation::Identity);
    for rows in [1, 2, 4, 8, 33, 519] {
        let (x, y) = (Array2::ones((rows, 1)), Array2::zeros((rows, 1)));
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        for kernel in KERNELS {
            let (_, gradient) = sums(kernel, &problem, &[1e200, 1e200, 1e200, 0.0, 1.0, 0.0], rows);
            assert_eq!(gradient[4..], [f64::INFINITY; 2], "{kernel:?}, {rows} rows");
        }
    }
}

/// Loss and gradient by each kernel of a network without hidden layer, whose logits are its biases: x = 0.
fn one_row<F: Scalar>(logits: &[F], class: usize) -> [(Tally, Vec<F>); 3] {
    let architecture = Architecture::inputs(1).dense(logits.len(), Activation::Identity);
    let (x, classes) = (array![[F::zero()]], [class]);
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    first_row(&problem, &[vec![F::zero(); logits.len()], logits.to_vec()].concat())
}

fn first_row<F: Scalar>(problem: &Problem<'_, F>, parameters: &[F]) -> [(Tally, Vec<F>); 3] {
    KERNELS.map(|kernel| sums(kernel, problem, parameters, 1))
}

/// Loss and gradient of the first rows.
fn sums<F: Scalar>(
    kernel: Kernel,
    problem: &Problem<'_, F>,
    parameters: &[F],
    rows: usize,
) -> (Tally, Vec<F>) {
    let mut gradient = vec![F::zero(); parameters.len()];
    let mut scratch = Scratch::with_kernel(problem.architecture(), rows, kernel).unwrap();
    (accumulate(problem, parameters, 0..rows, &mut scratch, Some(&mut gradient)), gradient)
}
