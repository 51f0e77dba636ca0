//! Small networks worked out with a pencil: forward, loss, and each entry of the gradient, for one sample;
//! and hits.
//!
//! Weights are chosen so that every activation is a simple fraction.

use ann_core::block::{Kernel, Scratch, Tally, accumulate};
use ann_core::ndarray::array;
use ann_core::{Activation, Architecture, Loss, Network, Problem};

/// A dozen operations on numbers up to 10, each rounded by at most 1e-16 of its result: below 2e-14 in all.
const ROUNDING: f64 = 2e-14;

#[test]
fn two_sigmoid_units_and_two_classes() {
    let ln3 = 3_f64.ln();
    let architecture = Architecture::inputs(2).dense(2, Activation::Sigmoid).dense(2, Activation::Identity);
    let parameters: [&[f64]; 4] = [
        &[-ln3, ln3, 1.0, -1.0], // W¹ = (−ln 3, ln 3; 1, −1)
        &[0.0, 1.0],             // b¹
        &[4.0, -2.0, 0.0, 2.0],  // W² = (4, −2; 0, 2)
        &[-2.0, ln3 - 1.0],      // b²
    ];

    // x   = (1, 2), class 0
    // z¹  = (−ln 3 + 2 ln 3, 1 − 2 + 1)           = (ln 3, 0)
    // a¹  = (1 / (1 + 1/3), 1 / (1 + 1))          = (3/4, 1/2)
    // z²  = (4·3/4 − 2·1/2 − 2, 2·1/2 + ln 3 − 1) = (0, ln 3)
    let outputs = [0.0, ln3];
    // p   = (1, 3) / (1 + 3)                      = (1/4, 3/4)
    // ℓ   = −ln p₀                                = ln 4
    let loss = 4_f64.ln();
    // δ²  = (p₀ − 1, p₁)                          = (−3/4, 3/4)
    // δ²W² = (4·(−3/4) + 0, −2·(−3/4) + 2·3/4)    = (−3, 3)
    // σ′  = a (1 − a)                             = (3/16, 1/4)
    // δ¹  = δ²W² ∘ σ′                             = (−9/16, 3/4)
    let gradient: [&[f64]; 4] = [
        &[-9.0 / 16.0, -9.0 / 8.0, 3.0 / 4.0, 3.0 / 2.0], // ∂W¹ = δ¹ xᵀ
        &[-9.0 / 16.0, 3.0 / 4.0],                        // ∂b¹ = δ¹
        &[-9.0 / 16.0, -3.0 / 8.0, 9.0 / 16.0, 3.0 / 8.0], // ∂W² = δ² a¹ᵀ
        &[-3.0 / 4.0, 3.0 / 4.0],                         // ∂b² = δ²
    ];

    let x = array![[1.0, 2.0]];
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0]).unwrap();
    check(&problem, &parameters.concat(), &outputs, loss, &gradient.concat());
}

#[test]
fn two_tanh_units_and_one_value() {
    let half = 0.5;
    let architecture = Architecture::inputs(2).dense(2, Activation::Tanh).dense(1, Activation::Identity);
    let parameters: [&[f64]; 4] = [
        &[3_f64.ln(), half * 3_f64.ln(), 2_f64.ln(), 2_f64.ln()], // W¹ = (ln 3, ½ ln 3; ln 2, ln 2)
        &[0.0, -half * 2_f64.ln()],                               // b¹
        &[2.0, 3.0],                                              // W²
        &[1.0],                                                   // b²
    ];

    // x   = (1, −1), y = 4
    // z¹  = (ln 3 − ½ ln 3, ln 2 − ln 2 − ½ ln 2) = (½ ln 3, −½ ln 2)
    // tanh z = (e²ᶻ − 1) / (e²ᶻ + 1), with e²ᶻ    = (3, 1/2)
    // a¹  = (2/4, −(1/2) / (3/2))                 = (1/2, −1/3)
    // ŷ   = 2·1/2 − 3·1/3 + 1                     = 1
    let outputs = [1.0];
    // ℓ   = (1 − 4)²                              = 9
    let loss = 9.0;
    // δ²  = 2 (1 − 4)                             = −6
    // δ²W² = (−12, −18),  σ′ = 1 − a²             = (3/4, 8/9)
    // δ¹  = δ²W² ∘ σ′                             = (−9, −16)
    let gradient: [&[f64]; 4] = [
        &[-9.0, 9.0, -16.0, 16.0], // ∂W¹ = δ¹ xᵀ
        &[-9.0, -16.0],            // ∂b¹ = δ¹
        &[-3.0, 2.0],              // ∂W² = δ² a¹ᵀ
        &[-6.0],                   // ∂b² = δ²
    ];

    let (x, y) = (array![[1.0, -1.0]], array![4.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    check(&problem, &parameters.concat(), &outputs, loss, &gradient.concat());
}

#[test]
fn a_live_and_a_dead_relu_unit_and_two_values() {
    let architecture = Architecture::inputs(2).dense(2, Activation::Relu).dense(2, Activation::Identity);
    let parameters: [&[f64]; 4] = [
        &[1.0, 1.0, 1.0, -1.0], // W¹ = (1, 1; 1, −1)
        &[0.0, 0.0],            // b¹
        &[2.0, 5.0, -1.0, 3.0], // W² = (2, 5; −1, 3)
        &[-1.0, 0.0],           // b²
    ];

    // x   = (1, 2), y = (4, −1)
    // z¹  = (1 + 2, 1 − 2)                        = (3, −1)
    // a¹  = max(0, z¹)                            = (3, 0)
    // ŷ   = (2·3 − 1, −3)                         = (5, −3)
    let outputs = [5.0, -3.0];
    // ℓ   = ((5 − 4)² + (−3 + 1)²) / 2            = 5/2
    let loss = 2.5;
    // δ²  = (2/2) (5 − 4, −3 + 1)                 = (1, −2)
    // δ²W² = (2·1 + 1·2, 5·1 − 3·2)               = (4, −1),  σ′ = (1, 0)
    // δ¹  = δ²W² ∘ σ′                             = (4, 0)
    let gradient: [&[f64]; 4] = [
        &[4.0, 8.0, 0.0, 0.0],  // ∂W¹ = δ¹ xᵀ
        &[4.0, 0.0],            // ∂b¹ = δ¹
        &[3.0, 0.0, -6.0, 0.0], // ∂W² = δ² a¹ᵀ
        &[1.0, -2.0],           // ∂b² = δ²
    ];

    let (x, y) = (array![[1.0, 2.0]], array![[4.0, -1.0]]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    check(&problem, &parameters.concat(), &outputs, loss, &gradient.concat());
}

#[test]
fn hits_are_the_rows_whose_largest_output_is_their_class() {
    // No hidden layer, W = (1, −1)ᵀ, b = 0: outputs are (x, −x), the largest is that of class 0 for x > 0,
    // else of class 1.
    let architecture = Architecture::inputs(1).dense(2, Activation::Identity);
    let parameters = [1.0, -1.0, 0.0, 0.0];
    let (x, classes) = (array![[2.0], [3.0], [-1.0], [-4.0], [1.0]], [0, 0, 1, 0, 1]); // hit, hit, hit, miss, miss
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    let mut scratch = Scratch::new(&architecture, 5).unwrap();
    assert_eq!(accumulate(&problem, &parameters, 0..5, &mut scratch, None).hits, 3.0);

    // Values cannot be hit.
    let values = array![[2.0, -2.0], [3.0, -3.0], [-1.0, 1.0], [-4.0, 4.0], [1.0, -1.0]];
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &values).unwrap();
    assert_eq!(
        accumulate(&problem, &parameters, 0..5, &mut scratch, None),
        Tally { loss: 0.0, weight: 5.0, hits: 0.0 }
    );
}

#[test]
fn a_unit_at_0_and_another_of_each_newer_activation() {
    let (ln2, ln3) = (2_f64.ln(), 3_f64.ln());
    let (lambda, alpha) = (1.050_700_987_355_480_5, 1.673_263_242_354_377_2);
    // σ and σ′ at 0 and at z.
    for (activation, at_0, z, at_z) in [
        // ½ (e^−ln 2 − 1) = −¼, ½ e^−ln 2 = ¼; at 0 the slope is that of the side below.
        (Activation::Elu { alpha: 0.5 }, [0.0, 0.5], -ln2, [-0.25, 0.25]),
        (Activation::Elu { alpha: 0.5 }, [0.0, 0.5], 3.0, [3.0, 1.0]),
        (Activation::Selu, [0.0, lambda * alpha], -ln2, [-lambda * alpha / 2.0, lambda * alpha / 2.0]),
        (Activation::Selu, [0.0, lambda * alpha], 3.0, [3.0 * lambda, lambda]),
        // ln(1 + 3) and 3 / (1 + 3)
        (Activation::Softplus, [ln2, 0.5], ln3, [2.0 * ln2, 0.75]),
        // s = ¾: z s and s + z s (1 − s)
        (Activation::Silu, [0.0, 0.5], ln3, [0.75 * ln3, 0.75 + 0.1875 * ln3]),
        // w = 2, n = 4 + 4, t = 8/10: z t and t + z · 4 · 2 · 3 / 10²; at 0 w = 1, n = 3, t = 3/5.
        (Activation::Mish, [0.0, 0.6], ln2, [0.8 * ln2, 0.8 + 0.24 * ln2]),
        // Φ(1) and Φ(1) + φ(1)
        (Activation::Gelu, [0.0, 0.5], 1.0, [0.841_344_746_068_542_9, 1.083_315_470_587_686_3]),
    ] {
        // x = 1, W¹ = (0, z)ᵀ, b¹ = 0, W² = (1, 1), b² = 0, and the target is ½ below the output: ℓ = ¼, δ² =
        // 1.
        let architecture = Architecture::inputs(1).dense(2, activation).dense(1, Activation::Identity);
        let parameters = [0.0, z, 0.0, 0.0, 1.0, 1.0, 0.0];
        let [output, x] = [at_0[0] + at_z[0], 1.0];
        let (x, y) = (array![[x]], array![output - 0.5]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        // ∂W¹ = δ¹ = σ′ = ∂b¹, ∂W² = a, ∂b² = 1.
        let gradient = [at_0[1], at_z[1], at_0[1], at_z[1], at_0[0], at_z[0], 1.0];
        for kernel in [Kernel::Textbook, Kernel::Fused, Kernel::Wide] {
            let mut found = vec![0.0; gradient.len()];
            let mut scratch = Scratch::with_kernel(&architecture, 1, kernel).unwrap();
            let tally = accumulate(&problem, &parameters, 0..1, &mut scratch, Some(&mut found));
            assert_close("loss", &[tally.loss], &[0.25]);
            assert_close("gradient", &found, &gradient);
        }
    }
}

#[track_caller]
fn check(problem: &Problem<'_>, parameters: &[f64], outputs: &[f64], loss: f64, gradient: &[f64]) {
    let network = Network::from_parameters(problem.architecture(), parameters.to_vec()).unwrap();
    let found = network.forward(&problem.features()).unwrap();
    assert_close("outputs", found.as_slice().unwrap(), outputs);

    let mut found = vec![0.0; gradient.len()];
    let tally = accumulate(
        problem,
        parameters,
        0..1,
        &mut Scratch::new(problem.architecture(), 1).unwrap(),
        Some(&mut found),
    );
    assert_close("loss", &[tally.loss], &[loss]);
    assert_close("gradient", &found, gradient);
}

#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let close = found.iter().zip(expected).all(|(f, e)| (f - e).abs() <= ROUNDING);
    assert!(close, "{what}: {found:?}, by hand {expected:?}");
}
