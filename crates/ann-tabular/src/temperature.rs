//! The temperature of probabilities: one factor on all logits (Guo et al. 2017, "On Calibration of Modern
//! Neural Networks").

use ann_core::{Network, Scalar};
use ndarray::{Array2, ArrayView1};

/// The factor on the logits that minimises the log loss, from ¼ to 4: by golden sections of its logarithm.
/// There is a weight for each row, or none.
pub(crate) fn temperature(logits: &Array2<f32>, classes: &[usize], weights: Option<&[f32]>) -> f64 {
    const STEPS: usize = 40;
    const GOLDEN: f64 = 0.381_966_011_250_105;
    let loss = |log_factor: f64| -> f64 {
        let factor = log_factor.exp();
        let weighted = |(row, logits): (usize, ArrayView1<'_, f32>)| {
            weights.map_or(1.0, |weights| f64::from(weights[row])) * row_loss(&logits, classes[row], factor)
        };
        logits.rows().into_iter().enumerate().map(weighted).sum()
    };
    let (mut low, mut high) = (0.25_f64.ln(), 4_f64.ln());
    for _ in 0..STEPS {
        let (left, right) = (low + (high - low) * GOLDEN, high - (high - low) * GOLDEN);
        if loss(left) < loss(right) { high = right } else { low = left }
    }
    f64::midpoint(low, high).exp()
}

/// −ln p of the true class, where p = softmax(factor · logits).
fn row_loss(logits: &ArrayView1<'_, f32>, class: usize, factor: f64) -> f64 {
    let scaled = |logit: f32| factor * f64::from(logit);
    let most = logits.iter().fold(f64::NEG_INFINITY, |most, &logit| most.max(scaled(logit)));
    let sum: f64 = logits.iter().map(|&logit| (scaled(logit) - most).exp()).sum();
    // The probability is at least 1e-12, so that one sure mistake does not decide.
    -(scaled(logits[class]) - most - sum.ln()).max((1e-12_f64).ln())
}

/// Multiplies the last layer by a factor.
pub(crate) fn sharpen<F: Scalar>(network: &mut Network<F>, factor: f64) {
    let last = network.layout().layers().len();
    let range = network.layout().layer(last).expect("there is a last layer").all();
    let factor = F::from(factor).expect("f64 converts to every float");
    network.parameters_mut()[range].iter_mut().for_each(|parameter| *parameter *= factor);
}
