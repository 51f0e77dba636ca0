//! The activations of all kernels, and an activation and losses that a user might write.

use ann_core::{Activation, ActivationFn, LossFn, Target, TargetKind};

/// Every built-in activation, with factors that all kernels have.
pub fn every_activation() -> Vec<Activation> {
    use Activation::{Elu, Gelu, Identity, LeakyRelu, Mish, Relu, Selu, Sigmoid, Silu, Softplus, Tanh};
    let with_factor = [LeakyRelu { slope: 0.25 }, Elu { alpha: 1.0 }, Elu { alpha: 0.3 }];
    let others = [Identity, Sigmoid, Tanh, Relu, Selu, Softplus, Silu, Mish, Gelu];
    with_factor.into_iter().chain(others).collect()
}

/// σ(z) = ln(1 + eᶻ), without overflow.
#[derive(Debug)]
pub struct Softplus;

impl ActivationFn for Softplus {
    fn value(&self, z: f64) -> f64 {
        z.max(0.0) + (-z.abs()).exp().ln_1p()
    }

    fn derivative(&self, z: f64, _a: f64) -> f64 {
        1.0 / (1.0 + (-z).exp())
    }
}

/// Σⱼ h(zⱼ − yⱼ) with h(e) = ½ e² up to |e| = 1, and |e| − ½ beyond.
#[derive(Debug)]
pub struct Huber;

impl LossFn for Huber {
    fn targets(&self) -> TargetKind {
        TargetKind::Values
    }

    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        let errors = outputs.iter().zip(target.values()).map(|(output, y)| (output - y).abs());
        errors.map(|e| if e <= 1.0 { 0.5 * e * e } else { e - 0.5 }).sum()
    }

    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        for ((g, output), y) in gradient.iter_mut().zip(outputs).zip(target.values()) {
            *g = (output - y).clamp(-1.0, 1.0);
        }
    }
}

/// Σⱼ max(0, 1 − sⱼ zⱼ)² with s = 1 for the true class and −1 for the others.
#[derive(Debug)]
pub struct SquaredHinge;

impl LossFn for SquaredHinge {
    fn targets(&self) -> TargetKind {
        TargetKind::Classes
    }

    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        let class = target.class();
        let missing = |(j, z): (usize, &f64)| (1.0 - if j == class { *z } else { -z }).max(0.0);
        outputs.iter().enumerate().map(missing).map(|missing| missing * missing).sum()
    }

    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        for (j, (g, z)) in gradient.iter_mut().zip(outputs).enumerate() {
            let sign = if j == target.class() { 1.0 } else { -1.0 };
            *g = -2.0 * sign * (1.0 - sign * z).max(0.0);
        }
    }
}
